/**
 * Compares what is stored with what was written: every record once, in its order, with its bytes, time and
 * flags; what may be missing, and where a gap record must say so.
 */

import { collectorLimits } from '../../src/limits/collector.ts'
import { attribute } from '../../src/model/entry.ts'
import type { RecordedLine } from '../support/recording-writer.ts'
import type { Setup } from './commands.ts'
import type { ModelFile } from './model-file.ts'
import { type Instant, idPattern, isIdWritten, type WrittenRecord } from './records.ts'

export type Verdict = {
  /** Records written, entries stored. */
  readonly written: number
  readonly stored: number
  /** Without a gap record that tells of it. */
  readonly lost: number
  readonly repeated: number
  /** Records that are missing and told, and gap records. */
  readonly told: number
  readonly gaps: number
  /** Records that came and went between two looks, or while the collector was down: nobody could know. */
  readonly unseen: number
  readonly kills: number
  readonly inodesReused: number
  /** Empty: all is well. */
  readonly problems: string[]
}

type Stream = { readonly stream: string; readonly files: readonly ModelFile[] }

export type Evidence = {
  readonly instances: readonly Stream[]
  readonly lines: ReadonlyMap<string, readonly RecordedLine[]>
  readonly setup: Setup
  readonly nowSec: number
}

export function judge({ instances, lines, setup, nowSec }: Evidence): Verdict {
  const total = { written: 0, stored: 0, lost: 0, repeated: 0, told: 0, gaps: 0, unseen: 0 }
  const problems: string[] = []
  for (const { stream, files } of instances) {
    const stored = lines.get(stream) ?? []
    const found = countIds(stored)
    const fates = files.map((file) => fateOf(file, found))
    const gaps = stored.filter(isGap)
    total.written += files.reduce((sum, { records }) => sum + records.length, 0)
    total.stored += stored.length - gaps.length
    total.gaps += gaps.length
    for (const fate of fates) {
      total.lost += fate.lost.length
      total.told += fate.told
      total.unseen += fate.unseen
    }
    const repeated = [...found].filter(([, count]) => count > 1)
    total.repeated += repeated.reduce((sum, [, count]) => sum + count - 1, 0)
    const tell = (what: string): number => problems.push(`${stream}: ${what}`)
    for (const [id] of repeated) tell(`record ${id} is stored again`)
    for (const { lost } of fates) for (const id of lost) tell(`record ${id} is lost`)
    const needed = fates.filter(({ told }) => told > 0).length
    const allowed = files.filter(({ mayGap }) => mayGap).length
    if (gaps.length < needed || gaps.length > allowed)
      tell(
        `${gaps.length} gap records, ${needed} to ${allowed} expected: ${gaps.map(({ text }) => text).join()}`,
      )
    // With the last file of an instance what was known of its lines has gone.
    const isForgotten = files.some(({ maySplit }) => maySplit)
    for (const gap of gaps.filter((one) => !isForgotten && !isInPlace(one, stored)))
      tell(`a gap record stands at ${gap.sec}.${gap.ns}, the time of no line before it: ${gap.text}`)
    if (repeated.length > 0 || fates.some(({ lost }) => lost.length > 0)) continue
    const matcher = new Matcher(stored, setup.lineBytesMax, nowSec)
    const mismatch = setup.isWild ? matchEach(files, fates, stored, nowSec) : matcher.match(files, fates)
    if (mismatch !== null) tell(mismatch)
  }
  const known = new Set(instances.map(({ stream }) => stream))
  for (const stream of lines.keys()) if (!known.has(stream)) problems.push(`${stream} was never written`)
  return { ...total, kills: 0, inodesReused: 0, problems }
}

function isGap({ attributes }: RecordedLine): boolean {
  return (attributes & attribute.gap) !== 0
}

/** At a line before it, unless there is none whose time can be believed. `stored` in the order of arrival. */
function isInPlace(gap: RecordedLine, stored: readonly RecordedLine[]): boolean {
  const unbelievable = attribute.gap | attribute.clock | attribute.malformed
  const before = stored
    .slice(0, stored.indexOf(gap))
    .filter(({ attributes }) => (attributes & unbelievable) === 0)
  return before.length === 0 || before.some(({ sec, ns }) => sec === gap.sec && ns === gap.ns)
}

