/** Bytes that the stopped program left in its data folder, by part and by kind of log. */

import * as fs from 'node:fs'
import * as path from 'node:path'
import Database from 'better-sqlite3'
import type { Corpus } from './corpus.ts'
import { atMost, type Figure } from './figures.ts'
import type { BenchKind } from './kinds.ts'
import type { MachineLimits } from './limits.ts'

/** What people's services print, without the kinds that are there to be hard. */
const ownKinds: readonly string[] = ['syslog', 'repetitive', 'uuid', 'noise']

const databaseFile = 'logkeep.db'

export type DiskUse = {
  /** All files of the folder. */
  readonly bytes: number
  readonly parts: ReadonlyMap<string, number>
  /** Blocks and filters; what all share is not in it. */
  readonly bytesByKind: ReadonlyMap<BenchKind, number>
}

/** Only once the program has ended. */
export function measureDisk(dataDir: string, corpus: Corpus): DiskUse {
  const names = fs.readdirSync(dataDir)
  const sizes = new Map(names.map((name) => [name, fs.statSync(path.join(dataDir, name)).size]))
  const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  const database = new Database(path.join(dataDir, databaseFile), { readonly: true })
  try {
    const parts = readParts(database)
    for (const [name, size] of sizes) if (name !== databaseFile) parts.set(`file ${name}`, size)
    return { bytes, parts, bytesByKind: readKinds(database, corpus) }
  } finally {
    database.close()
  }
}

function readParts(database: Database.Database): Map<string, number> {
  const rows = database
    .prepare('SELECT name, pgsize FROM dbstat WHERE aggregate = TRUE ORDER BY pgsize DESC')
    .all() as { name: string; pgsize: number }[]
  const parts = new Map<string, number>()
  for (const { name, pgsize } of rows) {
    const part = partNames.find(([pattern]) => pattern.test(name))?.[1] ?? 'rest'
    parts.set(part, (parts.get(part) ?? 0) + pgsize)
  }
  const pragma = (name: string): number => Number(database.pragma(name, { simple: true }))
  parts.set('free pages', pragma('freelist_count') * pragma('page_size'))
  return parts
}

const partNames: readonly (readonly [RegExp, string])[] = [
  [/^block_data$/, 'blocks'],
  [/^block_filter|^filter_/, 'filters'],
  [/^block_counts$/, 'counts over time'],
  [/^block/, 'block headers, indexes'],
  [/^journal$/, 'journal'],
]

function readKinds(database: Database.Database, corpus: Corpus): Map<BenchKind, number> {
  const kindOf = new Map(corpus.streams.map((stream) => [stream.pod, stream.kind]))
  const rows = database
    .prepare(
      `SELECT pod, SUM(length(runs) + length(columns) + length(body)
         + coalesce(length(block_filter.bits), filter_pack.bits / 8, 0) + coalesce(length(cells), 0)) AS bytes
       FROM block JOIN stream ON stream.id = stream_id JOIN block_data ON block_data.block_id = block.id
       LEFT JOIN block_filter ON block_filter.block_id = block.id
       LEFT JOIN filter_pack ON filter_pack.id = packed / 64
       LEFT JOIN block_counts ON block_counts.block_id = block.id GROUP BY pod`,
    )
    .all() as { pod: string; bytes: number }[]
  const kinds = new Map<BenchKind, number>()
  for (const { pod, bytes } of rows) {
    const kind = kindOf.get(pod)
    if (kind !== undefined) kinds.set(kind, (kinds.get(kind) ?? 0) + bytes)
  }
  return kinds
}

export function diskFigures(use: DiskUse, corpus: Corpus, limits: MachineLimits | null): Figure[] {
  const zstdBytes = limits?.zstd.bytes ?? null
  const perLine = (bytes: number, lines: number): number => bytes / lines
  const demo = corpus.streams.filter((stream) => !ownKinds.includes(stream.kind))
  const demoLines = demo.reduce((sum, stream) => sum + stream.lines, 0)
  const demoBytes = [...new Set(demo.map((stream) => stream.kind))].reduce(
    (sum, kind) => sum + (use.bytesByKind.get(kind) ?? 0),
    0,
  )
  const figures: Figure[] = [
    {
      id: 'disk.bytesPerLine',
      what: 'disk, everything included',
      value: perLine(use.bytes, corpus.lines),
      unit: 'B/line',
      ...(zstdBytes === null
        ? {}
        : { limit: { value: perLine(zstdBytes, corpus.lines), what: 'zstd -1 of the files' } }),
    },
    {
      id: 'disk.demoBytesPerLine',
      what: 'disk, demo kinds of logs (blocks, filters)',
      value: perLine(demoBytes, demoLines),
      unit: 'B/line',
      goal: atMost(25),
    },
    {
      id: 'disk.toZstd',
      what: 'disk / zstd -1 of the same files',
      value: zstdBytes === null ? null : use.bytes / zstdBytes,
      unit: 'x',
      goal: atMost(1.6),
    },
    {
      id: 'disk.rawTo',
      what: 'raw files / disk',
      value: corpus.bytes / use.bytes,
      unit: 'x',
      goal: atLeastEighth,
    },
  ]
  for (const [part, bytes] of use.parts) {
    figures.push({
      id: `disk.part.${part}`,
      what: `disk, part: ${part}`,
      value: perLine(bytes, corpus.lines),
      unit: 'B/line',
    })
  }
  for (const [kind, bytes] of use.bytesByKind) figures.push(kindFigure(kind, bytes, corpus, limits))
  return figures
}

const atLeastEighth = { text: '≥ 8', isMet: (value: number) => value >= 8 }

function kindFigure(kind: BenchKind, bytes: number, corpus: Corpus, limits: MachineLimits | null): Figure {
  const streams = corpus.streams.filter((stream) => stream.kind === kind)
  const lines = streams.reduce((sum, stream) => sum + stream.lines, 0)
  const zstd = limits?.zstd.bytesByKind.get(kind)
  return {
    id: `disk.kind.${kind}`,
    what: `disk, kind: ${kind}`,
    value: bytes / lines,
    unit: 'B/line',
    ...(zstd === undefined ? {} : { limit: { value: zstd / lines, what: 'zstd -1 of its files' } }),
  }
}
