/** Asks filters which blocks a text excludes: those in rows of their own singly, those in packs at once. */

import type { Connection } from './database.ts'
import {
  decodePackedBlocks,
  keepSlots,
  type PackedBlock,
  packSlots,
  type SlotMask,
  sliceOf,
  slicesPerPack,
} from './filter-pack.ts'
import { hashShift, knowsLongGrams, mayHoldAll, type RequiredGrams } from './gram-filter.ts'
import type { BlockPlace } from './segment.ts'

export type PackRow = {
  id: number
  bits: number
  blocks: Buffer
  min_sec: number
  max_sec: number
}

/** Columns of `filter_pack` that make a `PackRow`. */
export const packColumns = 'id, bits, blocks, min_sec, max_sec'

export type Filters = {
  /** True: no line of the block can match. False of a block without a filter. */
  readonly isExcluded: (place: Pick<BlockPlace, 'id' | 'packed'>, required: RequiredGrams) => boolean
  /** Blocks of a pack that may hold what is required. About 30 µs where it excludes all. */
  readonly survivors: (pack: PackRow, required: RequiredGrams) => PackedBlock[]
}

const half = packSlots / 2

export function createFilters(connection: Connection): Filters {
  const filterOf = connection.prepare('SELECT bits FROM block_filter WHERE block_id = ?').pluck()
  const sliceAt = connection.prepare('SELECT bits FROM filter_slice WHERE id = ?').pluck()
  const bitsOf = connection.prepare('SELECT bits FROM filter_pack WHERE id = ?').pluck()

  /** Leaves of `mask` the slots whose filters have all of these hashes. */
  const keepAll = (mask: SlotMask, pack: number, shift: number, hashes: Int32Array): void => {
    for (let index = 0; index < hashes.length && (mask.low | mask.high) !== 0; index += 1) {
      const hash = (hashes[index] as number) >>> shift
      keepSlots(mask, sliceAt.get(pack * slicesPerPack + sliceOf(hash)) as Buffer, hash)
    }
  }
  const keepRequired = (mask: SlotMask, pack: number, bits: number, required: RequiredGrams): void => {
    const shift = hashShift(bits)
    for (const alternatives of required) {
      const any = { low: 0, high: 0 }
      for (const hashes of alternatives) {
        const own = { ...mask }
        if (knowsLongGrams(bits)) keepAll(own, pack, shift, hashes.long)
        keepAll(own, pack, shift, hashes.grams)
        any.low |= own.low
        any.high |= own.high
      }
      mask.low = any.low
      mask.high = any.high
      if ((mask.low | mask.high) === 0) return
    }
  }
  return {
    isExcluded: ({ id, packed }, required) => {
      if (packed === null) {
        const filter = filterOf.get(id) as Buffer | undefined
        if (filter === undefined) return false
        return !mayHoldAll(filter, required)
      }
      const pack = Math.floor(packed / packSlots)
      const slot = packed % packSlots
      const mask = { low: slot < half ? 1 << slot : 0, high: slot < half ? 0 : 1 << (slot - half) }
      keepRequired(mask, pack, bitsOf.get(pack) as number, required)
      return (mask.low | mask.high) === 0
    },
    survivors: ({ id, bits, blocks }, required) => {
      const mask = { low: -1, high: -1 }
      keepRequired(mask, id, bits, required)
      if ((mask.low | mask.high) === 0) return []
      return decodePackedBlocks(blocks).filter((_, slot) =>
        slot < half ? (mask.low & (1 << slot)) !== 0 : (mask.high & (1 << (slot - half))) !== 0,
      )
    },
  }
}
