/** Downloads everything that the filters find in the range, in the zone on screen. */

import { useState } from 'preact/hooks'
import { formatCount } from '../model/amounts.ts'
import { type ExportFormat, exportFormats } from '../model/export-text.ts'
import { minuteTime } from '../model/time-format.ts'
import { rangeLabel } from '../model/time-range.ts'
import { progressText } from '../state/download.ts'
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
  const { address, download, histogram } = useStore()
  const view = address.view.value
  const [format, setFormat] = useState<ExportFormat>('text')
  const progress = download.progress.value
  const total = histogram.counts.value?.total
  return (
    <form
      class="download"
      onSubmit={(event) => {
        event.preventDefault()
        void download.start(view, format)
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
        <button type="button" onClick={download.stop}>
          Stop
        </button>
      )}
      <p class="note" role="status">
        {progress === null ? download.outcome.value : progressText(progress)}
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