/** A line above the cap may be cut inside an id; its pieces have lines of other kinds between them. */
function countIds(stored: readonly RecordedLine[]): Map<number, number> {
  const found = new Map<number, number>()
  const kinds = Map.groupBy(
    stored.filter((line) => !isGap(line)),
    ({ attributes }) => attributes & (attribute.stderr | attribute.malformed),
  )
  for (const lines of kinds.values()) {
    const text = lines
      .map((line) => (line.attributes & attribute.cut ? line.text : `${line.text}\n`))
      .join('')
    for (const id of idsIn({ text })) found.set(id, (found.get(id) ?? 0) + 1)
  }
  return found
}

function idsIn({ text }: Pick<RecordedLine, 'text'>): number[] {
  return [...text.matchAll(idPattern)].map(([, id]) => Number(id))
}

/** `left`: records that are stored. `told`: missing, and a gap record must say so. */
type Fate = {
  readonly left: readonly WrittenRecord[]
  readonly lost: readonly number[]
  readonly told: number
  readonly unseen: number
}

function fateOf(file: ModelFile, found: ReadonlyMap<number, number>): Fate {
  const { records, isDestroyed, isSilent, safe, toldBefore } = file
  const firstMissing = records.findIndex((record) => isIdWritten(record) && !found.has(record.id ?? 0))
  let end = firstMissing < 0 ? records.length : firstMissing
  // What has no id is stored with what was written together with it, behind it.
  if (firstMissing > 0) while (records[end - 1]?.id === null) end -= 1
  const isLast = (index: number): boolean => index >= end
  const missing = records.flatMap((record, index) =>
    isLast(index) && record.id !== null ? [{ record, index }] : [],
  )
  const lost = missing.filter(({ record, index }) => {
    const isLater = found.has(record.id ?? 0)
    return !isDestroyed || index < safe || isLater
  })
  const must = missing.filter(({ index }) => index < toldBefore && !isSilent)
  return {
    left: records.slice(0, end),
    lost: lost.map(({ record }) => record.id ?? 0),
    told: lost.length > 0 ? 0 : must.length,
    unseen: lost.length > 0 ? 0 : missing.length - must.length,
  }
}

/** Where nothing tells the order of files: each by itself. All entries have ids there. */
function matchEach(
  files: readonly ModelFile[],
  fates: readonly Fate[],
  stored: readonly RecordedLine[],
  nowSec: number,
): string | null {
  for (const [index, file] of files.entries()) {
    const fate = fates[index] as Fate
    const ids = new Set(file.records.map(({ id }) => id))
    const own = stored.filter((line) => !isGap(line) && idsIn(line).some((id) => ids.has(id)))
    const mismatch = new Matcher(own, Number.POSITIVE_INFINITY, nowSec).match([file], [fate])
    if (mismatch !== null) return mismatch
  }
  return null
}

type Pending = { text: string; time: Instant | null; bits: number }

/** Walks through what is stored of each iostream as the records say that it must be. */
class Matcher {
  readonly #stored: readonly [RecordedLine[], RecordedLine[]] = [[], []]
  readonly #next: [number, number] = [0, 0]
  readonly #pending: [Pending | null, Pending | null] = [null, null]
  /** What was taken for all of a line at the end of a file may have been ended by an empty line behind it. */
  readonly #mayEnd: [boolean, boolean] = [false, false]
  readonly #lineBytesMax: number
  readonly #nowSec: number
  #mismatch: string | null = null

  constructor(stored: readonly RecordedLine[], lineBytesMax: number, nowSec: number) {
    for (const line of stored)
      if (!isGap(line)) this.#stored[line.attributes & attribute.stderr ? 1 : 0].push(line)
    this.#lineBytesMax = lineBytesMax
    this.#nowSec = nowSec
  }

  match(files: readonly ModelFile[], fates: readonly Fate[]): string | null {
    for (const [index, file] of files.entries()) {
      for (const record of fates[index]?.left ?? []) {
        if (file.isDestroyed && record === file.half && file.isHalfNameless) this.#rawIfThere(record)
        else this.#record(record)
      }
      if (file.isDestroyed || file.maySplit) for (const iostream of [0, 1] as const) this.#split(iostream)
    }
    for (const iostream of [0, 1] as const) {
      this.#flush(iostream)
      const rest = this.#stored[iostream].slice(this.#next[iostream])
      if (rest.length > 0) this.#mismatch ??= `more is stored than was written: ${show(rest[0])}`
    }
    return this.#mismatch
  }

