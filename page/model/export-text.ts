/** Writes entries for a download: text, NDJSON or CSV (RFC 4180), times in the zone on screen. */

import { type Entry, gapText, textOf } from './entry.ts'
import { fullTime } from './time-format.ts'
import type { Zone } from './view-state.ts'

export const exportFormats = ['text', 'ndjson', 'csv'] as const
export type ExportFormat = (typeof exportFormats)[number]

export const exportTypes: Readonly<Record<ExportFormat, { readonly ending: string; readonly type: string }>> =
  {
    text: { ending: 'log', type: 'text/plain' },
    ndjson: { ending: 'ndjson', type: 'application/x-ndjson' },
    csv: { ending: 'csv', type: 'text/csv' },
  }

const columns = ['time', 'namespace', 'pod', 'container', 'restart', 'stream', 'level', 'line'] as const

export function exportHead(format: ExportFormat): string {
  return format === 'csv' ? `${columns.join(',')}\r\n` : ''
}

export function exportEntry(entry: Entry, format: ExportFormat, zone: Zone): string {
  const time = fullTime(entry.time, zone)
  if (format === 'ndjson') {
    const { cursor: _cursor, ...rest } = entry
    return `${JSON.stringify({ ...rest, time })}\n`
  }
  if (format === 'csv')
    return `${columns.map((column) => csvCell(cellOf(entry, column, time))).join(',')}\r\n`
  const text = entry.kind === 'gap' ? `*** ${gapText(entry)}` : textOf(entry)
  return `[pod/${entry.pod}/${entry.container}] ${time} ${text}\n`
}

function cellOf(entry: Entry, column: (typeof columns)[number], time: string): string {
  if (column === 'time') return time
  if (column === 'line') return textOf(entry)
  if (column === 'stream' || column === 'level') return entry.kind === 'line' ? entry[column] : ''
  return String(entry[column])
}

/** A cell that begins like a formula would be run by spreadsheets: a quote before it makes it text. */
function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && !/^[+-]?\d+(\.\d+)?$/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
