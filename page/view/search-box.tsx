/** The search box: words, /regex/ or LogQL, with completion, and errors shown where they are. */

import type { RefObject } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Completion } from '../model/completion.ts'
import { isMetricQuery, parseSearch } from '../model/search-text.ts'
import { Completions, useCompletions } from './completions.tsx'
import { SearchError, searchErrorOf } from './search-error.tsx'
import { useStore } from './store-context.ts'

/** What the box holds while it is typed into. */
type Box = {
  readonly input: RefObject<HTMLInputElement | null>
  readonly text: string
  readonly setText: (text: string) => void
  readonly completions: readonly Completion[]
  /** Index of the completion that the keyboard is at; -1: none. */
  readonly chosen: number
  readonly choose: (index: number) => void
  readonly isOpen: boolean
  readonly setOpen: (open: boolean) => void
  readonly submit: () => void
  readonly take: (completion: Completion) => void
}

export function SearchBox() {
  const { address } = useStore()
  const box = useBox()
  const { text, submit } = box
  const { matchCase } = address.view.value
  const isLogql = parseSearch(text).kind === 'logql'
  const error = searchErrorOf(useStore(), text)
  return (
    <form
      class="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <div class="search-field">
        <Input box={box} isBad={error !== null} />
        {text !== '' && <Clear box={box} />}
        <button
          type="button"
          class="icon case"
          aria-label="Match case"
          title="Match case"
          aria-pressed={matchCase || isLogql}
          disabled={isLogql}
          onClick={() => address.go({ matchCase: !matchCase })}
        >
          Aa
        </button>
        {box.isOpen && <Completions found={box.completions} chosen={box.chosen} take={box.take} />}
      </div>
      {error !== null && <SearchError text={text} error={error} />}
      {isMetricQuery(text) && (
        <div class="search-error search-note" role="status">
          This is searched for as words. A metric query has no lines: the part from <code>{'{'}</code> on
          shows those that it counts, and <code>/loki/api/v1/query_range</code> answers the whole.
        </div>
      )}
    </form>
  )
}

function useBox(): Box {
  const store = useStore()
  const { search } = store.address.view.value
  const [text, setText] = useState(search)
  const [chosen, choose] = useState(-1)
  const [isOpen, setOpen] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const caret = input.current?.selectionStart ?? text.length
  const completions = useCompletions(store, text, caret, isOpen)
  // At once: what is typed before the next frame is not taken away again.
  useLayoutEffect(() => setText(search), [search])
  return {
    input,
    text,
    setText,
    completions,
    chosen,
    choose,
    isOpen: isOpen && completions.length > 0,
    setOpen,
    submit: () => {
      setOpen(false)
      choose(-1)
      if (text.trim() === search) store.reload('newest')
      else store.search(text)
    },
    take: ({ insert, start, end }) => {
      const next = text.slice(0, start) + insert + text.slice(end)
      // Between the quotes where there are empty ones.
      const place = start + insert.length - (insert.endsWith('""') ? 1 : 0)
      const field = input.current
      if (field !== null) {
        // At once: who types on before the next frame would have the caret moved away.
        field.value = next
        field.setSelectionRange(place, place)
      }
      setText(next)
      choose(-1)
      setOpen(parseSearch(next).kind === 'logql')
    },
  }
}

function Input({ box, isBad }: { readonly box: Box; readonly isBad: boolean }) {
  const { input, text, setText, choose, chosen, isOpen, setOpen } = box
  return (
    <input
      ref={input}
      id="search"
      type="text"
      role="combobox"
      aria-label="Search the lines"
      aria-expanded={isOpen}
      aria-controls={isOpen ? 'completions' : undefined}
      aria-autocomplete="list"
      aria-invalid={isBad}
      aria-describedby={isBad ? 'search-error' : undefined}
      aria-activedescendant={isOpen && chosen >= 0 ? `completion-${chosen}` : undefined}
      autocomplete="off"
      autocapitalize="off"
      spellcheck={false}
      placeholder={'words  !not  "a phrase"  /regex/  {namespace="shop"} | json'}
      value={text}
      onInput={({ currentTarget }) => {
        setText(currentTarget.value)
        choose(-1)
        setOpen(true)
      }}
      onFocus={() => setOpen(text === '')}
      onBlur={() => setOpen(false)}
      onKeyDown={(event) => {
        if (!press(box, event)) return
        event.preventDefault()
        event.stopPropagation()
      }}
    />
  )
}

/** Whether the key was for the completions, or ends the typing. */
function press(box: Box, event: KeyboardEvent): boolean {
  const { text, completions, chosen, choose, isOpen, setOpen, take, submit, input } = box
  const count = completions.length
  const current = isOpen ? completions[chosen] : undefined
  // Tab leads on to the next control, unless a completion is chosen or a query is typed.
  const taken = current ?? (isOpen && parseSearch(text).kind === 'logql' ? completions[0] : undefined)
  if (event.key === 'ArrowDown') {
    setOpen(true)
    if (count > 0) choose((chosen + 1) % count)
  } else if (event.key === 'ArrowUp' && isOpen) choose((chosen <= 0 ? count : chosen) - 1)
  else if (event.key === 'Tab' && !event.shiftKey && taken !== undefined) take(taken)
  else if (event.key === 'Enter' && current !== undefined) take(current)
  else if (event.key === 'Enter') submit()
  else if (event.key === 'Escape' && isOpen) setOpen(false)
  else if (event.key === 'Escape') input.current?.blur()
  else return false
  return true
}

function Clear({ box }: { readonly box: Box }) {
  const store = useStore()
  return (
    <button
      type="button"
      class="icon"
      aria-label="Clear the search"
      onClick={() => {
        box.setText('')
        store.search('')
        box.input.current?.focus()
      }}
    >
      ✕
    </button>
  )
}
