/**
 * Fills a database with copies of what is in it, each a day later: blocks that the store has written itself,
 * with other times, lines, commits and arrivals, and all that is kept beside them.
 */

import * as path from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import Database from 'better-sqlite3'
import { storeLimits } from '../src/limits/store.ts'
import { LineBuffer } from '../src/model/line-buffer.ts'
import { ByteReader, ByteWriter } from '../src/store/byte-writer.ts'
import { decodeColumns, encodeColumns } from '../src/store/columns.ts'
import { compress } from '../src/store/compression.ts'
import { encodeCountCells } from '../src/store/count-cells.ts'
import { databaseFile } from '../src/store/database.ts'
import { decodePackedBlocks, encodePackedBlocks, packSlots, slicesPerPack } from '../src/store/filter-pack.ts'
import { decodeRuns, encodeRunsBytes } from '../src/store/runs.ts'
import { openWriter } from '../src/store/writer.ts'

const secondsPerDay = 86_400
const blocksPerTransaction = 64
const epochCommits = 2 ** 32
const stepMs = 1_000
const lineFeed = 0x0a

type Block = {
  readonly id: number
  readonly line_count: number
  readonly columns: Buffer
  readonly runs: Buffer
}

/**
 * Copies until the database has about `bytes`; returns how many days there are then. Only while no program
 * uses the folder. The newest copy arrived when the blocks did.
 */
export function fillWithLaterDays(dataDir: string, bytes: number): number {
  sealAll(dataDir)
  const database = new Database(path.join(dataDir, databaseFile))
  try {
    database.pragma('synchronous = OFF')
    const number = (text: string): number => database.prepare(text).pluck().get() as number
    if (number('SELECT count(*) FROM block WHERE holds_line_feeds IS NOT 0') > 0)
      throw new Error('blocks with line feeds in their lines cannot be copied')
    const size = (): number => number('PRAGMA page_count') * number('PRAGMA page_size')
    const copies = Math.max(0, Math.round((bytes - size()) / size()))
    const copy = createCopier(database, copies)
    for (let day = 1; day <= copies; day += 1) copy(day)
    addToStreams(database, copies)
    return copies + 1
  } finally {
    database.close()
  }
}

/** What lies in the journal has no place among copies. */
function sealAll(dataDir: string): void {
  const writer = openWriter({ dataDir, retention: { ageSec: 1e9, sizeBytes: 1e15, diskFreeMin: 0 } })
  writer.recover()
  const later = Math.ceil(Date.now() / 1000) + storeLimits.journalAgeMaxSec + 1
  while (writer.maintain(later, stepMs)) continue
  writer.close()
}

function createCopier(database: Database.Database, copies: number): (day: number) => void {
  const number = (text: string): number => database.prepare(text).pluck().get() as number
  const ids = number('SELECT max(id) FROM block')
  const packs = number('SELECT coalesce(max(id), 0) FROM filter_pack')
  const commits = (number('SELECT max(commit_max) FROM block') % epochCommits) + 1
  // The copies are to have arrived by now.
  database.exec(`UPDATE block SET arrival_min = arrival_min - ${copies * secondsPerDay},
    arrival_max = arrival_max - ${copies * secondsPerDay}`)
  const headers = columnsOf(database, 'block')
  const copyHeader = database.prepare(
    `INSERT INTO block (${headers.join(', ')}) SELECT ${headers.map(shiftedColumn).join(', ')} FROM block
     WHERE id = @id`,
  )
  const copyData = database.prepare(
    `INSERT INTO block_data (block_id, runs, columns, body)
     SELECT block_id + @idShift, @runs, @columns, body FROM block_data WHERE block_id = @id`,
  )
  const addCounts = database.prepare('INSERT INTO block_counts (block_id, cells) VALUES (?, ?)')
  const copyFilter = database.prepare(
    `INSERT INTO block_filter (block_id, bits, ready_sec)
     SELECT block_id + @idShift, bits, ready_sec FROM block_filter WHERE block_id = @id`,
  )
  const copyPacks = createPackCopier(database, { ids, packs })
  const blocksAfter = database.prepare(
    `SELECT id, line_count, columns, runs FROM block JOIN block_data ON block_id = id
     WHERE id > ? AND id <= ${ids} ORDER BY id LIMIT ${blocksPerTransaction}`,
  )
  const copyBlocks = database.transaction((blocks: readonly Block[], day: number) => {
    const idShift = day * ids
    for (const block of blocks) {
      const { columns, cells } = shiftTimes(block, day * secondsPerDay)
      const runs = decodeRuns(new ByteReader(block.runs))
      const shifted = runs.map(({ lines, commit }) => ({ lines, commit: commit + day * commits }))
      const { id } = block
      const sec = day * secondsPerDay
      copyHeader.run({ id, idShift, sec, commits: day * commits, packs: day * packs, day })
      copyData.run({ id, idShift, columns, runs: encodeRunsBytes(shifted) })
      if (cells !== null) addCounts.run(id + idShift, cells)
    }
    for (const { id } of blocks) copyFilter.run({ id, idShift })
  })
  return (day) => {
    for (let after = 0; ; ) {
      const blocks = blocksAfter.all(after) as Block[]
      const last = blocks.at(-1)
      if (last === undefined) break
      copyBlocks(blocks, day)
      after = last.id
    }
    copyPacks(day)
    database.pragma('wal_checkpoint(TRUNCATE)')
  }
}

