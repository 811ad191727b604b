/**
 * Drives a real writer and keeps, beside it, the plain list of what it committed: the model that readers are
 * held against.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type StoreLimits, storeLimits } from '../../src/limits/store.ts'
import { attribute, type StreamLabels } from '../../src/model/entry.ts'
import { LineBuffer } from '../../src/model/line-buffer.ts'
import type { Commit } from '../../src/store/contract.ts'
import { openWriter, type Writer } from '../../src/store/writer.ts'
import type { Random } from './random.ts'

/** Small enough that a few hundred lines cross every border: blocks, chunks, folds, merges, seals. */
export const smallLimits: StoreLimits = {
  ...storeLimits,
  blockBytes: 600,
  blockLinesMax: 40,
  blockFullBytes: 400,
  countCellsMax: 6,
  packBlocks: 3,
  mergeWidth: 3,
  journalBytesMax: 2_000,
  journalBytesLate: 3_000,
  foldWidth: 3,
  foldBytesMax: 1_500,
  sealStreamsPerSlice: 2,
  vacuumRestFactor: 0,
}

export type ModelLine = {
  readonly streamId: number
  readonly line: number
  readonly sec: number
  readonly ns: number
  readonly text: string
  readonly attributes: number
  readonly level: number
  readonly commit: number
  readonly arrivalSec: number
}

export type StoreModel = {
  readonly dataDir: string
  readonly writer: Writer
  /** In commit order, by stream and line within a commit. */
  readonly lines: ModelLine[]
  /** Commits a few random lines of random streams, some of them late. */
  readonly commitRandom: (random: Random, nowSec: number) => void
  readonly commitLines: (lines: readonly NewLine[], arrivalSec: number) => number
  readonly streamId: (index: number) => number
  /** Closes the writer and opens it again, as a restart does. */
  readonly reopen: () => void
  readonly close: () => void
}

export type NewLine = Pick<ModelLine, 'streamId' | 'sec' | 'ns' | 'text'> & {
  readonly attributes?: number
  readonly level?: number
}

export const emptyCommit: Omit<Commit, 'arrivalSec'> = {
  lines: new Map(),
  files: [],
  moves: [],
  removedFiles: [],
  clearedFragments: [],
  fragments: [],
}

export const keepForever = { ageSec: 1e9, sizeBytes: 1e12, diskFreeMin: 0 }

export function labelsOf(index: number): StreamLabels {
  const namespace = `ns${index % 3}`
  return { namespace, pod: `pod-${index}`, podUid: `uid-${index}`, container: 'app', restart: 0, node: 'n1' }
}

const words = ['alpha', 'bravo', 'charlie', 'delta', 'needle', 'GET /index', 'ünïcode', 'two\nlines', '']

export function createStoreModel(limits: StoreLimits = smallLimits, retention = keepForever): StoreModel {
  const dataDir = mkdtempSync(join(tmpdir(), 'logkeep-store-'))
  let writer = openWriter({ dataDir, retention, limits })
  const lines: ModelLine[] = []
  const nextLine = new Map<number, number>()
  const commitLines: StoreModel['commitLines'] = (added, arrivalSec) => {
    const buffers = new Map<number, LineBuffer>()
    for (const { streamId, sec, ns, text, attributes = 0, level = 0 } of added) {
      const buffer = buffers.get(streamId) ?? new LineBuffer(1, 1)
      buffers.set(streamId, buffer)
      const bytes = Buffer.from(text)
      buffer.append(bytes, 0, bytes.length, sec, ns, attributes, level)
    }
    const commit = writer.commit({ ...emptyCommit, lines: buffers, arrivalSec })
    for (const { streamId, sec, ns, text, attributes = 0, level = 0 } of added) {
      const line = nextLine.get(streamId) ?? 0
      nextLine.set(streamId, line + 1)
      lines.push({ streamId, line, sec, ns, text, attributes, level, commit, arrivalSec })
    }
    return commit
  }
  return {
    dataDir,
    get writer() {
      return writer
    },
    lines,
    commitLines,
    streamId: (index) => writer.resolveStream(labelsOf(index)),
    commitRandom: (random, nowSec) => {
      const added: NewLine[] = []
      for (let count = random.between(0, 12); count > 0; count -= 1) {
        const isLate = random.chance(0.05)
        const sec = nowSec - (isLate ? random.between(1, 400) : 0)
        const streamId = writer.resolveStream(labelsOf(random.between(0, 5)))
        const isBroken = random.chance(0.01)
        added.push({
          streamId,
          sec: isBroken ? -62_135_596_800 : sec,
          ns: random.between(0, 3) * 250_000_000,
          text: `${random.pick(words)} ${random.between(0, 999)} ${random.pick(words)}`,
          attributes: random.pick([0, 0, attribute.stderr]) | (isBroken ? attribute.clock : 0),
          level: random.between(0, 7),
        })
      }
      commitLines(added, nowSec)
    },
    reopen: () => {
      writer.close()
      writer = openWriter({ dataDir, retention, limits })
      writer.recover()
    },
    close: () => {
      writer.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** Model lines in history order. */
export function inHistoryOrder(lines: readonly ModelLine[]): ModelLine[] {
  return lines.toSorted((a, b) => a.sec - b.sec || a.ns - b.ns || a.streamId - b.streamId || a.line - b.line)
}

/** Model lines in the order of a tail. */
export function inTailOrder(lines: readonly ModelLine[]): ModelLine[] {
  return lines.toSorted(
    (a, b) =>
      a.commit - b.commit || a.sec - b.sec || a.ns - b.ns || a.streamId - b.streamId || a.line - b.line,
  )
}
