/** A dialog over the page: Esc and a click beside it close it, and the keyboard stays within. */

import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { Dialog } from '../state/store.ts'
import { useStore } from './store-context.ts'

type Props = {
  readonly name: Exclude<Dialog, null>
  readonly title: string
  readonly children: ComponentChildren
}

/** Draws its children only while it is open. */
export function Modal({ name, title, children }: Props) {
  const { dialog } = useStore()
  if (dialog.value !== name) return null
  return (
    <OpenModal title={title} close={() => void (dialog.value = null)}>
      {children}
    </OpenModal>
  )
}

type OpenProps = {
  readonly title: string
  readonly close: () => void
  readonly children: ComponentChildren
}

function OpenModal({ title, close, children }: OpenProps) {
  const element = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => element.current?.showModal(), [])
  return (
    <dialog
      ref={element}
      class="modal"
      aria-label={title}
      onClose={close}
      onClick={(event) => {
        if (event.target === element.current) element.current?.close()
      }}
    >
      <div class="modal-content">
        <header class="modal-head">
          <h2>{title}</h2>
          <button type="button" class="icon" aria-label="Close" onClick={() => element.current?.close()}>
            ✕
          </button>
        </header>
        {children}
      </div>
    </dialog>
  )
}