type Counts = { readonly ids: number; readonly packs: number }

/** Filters of blocks that the store has put together. */
function createPackCopier(database: Database.Database, { ids, packs }: Counts): (day: number) => void {
  const blocksOf = database.prepare('SELECT blocks FROM filter_pack WHERE id = ?').pluck()
  const copyPack = database.prepare(
    `INSERT INTO filter_pack (id, bits, blocks, live, min_sec, max_sec)
     SELECT id + @packShift, bits, @blocks, live, min_sec + @sec, max_sec + @sec FROM filter_pack WHERE id = @id`,
  )
  const copySlices = database.prepare(
    `INSERT INTO filter_slice (id, bits) SELECT id + @packShift * ${slicesPerPack}, bits FROM filter_slice
     WHERE id >= @id * ${slicesPerPack} AND id < (@id + 1) * ${slicesPerPack}`,
  )
  return database.transaction((day: number) => {
    const sec = day * secondsPerDay
    for (let id = 1; id <= packs; id += 1) {
      const stored = blocksOf.get(id) as Buffer | undefined
      if (stored === undefined) continue
      const blocks = decodePackedBlocks(stored).map((block) => ({
        id: block.id + day * ids,
        streamId: block.streamId,
        minSec: block.minSec + sec,
        maxSec: block.maxSec + sec,
      }))
      const shift = { id, packShift: day * packs }
      copyPack.run({ ...shift, sec, blocks: encodePackedBlocks(blocks) })
      copySlices.run(shift)
    }
  })
}

function columnsOf(database: Database.Database, table: string): string[] {
  return (database.pragma(`table_info(${table})`) as { name: string }[]).map(({ name }) => name)
}

/** A stream's lines of a day follow those of the day before. */
function shiftedColumn(name: string): string {
  if (name === 'id') return 'id + @idShift'
  if (name === 'first_line')
    return 'first_line + @day * (SELECT sealed_line FROM stream WHERE stream.id = stream_id)'
  if (/^(min|max)_sec$|^arrival_/.test(name)) return `${name} + @sec`
  if (name.startsWith('commit_')) return `${name} + @commits`
  if (name === 'packed') return `${name} + @packs * ${packSlots}`
  return name
}

function shiftTimes(
  { line_count: count, columns }: Block,
  sec: number,
): { readonly columns: Buffer; readonly cells: Uint8Array | null } {
  const decoded = decodeColumns(zstdDecompressSync(columns), 0, count)
  const lines = new LineBuffer(count, count)
  // Lengths are not stored: empty lines do as well.
  lines.appendColumns(decoded, 0, count, Buffer.alloc(count, lineFeed))
  for (let index = 0; index < count; index += 1) {
    lines.seconds[index] = (decoded.seconds[index] as number) + sec
    lines.ends[index] = index
  }
  const out = new ByteWriter(columns.length * 4)
  encodeColumns(lines, 0, count, out)
  return {
    columns: compress(out.view()),
    cells: encodeCountCells(lines, 0, count, storeLimits.countCellsMax),
  }
}

function addToStreams(database: Database.Database, copies: number): void {
  const times = copies + 1
  database.exec(`UPDATE stream SET sealed_line = sealed_line * ${times}, lines = lines * ${times},
    bytes = bytes * ${times}, gaps = gaps * ${times}, gap_bytes = gap_bytes * ${times},
    last_sec = last_sec + ${copies * secondsPerDay}`)
}
