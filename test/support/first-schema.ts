/** Takes a database back to the first schema, as the program's first version left it: to be migrated. */

import type Database from 'better-sqlite3'

/** All or nothing. Leaves a database alone that has not come to the newest schema yet. */
export function makeFirstSchema(database: Database.Database): void {
  const isNewest = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'block_exception'").get()
  if (isNewest === undefined) return
  const triggers = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").pluck().all()
  database.transaction(() => {
    for (const name of triggers) database.exec(`DROP TRIGGER ${String(name)}`)
    takeBackToFourth(database)
    database.exec(`DROP TABLE block_exception; DROP INDEX block_stream_first;
      ALTER TABLE stream DROP COLUMN gaps; ALTER TABLE stream DROP COLUMN gap_bytes;
      ALTER TABLE block DROP COLUMN holds_line_feeds;
      DROP TABLE block_counts; DROP TABLE part_size; PRAGMA user_version = 1`)
  })()
}

/**
 * The schema before packs of filters and places of gap records; blocks that had their filter in a pack are
 * left without, and nothing excludes them.
 */
export function takeBackToFourth(database: Database.Database): void {
  database.exec(`DROP TRIGGER IF EXISTS block_removed_from_pack;
    DROP TABLE filter_slice; DROP TABLE filter_pack;
    DROP INDEX block_unpacked; ALTER TABLE block DROP COLUMN packed;
    DROP INDEX block_filter_ready; ALTER TABLE block_filter DROP COLUMN ready_sec;
    ALTER TABLE file DROP COLUMN last_sec; ALTER TABLE file DROP COLUMN last_ns;
    ALTER TABLE file DROP COLUMN unread`)
}
