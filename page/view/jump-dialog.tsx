/** Jumps to any namespace, workload, pod or container by typing some of its letters. */

import { useState } from 'preact/hooks'
import { shortCount } from '../model/amounts.ts'
import { rank } from '../model/fuzzy.ts'
import { flattenTree, type Node, pathLabel } from '../model/stream-tree.ts'
import { Modal } from './modal.tsx'
import { useStore } from './store-context.ts'

const shownMax = 12

export function JumpDialog() {
  return (
    <Modal name="jump" title="Jump to">
      <Content />
    </Modal>
  )
}

function Content() {
  const { streams, address, dialog } = useStore()
  const [typed, setTyped] = useState('')
  const [chosen, setChosen] = useState(0)
  const nodes = flattenTree(streams.tree.value)
  const found =
    typed === '' ? nodes.slice(0, shownMax) : rank(nodes, (node) => pathLabel(node.path), typed, shownMax)
  const go = (node: Node | undefined): void => {
    if (node === undefined) return
    address.go({ select: node.paths, view: 'logs', line: null })
    dialog.value = null
  }
  return (
    <div class="jump">
      <input
        type="text"
        role="combobox"
        aria-label="Name of a namespace, workload, pod or container"
        aria-expanded="true"
        aria-controls="jump-list"
        aria-activedescendant={found.length > 0 ? `jump-${chosen}` : undefined}
        placeholder="namespace, workload, pod or container"
        autocomplete="off"
        autoFocus
        value={typed}
        onInput={({ currentTarget }) => {
          setTyped(currentTarget.value)
          setChosen(0)
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setChosen(Math.min(chosen + 1, found.length - 1))
          else if (event.key === 'ArrowUp') setChosen(Math.max(chosen - 1, 0))
          else if (event.key === 'Enter') go(found[chosen])
          else return
          event.preventDefault()
        }}
      />
      <ul id="jump-list" role="listbox" aria-label="Found">
        {found.map((node, index) => (
          <li
            key={node.path}
            id={`jump-${index}`}
            role="option"
            aria-selected={index === chosen}
            class={node.present ? '' : 'gone'}
            onClick={() => go(node)}
          >
            <span>{pathLabel(node.path)}</span>{' '}
            <small>
              {node.kind}, {shortCount(node.lines)} lines{node.present ? '' : ', gone'}
            </small>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p class="note">Nothing is named like this.</p>}
    </div>
  )
}
