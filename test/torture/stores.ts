/**
 * Where a random program's lines are stored: in memory, or in a real database with small blocks; both fail
 * and die on command, and tell what they hold.
 */

import path from 'node:path'
import type { CollectorWriter } from '../../src/collector/core.ts'
import { openReader } from '../../src/store/reader.ts'
import type { Segment } from '../../src/store/segment.ts'
import { openWriter, type Writer } from '../../src/store/writer.ts'
import { type RecordedLine, RecordingWriter } from '../support/recording-writer.ts'
import { keepForever, smallLimits } from '../support/store-model.ts'

export type TortureStore = {
  /** Called at each start of the collector, with the folder of this program. */
  readonly open: (base: string) => CollectorWriter
  /** Commits throw, before anything is stored. */
  isFailing: boolean
  /** Commits throw behind their transaction: the collector is killed before it knows. */
  isDying: boolean
  /** Since the program began. */
  commitCount: number
  /** The upkeep that the loop does between polls. */
  readonly maintain: (nowMs: number) => void
  /** By stream, in the order of arrival, gap records included. */
  readonly lines: () => Map<string, RecordedLine[]>
  /** Pieces of lines that are still to end. */
  readonly fragmentCount: () => number
  readonly close: () => void
}

export function createMemoryStore(): TortureStore {
  const writer = new RecordingWriter()
  const store: TortureStore = {
    open: () => interruptible(writer, store),
    isFailing: false,
    isDying: false,
    commitCount: 0,
    maintain: () => undefined,
    lines: () => Map.groupBy(writer.lines, ({ stream }) => stream),
    fragmentCount: () => writer.fragments.length,
    close: () => undefined,
  }
  return store
}

export function createRealStore(): TortureStore {
  const state: { writer: Writer | null; dataDir: string } = { writer: null, dataDir: '' }
  const store: TortureStore = {
    open: (base) => {
      state.writer?.close()
      state.dataDir = path.join(base, 'data')
      state.writer = openWriter({ dataDir: state.dataDir, retention: keepForever, limits: smallLimits })
      return interruptible(state.writer, store)
    },
    isFailing: false,
    isDying: false,
    commitCount: 0,
    maintain: (nowMs) => void state.writer?.maintain(Math.floor(nowMs / 1000), 5),
    lines: () => readLines(state.dataDir),
    fragmentCount: () => state.writer?.recover().fragments.length ?? 0,
    close: () => state.writer?.close(),
  }
  return store
}

function interruptible(writer: CollectorWriter, store: TortureStore): CollectorWriter {
  return {
    recover: () => writer.recover(),
    resolveStream: (labels) => writer.resolveStream(labels),
    nextFileId: () => writer.nextFileId(),
    foresee: (streamId, lines) => writer.foresee(streamId, lines),
    counters: () => writer.counters(),
    commit: (commit) => {
      if (store.isFailing) throw new Error('database or disk is full')
      const number = writer.commit(commit)
      store.commitCount += 1
      if (store.isDying) throw new Error('killed behind the commit')
      return number
    },
  }
}

const anyTime = { streamIds: null, fromSec: Number.MIN_SAFE_INTEGER, toSec: Number.MAX_SAFE_INTEGER }

function readLines(dataDir: string): Map<string, RecordedLine[]> {
  const reader = openReader(dataDir)
  try {
    return reader.snapshot((snapshot) => {
      const numbered: (RecordedLine & { readonly line: number })[] = []
      const add = (segment: Segment): void => {
        const record = snapshot.stream(segment.streamId)
        if (record === undefined) throw new Error(`No stream ${segment.streamId}`)
        const { namespace, pod, podUid, container, restart } = record.labels
        const stream = `${namespace}/${pod}/${podUid}/${container}/${restart}`
        const { attributes, levels, nanos, seconds } = snapshot.columns(segment)
        const texts = snapshot.body(segment).toString('latin1').split('\n')
        for (let index = 0; index < segment.lineCount; index += 1) {
          numbered.push({
            stream,
            line: segment.firstLine + index,
            text: texts[index] ?? '',
            sec: seconds[index] ?? 0,
            ns: nanos[index] ?? 0,
            attributes: attributes[index] ?? 0,
            level: levels[index] ?? 0,
          })
        }
      }
      for (const segment of snapshot.newestBlocks(anyTime)) add(segment)
      for (const segment of snapshot.journal()) add(segment)
      numbered.sort((one, other) => one.line - other.line)
      return Map.groupBy(numbered, ({ stream }) => stream)
    })
  } finally {
    reader.close()
  }
}
