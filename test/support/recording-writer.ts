/**
 * A writer that keeps commits in memory as the store would on disk: what was not committed does not survive
 * `reopen`.
 */

import type { CollectorWriter } from '../../src/collector/core.ts'
import { attribute, gapLevel, type StreamLabels } from '../../src/model/entry.ts'
import type { Commit, FileRow, FragmentPiece, Recovered, StoreCounters } from '../../src/store/contract.ts'

export type RecordedLine = {
  readonly stream: string
  readonly text: string
  readonly sec: number
  readonly ns: number
  readonly attributes: number
  readonly level: number
}

export class RecordingWriter implements CollectorWriter {
  readonly lines: RecordedLine[] = []
  readonly files = new Map<number, FileRow>()
  fragments: FragmentPiece[] = []
  commits = 0
  /** Set to have the next commits fail. */
  failure: Error | null = null
  readonly #streams = new Map<string, number>()
  readonly #names = new Map<number, string>()
  #nextFileId = 1

  readonly recover = (): Recovered => ({
    files: [...this.files.values()].map((row) => ({ ...row })),
    fragments: this.fragments.map((piece) => ({ ...piece })),
    replacedSec: null,
  })

  readonly resolveStream = (labels: StreamLabels): number => {
    const { namespace, pod, podUid, container, restart } = labels
    const name = `${namespace}/${pod}/${podUid}/${container}/${restart}`
    const id = this.#streams.get(name) ?? this.#streams.size + 1
    this.#streams.set(name, id)
    this.#names.set(id, name)
    return id
  }

  readonly nextFileId = (): number => this.#nextFileId++

  readonly foresee = (): void => {}

  readonly counters = (): StoreCounters => ({
    blocksSealed: 0,
    merges: 0,
    folds: 0,
    swept: { blocks: 0, lines: 0, bytes: 0 },
    oldestArrivalSec: null,
    upkeepSec: 0,
  })

  readonly commit = (commit: Commit): number => {
    if (this.failure !== null) throw this.failure
    this.commits += 1
    for (const [streamId, lines] of commit.lines) {
      for (let index = 0; index < lines.lineCount; index += 1) {
        this.lines.push({
          stream: this.#names.get(streamId) as string,
          text: lines.body.toString('latin1', lines.startOf(index), lines.ends[index]),
          sec: lines.seconds[index] as number,
          ns: lines.nanos[index] as number,
          attributes: lines.attributes[index] as number,
          level: lines.levels[index] as number,
        })
      }
    }
    for (const row of commit.files) this.files.set(row.id, row)
    for (const move of commit.moves) {
      const row = this.files.get(move.id)
      if (row === undefined) throw new Error(`A move of a file that has no row: ${move.id}`)
      this.files.set(move.id, { ...row, ...move })
    }
    for (const id of commit.removedFiles) this.files.delete(id)
    this.fragments = this.fragments.filter(
      (piece) =>
        !commit.clearedFragments.some(
          ({ streamId, iostream }) => piece.streamId === streamId && piece.iostream === iostream,
        ),
    )
    for (const piece of commit.fragments) this.fragments.push({ ...piece, bytes: Buffer.from(piece.bytes) })
    return this.commits
  }

  /** Bodies of a stream's lines, gap records left out. */
  texts(stream?: string): string[] {
    return this.entries(stream).map(({ text }) => text)
  }

  entries(stream?: string): RecordedLine[] {
    return this.lines.filter(
      (line) => (stream === undefined || line.stream === stream) && line.level !== gapLevel,
    )
  }

  gaps(): { reason: string; bytes: number | null; file: string | null }[] {
    return this.lines
      .filter((line) => (line.attributes & attribute.gap) !== 0)
      .map(({ text }) => JSON.parse(text))
  }
}
