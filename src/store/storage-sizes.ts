/**
 * Sizes of the database's parts: what triggers keep (`migrations/0002_block_counts.sql`), SQLite's page
 * counts, and the write-ahead log's file.
 */

import { statSync } from 'node:fs'
import { type Connection, databasePath } from './database.ts'

/** Bytes. Parts as they are stored, without what pages add; `file` is the whole database. */
export type StoredSizes = {
  readonly bodies: number
  readonly columns: number
  readonly filters: number
  readonly counts: number
  readonly journal: number
  /** Pages without content. */
  readonly free: number
  readonly file: number
  readonly wal: number
}

/** To be called inside a read transaction, so that the figures belong together. Takes well below 1 ms. */
export function createStorageSizes(connection: Connection, dataDir: string): () => StoredSizes {
  const parts = connection.prepare('SELECT part, bytes FROM part_size')
  const pages = (name: string): number => connection.pragma(name, { simple: true }) as number
  const wal = `${databasePath(dataDir)}-wal`
  return () => {
    const sizes = new Map(
      (parts.all() as { part: string; bytes: number }[]).map((row) => [row.part, row.bytes]),
    )
    const sizeOf = (part: string): number => sizes.get(part) ?? 0
    const pageBytes = pages('page_size')
    return {
      bodies: sizeOf('bodies'),
      columns: sizeOf('columns'),
      filters: sizeOf('filters'),
      counts: sizeOf('counts'),
      journal: sizeOf('journal'),
      free: pages('freelist_count') * pageBytes,
      file: pages('page_count') * pageBytes,
      wal: statSync(wal, { throwIfNoEntry: false })?.size ?? 0,
    }
  }
}
