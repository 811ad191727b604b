/**
 * Records as runtimes write them into log files, each with what a reader must make of it; the forms are those
 * of `log-formats.ts`.
 */

import { attribute } from '../../src/model/entry.ts'
import {
  criRecord,
  decodeAsGo,
  dockerRecord,
  formatConmonTime,
  formatGoTime,
  parseNanos,
} from '../support/log-formats.ts'

export type Format = 'containerd' | 'conmon' | 'docker'

/** All texts here are bytes as latin1. */
export type RecordSpec = {
  /** `part`: a fragment. `raw`: no line of a runtime. `empty`: without content, and without an id. */
  readonly shape: 'line' | 'part' | 'raw' | 'empty'
  readonly isStderr: boolean
  readonly text: string
  /** Bytes that make it long. */
  readonly pad: number
  /** Index of an odd time; null: the clock's. */
  readonly oddTime: number | null
}

export type Instant = { readonly sec: number; readonly ns: number }

/** What a reader makes of the bytes of a record that are in the file. */
export type Meaning = {
  readonly content: string
  readonly partial: boolean
  readonly malformed: boolean
  /** Null: that of its arrival. */
  readonly time: Instant | null
  /** Bits known from the record alone: iostream, `unfinished`, `clock` where its time cannot be read. */
  readonly attributes: number
}

export type WrittenRecord = {
  /** Null: it has none that could be found again. */
  readonly id: number | null
  /** With its line feed. */
  readonly bytes: string
  /** How many of them are in the file. */
  written: number
  readonly meaning: (written: number) => Meaning
}

/** Times that runtimes, clocks and hands have left in logs; the last ones are none. */
const oddTimes = [
  '0001-01-01T00:00:00Z',
  '2999-12-31T23:59:59.999999999Z',
  '1969-12-31T23:59:59.5Z',
  '2020-06-01T00:00:00.123456789+14:00',
  '2000-02-29T12:00:00-12:00',
  '2019-12-31T23:59:59Z',
]
const noTimes = [
  '2016-12-31T23:59:60Z',
  '2024-02-30T00:00:00Z',
  '2024-11-22t10:11:12z',
  '2024-11-22T24:00:00Z',
  '9999-12-31T23:59:59-01:00',
]
export const oddTimeCount = oddTimes.length + noTimes.length

const rawPrefixes = [
  'raw ',
  '2024-11-22T10:11:12Z stdou F ',
  '2024-11-22T10:11:12Z stdoutF ',
  '{"log":"cut ',
  '\rstdout F ',
  '{"app":"own"} ',
  '2024-11-22T10:11:12.5Z 2024-11-22T10:11:12Z stdout F ',
]

/** Finds the ids in stored bytes: texts never hold either mark. */
export const idPattern = /#(\d+)~/g

/** `nanos`: the clock. The texts of `spec` must hold no line feed. */
export function createRecord(spec: RecordSpec, id: number, nanos: bigint, format: Format): WrittenRecord {
  const { shape, isStderr, oddTime, text, pad } = spec
  const mark = `#${id}~`
  const body = `${text}${'x'.repeat(pad)}`
  if (shape === 'raw') {
    const prefix = rawPrefixes[id % rawPrefixes.length] as string
    const bytes = `${prefix}${mark}${body.replaceAll('"', '')}\n`
    const meaning = (written: number): Meaning =>
      format === 'docker' ? rawMeaning(bytes, written) : cutMeaning(bytes, written)
    return { id, bytes, written: bytes.length, meaning }
  }
  // Sometimes behind the text, so that a content begins like a header.
  const content = shape === 'empty' ? '' : id % 3 === 0 ? `${body}${mark}` : `${mark}${body}`
  const odd = oddTime === null ? null : ([...oddTimes, ...noTimes][oddTime] as string)
  const isReadable = oddTime === null || oddTime < oddTimes.length
  const timeText = odd ?? (format === 'conmon' ? formatConmonTime(nanos, 330) : formatGoTime(nanos))
  const head: Head = { timeText, time: isReadable ? toInstant(parseNanos(timeText)) : null, isStderr }
  const build = format === 'docker' ? dockerOf : criOf
  const { bytes, meaning } = build(head, content, shape)
  return { id: shape === 'empty' ? null : id, bytes, written: bytes.length, meaning }
}

/** True where the part of a record that is in the file has its id. */
export function isIdWritten({ bytes, id, written }: WrittenRecord): boolean {
  return id !== null && bytes.slice(0, written).includes(`#${id}~`)
}

type Head = { readonly timeText: string; readonly time: Instant | null; readonly isStderr: boolean }
type Built = Pick<WrittenRecord, 'bytes' | 'meaning'>

function toInstant(nanos: bigint): Instant {
  const perSec = 1_000_000_000n
  const ns = ((nanos % perSec) + perSec) % perSec
  return { sec: Number((nanos - ns) / perSec), ns: Number(ns) }
}

function rawMeaning(bytes: string, written: number): Meaning {
  const content = bytes.slice(0, Math.min(written, bytes.length - 1))
  const attributes = attribute.malformed | unfinishedOf(bytes, written)
  return { content, partial: false, malformed: true, time: null, attributes }
}

/** As above; where it is cut behind `stdout` it is a header of the old form, of a whole line without text. */
function cutMeaning(bytes: string, written: number): Meaning {
  const [header, timeText = ''] = /^(\S+) stdout$/.exec(bytes.slice(0, written)) ?? []
  if (header === undefined) return rawMeaning(bytes, written)
  const time = toInstant(parseNanos(timeText))
  return { content: '', partial: false, malformed: false, time, attributes: unfinishedOf(bytes, written) }
}

function unfinishedOf(bytes: string, written: number): number {
  return written < bytes.length ? attribute.unfinished : 0
}

function criOf({ timeText, time, isStderr }: Head, content: string, shape: RecordSpec['shape']): Built {
  const tag = shape === 'part' ? 'P' : 'F'
  const name = isStderr ? 'stderr' : 'stdout'
  const bytes = criRecord(timeText, name, tag, Buffer.from(content, 'latin1')).toString('latin1')
  const nameEnd = timeText.length + 1 + name.length
  const contentStart = nameEnd + 3
  const meaning = (written: number): Meaning => {
    if (time === null || written < nameEnd) return rawMeaning(bytes, written)
    // A header that ends before its tag is one of the old form, of a whole line.
    const partial = shape === 'part' && written >= nameEnd + 2
    const attributes = (isStderr ? attribute.stderr : 0) | unfinishedOf(bytes, written)
    const end = Math.min(written, bytes.length - 1)
    return { content: bytes.slice(contentStart, end), partial, malformed: false, time, attributes }
  }
  return { bytes, meaning }
}

function dockerOf({ timeText, time, isStderr }: Head, content: string, shape: RecordSpec['shape']): Built {
  const partial = shape === 'part'
  const log = decodeAsGo(Buffer.from(content, 'latin1'))
  const name = isStderr ? 'stderr' : 'stdout'
  const bytes = dockerRecord(timeText, name, `${log}${partial ? '' : '\n'}`).toString('latin1')
  const decoded = Buffer.from(log).toString('latin1')
  const own = (isStderr ? attribute.stderr : 0) | (time === null ? attribute.clock : 0)
  const meaning = (written: number): Meaning => {
    if (written < bytes.length - 1) return rawMeaning(bytes, written)
    const attributes = own | unfinishedOf(bytes, written)
    return { content: decoded, partial, malformed: false, time, attributes }
  }
  return { bytes, meaning }
}
