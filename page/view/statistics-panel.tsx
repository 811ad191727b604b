/** The query at a glance: lines per level and pod, and the most frequent values of a field. */

import type { RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { type Client, toApiError } from '../api/client.ts'
import type { FieldsAnswer, FieldValuesAnswer, HistogramAnswer } from '../api/contract.ts'
import { formatCount } from '../model/amounts.ts'
import { valueTerm } from '../model/field-term.ts'
import { filterParameters, withParameters, withRange } from '../model/query-parameters.ts'
import type { Store } from '../state/store.ts'
import { useStore } from './store-context.ts'

const sample = 2000
const shownMax = 12

export function StatisticsPanel() {
  const store = useStore()
  const { histogram, preferences, address } = store
  const totals = histogram.counts.value?.totals
  const levels = totals === undefined ? [] : Object.entries(totals).filter(([, count]) => count > 0)
  const pods = useAnswer(store, podCounts)
  const fields = useAnswer(store, fieldNames)
  const [field, setField] = useState<string | null>(null)
  const wanted = field ?? fields?.fields[0]?.name ?? null
  return (
    <aside class="statistics" aria-label="Statistics">
      <header class="panel-head">
        <h2>Statistics</h2>
        <button
          type="button"
          class="icon"
          aria-label="Close the statistics"
          onClick={() => void (preferences.statistics.value = false)}
        >
          ✕
        </button>
      </header>
      <Counts title="Lines per level" rows={levels.toSorted((one, other) => other[1] - one[1])} />
      <Counts
        title="Lines per pod"
        rows={(pods?.groups ?? []).slice(0, shownMax).map(({ name, count }) => [name, count])}
        onChoose={(pod) => address.go({ select: [`*/${pod}`], line: null })}
      />
      <section>
        <h3>Values of a field</h3>
        {fields !== null && fields.fields.length === 0 && <p class="note">No fields in the newest lines.</p>}
        {wanted !== null && fields !== null && (
          <>
            <select
              aria-label="Field"
              value={wanted}
              onChange={({ currentTarget }) => setField(currentTarget.value)}
            >
              {fields.fields.map(({ name, count }) => (
                <option key={name} value={name}>{`${name} (${formatCount(count)})`}</option>
              ))}
            </select>
            <Values key={wanted} store={store} name={wanted} />
          </>
        )}
      </section>
    </aside>
  )
}

function Values({ store, name }: { readonly store: Store; readonly name: string }) {
  const answer = useAnswer(store, (client, query, signal): Promise<FieldValuesAnswer> => {
    return client.fieldValues(name, withParameters(query, { sample, limit: shownMax }), signal)
  })
  if (answer === null) return <p class="note">…</p>
  const { values, more, missing } = answer
  return (
    <>
      <Counts
        title={`Of the newest ${formatCount(answer.sample.lines)} lines`}
        rows={values.map(({ value, count }) => [value, count])}
        onChoose={(value) => {
          const isCut = values.some((other) => other.value === value && other.cut === true)
          store.addTerm(valueTerm({ name, value }, isCut), false)
        }}
      />
      <p class="note">
        {more > 0 && `${formatCount(more)} more values. `}
        {missing > 0 && `${formatCount(missing)} lines do not have it.`}
      </p>
    </>
  )
}

type CountsProps = {
  readonly title: string
  readonly rows: readonly (readonly [string, number])[]
  readonly onChoose?: (name: string) => void
}

function Counts({ title, rows, onChoose }: CountsProps) {
  const most = Math.max(1, ...rows.map(([, count]) => count))
  return (
    <section>
      <h3>{title}</h3>
      <ul class="counts">
        {rows.map(([name, count]) => (
          <li key={name}>
            <span class="bar" aria-hidden="true" style={{ width: `${(100 * count) / most}%` }} />
            {onChoose === undefined ? (
              <span class="counts-name">{name}</span>
            ) : (
              <button type="button" class="counts-name" title={name} onClick={() => onChoose(name)}>
                {name === '' ? '(empty)' : name}
              </button>
            )}
            <span class="count">{formatCount(count)}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

type Ask<T> = (client: Client, query: URLSearchParams, signal: AbortSignal) => Promise<T>

/** The answer for what is shown; null until it is there. */
function useAnswer<T>(store: Store, ask: Ask<T>): T | null {
  const [answer, setAnswer] = useState<T | null>(null)
  const range = store.instants.value
  const filters = filterParameters(store.address.view.value).toString()
  const isBusy = useRef(false)
  const beat = useBeat(store, isBusy)
  useEffect(() => {
    if (range === null) return undefined
    const abort = new AbortController()
    isBusy.current = true
    const answered = ask(store.client, withRange(new URLSearchParams(filters), range), abort.signal).then(
      setAnswer,
      (caught: unknown) => {
        if (!abort.signal.aborted) store.message.value = toApiError(caught).message
      },
    )
    void answered.finally(() => {
      if (!abort.signal.aborted) isBusy.current = false
    })
    return () => abort.abort()
  }, [filters, range, beat])
  return answer
}

const liveMs = 10_000

/** In live a number that changes now and then, but not while an answer is waited for. */
function useBeat({ live }: Store, isBusy: RefObject<boolean>): number {
  const [beat, setBeat] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => {
      const isWanted = live.status.value === 'live' && !document.hidden && !isBusy.current
      if (isWanted) setBeat((last) => last + 1)
    }, liveMs)
    return () => clearInterval(timer)
  }, [])
  return beat
}

function podCounts(client: Client, query: URLSearchParams, signal: AbortSignal): Promise<HistogramAnswer> {
  return client.histogram(withParameters(query, { by: 'pod', buckets: 1 }), signal)
}

function fieldNames(client: Client, query: URLSearchParams, signal: AbortSignal): Promise<FieldsAnswer> {
  return client.fields(withParameters(query, { sample }), signal)
}
