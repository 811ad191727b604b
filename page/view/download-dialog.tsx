/** Downloads everything that the filters find in the range, in the zone on screen. */

import { useRef, useState } from 'preact/hooks'
import { toApiError } from '../api/client.ts'
import { type ExportProgress, type ExportResult, writeExport } from '../api/export-file.ts'
import { formatBytes, formatCount } from '../model/amounts.ts'
import { type ExportFormat, exportFormats, exportTypes } from '../model/export-text.ts'
import { filterParameters, withParameters, withRange } from '../model/query-parameters.ts'
import { minuteTime } from '../model/time-format.ts'
import { rangeLabel, resolveRange } from '../model/time-range.ts'
import { Modal } from './modal.tsx'
import { useStore } from './store-context.ts'

const labels: Readonly<Record<ExportFormat, string>> = {
  text: 'Text, as kubectl logs prints it',
  ndjson: 'NDJSON, a JSON object per line',
  csv: 'CSV, for spreadsheets',
}

export function DownloadDialog() {
  return (
    <Modal name="download" title="Download">
      <Content />
    </Modal>
  )
}

function Content() {
  const { address, client, histogram } = useStore()
  const view = address.view.value
  const [format, setFormat] = useState<ExportFormat>('text')
  const [progress, setProgress] = useState<ExportProgress | null>(null)
  const [outcome, setOutcome] = useState<string | null>(null)
  const abort = useRef<AbortController | null>(null)
  const total = histogram.counts.value?.total

  async function start(): Promise<void> {
    const range = resolveRange(view.range, Date.now())
    if (range === null) return
    abort.current = new AbortController()
    setOutcome(null)
    setProgress({ lines: 0, bytes: 0 })
    try {
      const untilMs = range.untilMs ?? Date.now()
      const query = withParameters(withRange(filterParameters(view), { ...range, untilMs }), {
        format: 'ndjson',
        direction: 'forward',
      })
      const source = await client.exportLogs(query, abort.current.signal)
      const result = await writeExport(source, { format, zone: view.zone, onProgress: setProgress })
      save(result, nameOf(format, untilMs))
      setOutcome(
        result.incomplete === null
          ? `Complete: ${formatCount(result.lines)} lines, ${formatBytes(result.bytes)}.`
          : `Not complete, ${result.incomplete}: ${formatCount(result.lines)} lines are in the file.`,
      )
    } catch (caught) {
      setOutcome(abort.current.signal.aborted ? 'Stopped.' : toApiError(caught).message)
    } finally {
      setProgress(null)
    }
  }

  return (
    <form
      class="download"
      onSubmit={(event) => {
        event.preventDefault()
        void start()
      }}
    >
      <p>
        What the filters find, {rangeLabel(view.range, (ms) => minuteTime(ms, view.zone)).toLowerCase()}
        {total === undefined ? '' : `, some ${formatCount(total)} lines`}; times{' '}
        {view.zone === 'utc' ? 'in UTC' : 'of this computer'}.
      </p>
      <Formats chosen={format} choose={setFormat} />
      {progress === null ? (
        <button type="submit" class="primary">
          Download
        </button>
      ) : (
        <button type="button" onClick={() => abort.current?.abort()}>
          Stop
        </button>
      )}
      <p class="note" role="status">
        {progress !== null && `${formatCount(progress.lines)} lines, ${formatBytes(progress.bytes)} …`}
        {outcome}
      </p>
    </form>
  )
}

type FormatsProps = { readonly chosen: ExportFormat; readonly choose: (format: ExportFormat) => void }

function Formats({ chosen, choose }: FormatsProps) {
  return (
    <fieldset>
      <legend>Form</legend>
      {exportFormats.map((name) => (
        <label key={name}>
          <input type="radio" name="format" checked={chosen === name} onChange={() => choose(name)} />{' '}
          {labels[name]}
        </label>
      ))}
    </fieldset>
  )
}

function nameOf(format: ExportFormat, untilMs: number): string {
  const time = new Date(untilMs).toISOString().replaceAll(/[-:]/g, '').slice(0, 'YYYYMMDDTHHMMSS'.length)
  return `logs-${time}Z.${exportTypes[format].ending}`
}

/** Long enough for the browser to have taken the file over. */
const keptMs = 60_000

function save({ file }: ExportResult, name: string): void {
  const url = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), keptMs)
}
