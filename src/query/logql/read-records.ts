/** Reads the records of `RecordWriter` on the main thread, without looking into their JSON. */

import type { LogqlEntry, LogqlStream } from './contract.ts'
import { recordMarks } from './record-writer.ts'

export type Records = { readonly entries: readonly LogqlEntry[]; readonly gaps: readonly string[] }

export function readRecords(bytes: Uint8Array): Records {
  const entries: LogqlEntry[] = []
  const gaps: string[] = []
  for (const record of Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    .toString()
    .split(recordMarks.end)) {
    if (record === '') continue
    if (record.startsWith(recordMarks.gap)) {
      gaps.push(record.slice(1))
      continue
    }
    const at = record.indexOf(recordMarks.between)
    entries.push({ labels: record.slice(0, at), value: record.slice(at + 1) })
  }
  return { entries, gaps }
}

/** Nanoseconds since 1970 of an entry's value. */
export function nanosecondsOf({ value }: LogqlEntry): bigint {
  return BigInt(value.slice(2, value.indexOf('"', 2)))
}

/** About, as it is kept and sent. */
export function bytesOf({ labels, value }: LogqlEntry): number {
  return labels.length + value.length
}

/** Sorted by labels; values stay in their order. */
export function groupByLabels(entries: readonly LogqlEntry[]): LogqlStream[] {
  const streams = new Map<string, string[]>()
  for (const { labels, value } of entries) {
    const values = streams.get(labels)
    if (values === undefined) streams.set(labels, [value])
    else values.push(value)
  }
  return Array.from(streams, ([labels, values]) => ({ labels, values })).sort((one, other) =>
    one.labels < other.labels ? -1 : 1,
  )
}
