/** One download at a time: it goes on, and can be stopped, wherever the reader is meanwhile. */

import { type Signal, signal } from '@preact/signals'
import { type Client, toApiError } from '../api/client.ts'
import { type ExportProgress, type ExportResult, writeExport } from '../api/export-file.ts'
import { formatBytes, formatCount } from '../model/amounts.ts'
import { type ExportFormat, exportTypes } from '../model/export-text.ts'
import { filterParameters, withParameters, withRange } from '../model/query-parameters.ts'
import { resolveRange } from '../model/time-range.ts'
import type { ViewState } from '../model/view-state.ts'

export type Download = {
  /** Null: none is under way. */
  readonly progress: Signal<ExportProgress | null>
  /** How the last one ended; null before. */
  readonly outcome: Signal<string | null>
  /** What the view finds; harmless while one is under way. */
  readonly start: (view: ViewState, format: ExportFormat) => Promise<void>
  readonly stop: () => void
}

export function createDownload(client: Client): Download {
  const progress = signal<ExportProgress | null>(null)
  const outcome = signal<string | null>(null)
  let abort = new AbortController()

  async function start(view: ViewState, format: ExportFormat): Promise<void> {
    const range = resolveRange(view.range, Date.now())
    if (range === null || progress.value !== null) return
    abort = new AbortController()
    const { signal } = abort
    outcome.value = null
    progress.value = { lines: 0, bytes: 0 }
    try {
      const untilMs = range.untilMs ?? Date.now()
      const query = withParameters(withRange(filterParameters(view), { ...range, untilMs }), {
        format: 'ndjson',
        direction: 'forward',
      })
      const source = await client.exportLogs(query, signal)
      const result = await writeExport(source, {
        format,
        zone: view.zone,
        onProgress: (next) => {
          progress.value = next
        },
      })
      save(result, nameOf(format, untilMs))
      outcome.value = outcomeOf(result)
    } catch (caught) {
      outcome.value = signal.aborted ? 'Stopped.' : toApiError(caught).message
    } finally {
      progress.value = null
    }
  }

  return { progress, outcome, start, stop: () => abort.abort() }
}

export function progressText({ lines, bytes }: ExportProgress): string {
  return `${formatCount(lines)} lines, ${formatBytes(bytes)} …`
}

function outcomeOf({ lines, bytes, incomplete }: ExportResult): string {
  return incomplete === null
    ? `Complete: ${formatCount(lines)} lines, ${formatBytes(bytes)}.`
    : `Not complete, ${incomplete}: ${formatCount(lines)} lines are in the file.`
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
