/** Writes a database of very many short streams through the store's own writer. */

import { lineKinds } from '../src/demo/lines.ts'
import { createRandom, type Random } from '../src/demo/random.ts'
import type { Time } from '../src/model/entry.ts'
import { LevelDetector } from '../src/model/level.ts'
import { LineBuffer } from '../src/model/line-buffer.ts'
import { openWriter } from '../src/store/writer.ts'
import { createKindSource } from './kinds.ts'

/** Streams are dealt out to them in turn: `ns-0`, `ns-1` … */
export const namespaces = 50
export const linesPerStream = 20
/** The first stream begins then, each other one a second after the one before. */
export const startSec = Date.UTC(2025, 0, 15) / 1000
export const secondsPerDay = 86_400
const streamsPerCommit = 5_000
/** How long ago the lines came: their blocks are not merged any more. */
const arrivedDays = 2
const second = 1000
const seed = 11

export type ManyStreams = {
  readonly lines: number
  readonly textBytes: number
  /** One of each stream, in one line each. */
  readonly needles: readonly string[]
}

/**
 * Every stream has its lines in a block, as after a day: those of one kind of log, in turn, after a line with
 * an identifier of its own.
 */
export function writeManyStreams(dataDir: string, streams: number): ManyStreams {
  const writer = openWriter({ dataDir, retention: { ageSec: 1e9, sizeBytes: 1e12, diskFreeMin: 0 } })
  writer.recover()
  const arrivalSec = Math.floor(Date.now() / second) - arrivedDays * secondsPerDay
  const random = createRandom(seed)
  const sources = lineKinds.map((kind, index) => createKindSource(kind, seed + index))
  const detector = new LevelDetector()
  const needles: string[] = []
  let textBytes = 0
  for (let from = 0; from < streams; from += streamsPerCommit) {
    const lines = new Map<number, LineBuffer>()
    for (let index = from; index < Math.min(streams, from + streamsPerCommit); index += 1) {
      const buffer = new LineBuffer()
      const needle = identifier(random)
      needles.push(needle)
      append(buffer, `run ${needle} of job-${index} begins`, { sec: startSec + index, ns: 0 }, detector)
      while (buffer.lineCount < linesPerStream) {
        const time = { sec: startSec + index + buffer.lineCount, ns: random.between(0, 999_999_999) }
        for (const { text } of sources[index % sources.length]?.next(time.sec * second) ?? []) {
          if (buffer.lineCount < linesPerStream) append(buffer, text, time, detector)
        }
      }
      textBytes += buffer.bodyBytes
      lines.set(writer.resolveStream(labelsOf(index)), buffer)
    }
    const nothing = { files: [], moves: [], removedFiles: [], clearedFragments: [], fragments: [] }
    writer.commit({ lines, ...nothing, arrivalSec })
    while (writer.maintain(arrivalSec + arrivedDays * secondsPerDay, second)) continue
  }
  writer.close()
  return { lines: streams * linesPerStream, textBytes, needles }
}

function append(lines: LineBuffer, text: string, { sec, ns }: Time, detector: LevelDetector): void {
  const bytes = Buffer.from(text)
  const previous = lines.lineCount === 0 ? 0 : (lines.levels[lines.lineCount - 1] ?? 0)
  const level = detector.detect(bytes, 0, bytes.length, previous)
  lines.append(bytes, 0, bytes.length, sec, ns, 0, level)
}

function identifier(random: Random): string {
  return [8, 4, 4, 4, 12].map((digits) => random.hex(digits)).join('-')
}

/** Of the length that Kubernetes gives them. */
function uidOf(index: number): string {
  return `${(index * 2_654_435_761).toString(16).padStart(8, '0').slice(-8)}-4d5e-4b61-8a7c-${String(index).padStart(12, '0')}`
}

function labelsOf(index: number) {
  const namespace = `ns-${index % namespaces}`
  const hash = (index * 2_654_435_761).toString(36)
  const pod = `job-${index}-${hash}`
  return { namespace, pod, podUid: uidOf(index), container: 'main', restart: 0, node: 'n1' }
}
