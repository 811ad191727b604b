/** Chooses who writes the selected lines of a plan, by the form of the answer. */

import type { Cursor } from '../model/cursor.ts'
import type { CompiledPlan } from './compiled-plan.ts'
import { type EntrySink, EntryWriter, type EntryWriterOptions } from './entry-writer.ts'
import { RecordWriter } from './logql/record-writer.ts'
import type { Format } from './plan.ts'

/** As for `EntryWriter`; records are never reversed. */
export function createEntrySink(
  compiled: CompiledPlan,
  format: Format,
  cursor: Cursor,
  options: EntryWriterOptions = {},
): EntrySink {
  return recordSinkOf(compiled, format) ?? new EntryWriter(format, cursor, options)
}

/** Whether answers have the form of Loki's. */
export function isRecords(format: Format): boolean {
  return format === 'streams' || format === 'categorized'
}

/** Null: the format has no records. */
export function recordSinkOf({ logql }: CompiledPlan, format: Format): EntrySink | null {
  if (!isRecords(format)) return null
  return new RecordWriter(logql?.write ?? null, format === 'categorized')
}