  #record({ meaning, written }: WrittenRecord): void {
    const { attributes, content, malformed, partial, time } = meaning(written)
    if (malformed) return this.#raw(content, attributes)
    const iostream = attributes & attribute.stderr ? 1 : 0
    const pending = this.#pending[iostream] ?? { text: '', time, bits: 0 }
    this.#pending[iostream] = pending
    pending.text += content
    pending.bits |= attributes
    this.#cut(iostream, pending)
    if (partial) return
    this.#pending[iostream] = null
    const isEnd = this.#mayEnd[iostream] && pending.text === ''
    this.#mayEnd[iostream] = false
    if (isEnd && this.#stored[iostream][this.#next[iostream]]?.text !== '') return
    this.#expect(iostream, pending.text, pending.time, pending.bits)
  }

  #cut(iostream: 0 | 1, pending: Pending): void {
    while (pending.text.length > this.#lineBytesMax) {
      pending.bits |= attribute.cut
      this.#expect(iostream, pending.text.slice(0, this.#lineBytesMax), pending.time, pending.bits)
      pending.text = pending.text.slice(this.#lineBytesMax)
    }
  }

  /** No line of a runtime: in pieces above the cap, and where it is longer than a read. */
  #raw(content: string, attributes: number): void {
    const isLong = content.length > Math.min(this.#lineBytesMax, collectorLimits.readBytes)
    const bits = isLong ? attributes | attribute.cut : attributes
    let left = content
    do {
      const piece = this.#lineBytesMax
      this.#expect(0, left.slice(0, piece), null, bits)
      left = left.slice(piece)
    } while (left.length > 0)
  }

  /** A file that is gone may have ended in a few bytes that cannot be found otherwise. */
  #rawIfThere({ meaning, written }: WrittenRecord): void {
    const { attributes, content } = meaning(written)
    const line = this.#stored[0][this.#next[0]]
    if (line?.text === content && line.attributes === attributes) this.#raw(content, attributes)
  }

  #flush(iostream: 0 | 1): void {
    const pending = this.#pending[iostream]
    this.#pending[iostream] = null
    if (pending !== null)
      this.#expect(iostream, pending.text, pending.time, pending.bits | attribute.unfinished)
  }

  /** What waited for its end has come out here, or goes on. */
  #split(iostream: 0 | 1): void {
    const pending = this.#pending[iostream]
    const line = this.#stored[iostream][this.#next[iostream]]
    const isOut = line?.text === pending?.text && (line?.attributes ?? 0) & attribute.unfinished
    if (!isOut) return
    this.#flush(iostream)
    this.#mayEnd[iostream] = true
  }

  #expect(iostream: 0 | 1, text: string, time: Instant | null, bits: number): void {
    const line = this.#stored[iostream][this.#next[iostream]]
    this.#next[iostream] += 1
    if (this.#mismatch !== null) return
    const isOff =
      time !== null && (time.sec < collectorLimits.clockSecMin || time.sec > this.#nowSec + dayAheadSec)
    const attributes = bits | (isOff ? attribute.clock : 0)
    const isTime = time === null || (line?.sec === time.sec && line.ns === time.ns)
    if (line?.text === text && line.attributes === attributes && isTime) return
    const wanted = show({ text, attributes, sec: time?.sec ?? 0, ns: time?.ns ?? 0 })
    this.#mismatch = `${iostream === 0 ? 'stdout' : 'stderr'} has ${show(line)} where ${wanted} is expected`
  }
}

function show(line: Pick<RecordedLine, 'text' | 'attributes' | 'sec' | 'ns'> | undefined): string {
  if (line === undefined) return 'nothing'
  const { attributes, ns, sec, text } = line
  return `${JSON.stringify(text.length > 160 ? `${text.slice(0, 160)}… (${text.length})` : text)} with ${attributes} at ${sec}.${ns}`
}

/** Between the times that are written and the border from which a clock is off. */
const dayAheadSec = 86_400
