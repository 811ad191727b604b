/** Chooses the range of time: presets, or a beginning and an end, by calendar or typed. */

import { useState } from 'preact/hooks'
import { formatAge } from '../model/amounts.ts'
import { minuteTime } from '../model/time-format.ts'
import { absoluteRange, parseTypedTime, presets, resolveRange } from '../model/time-range.ts'
import { Modal } from './modal.tsx'
import { useStore } from './store-context.ts'

export function RangeDialog() {
  return (
    <Modal name="range" title="Range of time">
      <Content />
    </Modal>
  )
}

function Content() {
  const { address, dialog, setRange } = useStore()
  const { range, zone } = address.view.value
  const nowMs = Date.now()
  const instants = resolveRange(range, nowMs)
  const [since, setSince] = useState(minuteTime(instants?.sinceMs ?? nowMs, zone))
  const [until, setUntil] = useState(range.until === null ? 'now' : minuteTime(Date.parse(range.until), zone))
  const sinceMs = parseTypedTime(since, zone === 'utc', nowMs)
  const untilMs = until.trim() === 'now' ? null : parseTypedTime(until, zone === 'utc', nowMs)
  const isOpenEnd = until.trim() === 'now'
  const problem =
    sinceMs === null || (untilMs === null && !isOpenEnd)
      ? 'A time is 2026-11-30 10:15, 10:15 for today, 15m for that long ago, or now.'
      : sinceMs >= (untilMs ?? nowMs)
        ? 'The beginning must lie before the end.'
        : null
  const close = (): void => void (dialog.value = null)
  return (
    <form
      class="range-form"
      onSubmit={(event) => {
        event.preventDefault()
        if (problem !== null || sinceMs === null) return
        if (untilMs === null) setRange({ since: new Date(sinceMs).toISOString(), until: null })
        else setRange(absoluteRange(sinceMs, untilMs))
        close()
      }}
    >
      <div class="presets">
        {presets.map(([value, label]) => (
          <button
            key={value}
            type="button"
            class="chip"
            aria-pressed={range.since === value && range.until === null}
            onClick={() => {
              setRange({ since: value, until: null })
              close()
            }}
          >
            {label}
          </button>
        ))}
      </div>
      <AroundLine />
      <TimeField label="From" value={since} set={setSince} />
      <TimeField label="To" value={until} set={setUntil} />
      <p class={problem === null ? 'note' : 'error-text'} role={problem === null ? undefined : 'alert'}>
        {problem ?? `Times are ${zone === 'utc' ? 'UTC' : 'of this computer'}; "now" keeps the end open.`}
      </p>
      <button type="submit" class="primary" disabled={problem !== null}>
        Show
      </button>
    </form>
  )
}

const spans = [60_000, 5 * 60_000, 30 * 60_000, 2 * 3_600_000] as const

/** Of the active or the marked line, with the filters as they are. */
function AroundLine() {
  const { address, lines, active, dialog, goToLine } = useStore()
  const { line, zone } = address.view.value
  const items = lines.items.value
  const item =
    items.find(({ key }) => key === active.value) ?? items.find(({ entry }) => entry.cursor === line)
  if (item === undefined) return <p class="note">With a line chosen, the time around it can be shown.</p>
  return (
    <div class="presets" role="group" aria-label="Around the line">
      Around the line of {minuteTime(Date.parse(item.entry.time), zone)}:
      {spans.map((spanMs) => (
        <button
          key={spanMs}
          type="button"
          class="chip"
          onClick={() => {
            goToLine(item.entry, spanMs)
            dialog.value = null
          }}
        >
          ± {formatAge(spanMs)}
        </button>
      ))}
    </div>
  )
}

type FieldProps = { readonly label: string; readonly value: string; readonly set: (text: string) => void }

function TimeField({ label, value, set }: FieldProps) {
  return (
    <div class="time-field">
      <label>
        {label}
        <input
          type="text"
          value={value}
          autocomplete="off"
          onInput={({ currentTarget }) => set(currentTarget.value)}
        />
      </label>
      <input
        type="datetime-local"
        step="1"
        aria-label={`${label}, by calendar`}
        value={/^\d{4}-/.test(value) ? value.replace(' ', 'T') : ''}
        onInput={({ currentTarget }) => {
          if (currentTarget.value !== '') set(currentTarget.value.replace('T', ' '))
        }}
      />
    </div>
  )
}
