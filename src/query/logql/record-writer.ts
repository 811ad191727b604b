/**
 * Writes entries for answers in Loki's form, one record per entry: labels and value, both ready to send. Gap
 * records are told in words.
 */

import type { LineStage } from '../../logql/stages/line-state.ts'
import { LineState } from '../../logql/stages/line-state.ts'
import { attribute, type GapRecord, type Iostream } from '../../model/entry.ts'
import { formatTime } from '../../model/time.ts'
import type { EntrySink, WritableEntry } from '../entry-writer.ts'
import { createEntryLabels, type EntryLabels } from './entry-labels.ts'

/** Between labels and value, and at the end: JSON holds neither. */
export const recordMarks = { between: '\t', end: '\n', gap: '!' } as const

/** `isCategorized`: labels of the stream alone, the others in a third element of the value. */
export class RecordWriter implements EntrySink {
  readonly #isCategorized: boolean
  readonly #stages: LineStage | null
  readonly #labels: EntryLabels = createEntryLabels()
  readonly #state = new LineState()
  /** Labels of entries without stages, by their place in `#labels`. */
  readonly #known = new Map<string, string>()
  #records: string[] = []
  #length = 0

  constructor(stages: LineStage | null, isCategorized: boolean) {
    this.#stages = stages
    this.#isCategorized = isCategorized
  }

  get length(): number {
    return this.#length
  }

  get hasLeftOutGaps(): boolean {
    return false
  }

  /** Stages need lines as they are. */
  get takesEscaped(): boolean {
    return false
  }

  /** Its entries have no cursors. */
  setCursor(): void {}

  write(entry: WritableEntry): void {
    const record = entry.attributes & attribute.gap ? gapRecord(entry) : this.#lineRecord(entry)
    this.#records.push(record)
    this.#length += record.length
  }

  take(): Uint8Array<ArrayBuffer> {
    const bytes = new TextEncoder().encode(this.#records.join(''))
    this.#records = []
    this.#length = 0
    return bytes
  }

  #lineRecord(entry: WritableEntry): string {
    const state = this.#state
    const { stream, level, attributes, sec, ns } = entry
    const iostream = (attributes & attribute.stderr) as Iostream
    const line = entry.bytes.toString('utf8', entry.start, entry.end)
    const metadata = this.#labels.metadata[level] as EntryLabels['metadata'][number]
    state.begin(this.#labels.ofStream(stream, iostream), metadata, { sec, ns }, line)
    let labels: string
    let third = ''
    if (this.#stages === null) {
      const key = `${stream.id} ${iostream} ${this.#isCategorized ? '' : level}`
      labels = this.#known.get(key) ?? this.#streamText()
      this.#known.set(key, labels)
    } else {
      this.#stages(state)
      labels = this.#streamText()
    }
    if (this.#isCategorized) third = `,${this.#categories()}`
    return `${labels}${recordMarks.between}["${timeText(sec, ns)}",${jsonOf(state.line)}${third}]${recordMarks.end}`
  }

  #streamText(): string {
    const labels = this.#isCategorized ? this.#state.streamLabels() : this.#state.allLabels()
    return objectText(labels)
  }

  #categories(): string {
    const parts: string[] = []
    const metadata = this.#state.metadataLabels()
    const parsed = this.#state.parsedLabels()
    if (metadata.length > 0) parts.push(`"structuredMetadata":${objectText(metadata)}`)
    if (parsed.length > 0) parts.push(`"parsed":${objectText(parsed)}`)
    return `{${parts.join(',')}}`
  }
}

function objectText(labels: readonly (readonly [string, string])[]): string {
  return `{${labels.map(([name, value]) => `${JSON.stringify(name)}:${jsonOf(value)}`).join(',')}}`
}

function jsonOf(text: string): string {
  return JSON.stringify(text.toWellFormed())
}

const nanosecondDigits = 9

/** Nanoseconds since 1970, exactly. */
export function timeText(sec: number, ns: number): string {
  if (sec > 0) return `${sec}${String(ns).padStart(nanosecondDigits, '0')}`
  return String(BigInt(sec) * 1_000_000_000n + BigInt(ns))
}

function gapRecord({ stream, sec, ns, bytes, start, end }: WritableEntry): string {
  const { reason, bytes: missing } = JSON.parse(bytes.toString('utf8', start, end)) as GapRecord
  const { namespace, pod, container } = stream.labels
  const size = missing === null ? 'an unknown number of bytes' : `${missing} bytes`
  const text = `lines of ${namespace}/${pod}/${container} are missing at ${formatTime({ sec, ns })}: ${size} (${reason})`
  return `${recordMarks.gap}${text}${recordMarks.end}`
}
