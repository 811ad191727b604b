/** The lines around one, of its container, pod or namespace, with or without the filter. */

import { useEffect, useState } from 'preact/hooks'
import { type ApiError, toApiError } from '../api/client.ts'
import type { ContextPage } from '../api/contract.ts'
import { type Entry, textOf } from '../model/entry.ts'
import { filterParameters, withParameters } from '../model/query-parameters.ts'
import { hueOf } from '../model/rows.ts'
import { shortTime } from '../model/time-format.ts'
import type { Zone } from '../model/view-state.ts'
import { LineText } from './line-text.tsx'
import { useStore } from './store-context.ts'

const step = 10
const shownCharsMax = 1000
const scopes = ['stream', 'pod', 'namespace'] as const
type Scope = (typeof scopes)[number]
const scopeNames: Readonly<Record<Scope, string>> = {
  stream: 'this container',
  pod: 'this pod',
  namespace: 'this namespace',
}

type Asked = {
  readonly before: number
  readonly after: number
  readonly scope: Scope
  readonly filtered: boolean
}

export function LineContext({ entry, zone }: { readonly entry: Entry; readonly zone: Zone }) {
  const store = useStore()
  const [asked, setAsked] = useState<Asked>({ before: step, after: step, scope: 'stream', filtered: false })
  const [page, setPage] = useState<ContextPage | null>(null)
  const [error, setError] = useState<ApiError | null>(null)
  useEffect(() => {
    const abort = new AbortController()
    const { before, after, scope, filtered } = asked
    const { select: _all, ...rest } = store.address.view.value
    const filters = filtered ? filterParameters({ ...rest, select: [] }) : new URLSearchParams()
    const query = withParameters(filters, { cursor: entry.cursor, before, after, scope })
    store.client.context(query, abort.signal).then(setPage, (caught: unknown) => {
      if (!abort.signal.aborted) setError(toApiError(caught))
    })
    return () => abort.abort()
  }, [asked, entry.cursor])
  if (error !== null) return <p class="error-text">{error.message}</p>
  return (
    <section class="context" aria-label="Lines around this one">
      <Head asked={asked} set={setAsked} />
      {page?.moreBefore === true && (
        <button
          type="button"
          class="link"
          onClick={() => setAsked({ ...asked, before: asked.before + 4 * step })}
        >
          more before
        </button>
      )}
      <ol class="context-lines">
        {page?.entries.map((line, index) => (
          <li key={line.cursor} class={index === page.target ? 'target' : ''}>
            <time>{shortTime(line.time, zone, line.time.slice(0, 10))}</time>
            {asked.scope !== 'stream' && (
              <span class={`context-source hue-${hueOf(`${line.namespace}/${line.pod}`)}`}>
                {asked.scope === 'pod' ? line.container : `${line.pod}/${line.container}`}
              </span>
            )}
            <span dir="ltr">
              <LineText text={textOf(line)} highlighter={store.highlighter.value} charsMax={shownCharsMax} />
            </span>
          </li>
        ))}
      </ol>
      {page?.moreAfter === true && (
        <button
          type="button"
          class="link"
          onClick={() => setAsked({ ...asked, after: asked.after + 4 * step })}
        >
          more after
        </button>
      )}
    </section>
  )
}

function Head({ asked, set }: { readonly asked: Asked; readonly set: (asked: Asked) => void }) {
  return (
    <div class="context-head">
      Lines around, of{' '}
      <select
        aria-label="Whose lines"
        value={asked.scope}
        onChange={({ currentTarget }) => set({ ...asked, scope: currentTarget.value as Scope })}
      >
        {scopes.map((scope) => (
          <option key={scope} value={scope}>
            {scopeNames[scope]}
          </option>
        ))}
      </select>
      <label>
        <input
          type="checkbox"
          checked={asked.filtered}
          onChange={({ currentTarget }) => set({ ...asked, filtered: currentTarget.checked })}
        />{' '}
        only what the filter finds
      </label>
    </div>
  )
}
