/** Puts the filters of blocks that are not merged any more into packs, a pack per step. */

import type { StoreLimits } from '../limits/store.ts'
import type { UpkeepCounts } from './contract.ts'
import type { Connection } from './database.ts'
import { encodePackedBlocks, type PackedBlock, packSlots, slicesPerPack, turnFilters } from './filter-pack.ts'

/** Filters looked at for enough of one size: there are ten sizes. */
const lookedAtMax = 10 * packSlots
/** How often filters of finished days are looked for. */
const lookIntervalSec = 600
/** Since an arrival, after which a block of that day is not merged any more. */
const finishedAfterSec = 86_400

export type Packing = {
  /** Whether a step may find something to do. */
  readonly isDue: (nowSec: number) => boolean
  /** Packs filters of one size, if there are enough. Inside a transaction. */
  readonly packOne: (nowSec: number) => boolean
}

type Candidate = { block_id: number; bytes: number }
type BlockRow = PackedBlock & { readonly filter: Buffer }

export function createPacking(
  connection: Connection,
  limits: StoreLimits,
  counts: Readonly<UpkeepCounts>,
): Packing {
  const ready = connection.prepare(
    `SELECT block_id, length(bits) AS bytes FROM block_filter WHERE ready_sec < ?
     ORDER BY ready_sec, block_id LIMIT ${lookedAtMax}`,
  )
  const get = connection.prepare(
    `SELECT id, stream_id AS streamId, min_sec AS minSec, max_sec AS maxSec, bits AS filter
     FROM block_filter JOIN block ON id = block_id WHERE block_id = ?`,
  )
  const insertPack = connection.prepare(
    'INSERT INTO filter_pack (bits, blocks, live, min_sec, max_sec) VALUES (?, ?, ?, ?, ?)',
  )
  const insertSlice = connection.prepare('INSERT INTO filter_slice (id, bits) VALUES (?, ?)')
  const setPacked = connection.prepare('UPDATE block SET packed = ? WHERE id = ?')
  const removeFilter = connection.prepare('DELETE FROM block_filter WHERE block_id = ?')
  /** At the last look that found too few. */
  let lookedBlocks = Number.NEGATIVE_INFINITY
  let lookedSec = Number.NEGATIVE_INFINITY

  const written = (): number => counts.blocksSealed + counts.merges
  const write = (blocks: readonly BlockRow[]): void => {
    const bits = (blocks[0] as BlockRow).filter.length * 8
    const minSec = Math.min(...blocks.map((block) => block.minSec))
    const maxSec = Math.max(...blocks.map((block) => block.maxSec))
    const packed = insertPack.run(bits, encodePackedBlocks(blocks), blocks.length, minSec, maxSec)
    const pack = Number(packed.lastInsertRowid)
    for (const [slot, { id }] of blocks.entries()) {
      setPacked.run(pack * packSlots + slot, id)
      removeFilter.run(id)
    }
    const slices = turnFilters(blocks.map((block) => block.filter))
    for (const [slice, bytes] of slices.entries()) insertSlice.run(pack * slicesPerPack + slice, bytes)
  }
  return {
    isDue: (nowSec) =>
      written() - lookedBlocks >= limits.packBlocks || Math.abs(nowSec - lookedSec) >= lookIntervalSec,
    packOne: (nowSec) => {
      const bySize = new Map<number, number[]>()
      for (const { block_id: id, bytes } of ready.all(nowSec - finishedAfterSec) as Candidate[]) {
        const ids = bySize.get(bytes) ?? []
        bySize.set(bytes, ids)
        ids.push(id)
        if (ids.length < limits.packBlocks) continue
        write(ids.map((each) => get.get(each) as BlockRow))
        return true
      }
      lookedBlocks = written()
      lookedSec = nowSec
      return false
    },
  }
}
