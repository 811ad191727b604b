/** What may come next in the search box, as a list below it. */

import { useEffect, useState } from 'preact/hooks'
import { type Completion, completionsAt } from '../model/completion.ts'
import { withParameters } from '../model/query-parameters.ts'
import type { Store } from '../state/store.ts'

type Props = {
  readonly found: readonly Completion[]
  readonly chosen: number
  readonly take: (completion: Completion) => void
}

export function Completions({ found, chosen, take }: Props) {
  return (
    <ul id="completions" class="completions" role="listbox" aria-label="Completions">
      {found.map((completion, index) => (
        <li
          key={completion.label}
          id={`completion-${index}`}
          role="option"
          aria-selected={index === chosen}
          // The box keeps the focus.
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => take(completion)}
        >
          <span>{completion.label}</span> <small>{completion.detail}</small>
        </li>
      ))}
    </ul>
  )
}

/** Names of fields are asked for once a LogQL query is typed. */
export function useCompletions(
  store: Store,
  text: string,
  caret: number,
  isOpen: boolean,
): readonly Completion[] {
  const [fields, setFields] = useState<readonly string[] | null>(null)
  const wantsFields = isOpen && fields === null && /^\s*\{.*\}.*\|/.test(text)
  useEffect(() => {
    if (!wantsFields) return
    const query = withParameters(new URLSearchParams(), { since: '1h' })
    store.client.fields(query).then(
      (answer) => setFields(answer.fields.map(({ name }) => name)),
      // Completion is a help: without it the query is typed.
      () => setFields([]),
    )
  }, [wantsFields])
  if (!isOpen) return []
  const streams = store.streams.streams.value ?? []
  return completionsAt(text, caret, {
    streams,
    fields: fields ?? [],
    history: store.preferences.history.value,
  })
}
