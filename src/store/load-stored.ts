/** Fills the writer's index of the journal from the database, and finds out whether that can be read. */

import { type Connection, DamagedData, isSqliteError } from './database.ts'
import type { FileTable } from './file-table.ts'
import type { JournalIndex } from './journal-index.ts'
import { decodeJournalHead, segmentsOf } from './journal-row.ts'

/**
 * Reads the journal into `journal`, and the files' positions once for nothing: damage must show while the
 * database can still be set aside. Throws `DamagedData` where what is read was never written.
 */
export function loadStored(
  connection: Connection,
  journal: JournalIndex,
  files: FileTable,
  sealedLine: (id: number) => number,
): void {
  try {
    loadJournal(connection, journal, sealedLine)
    files.recover()
  } catch (cause) {
    if (isSqliteError(cause, '')) throw cause
    throw new DamagedData('what is stored cannot be decoded', { cause })
  }
}

type StoredRow = {
  last_commit: number
  first_commit: number
  arrival_min: number
  arrival_max: number
  tier: number
  raw_bytes: number
  head: Buffer
}

/** Fills the index from the journal table. */
function loadJournal(
  connection: Connection,
  journal: JournalIndex,
  sealedLine: (id: number) => number,
): void {
  const rows = connection.prepare(
    'SELECT last_commit, first_commit, arrival_min, arrival_max, tier, raw_bytes, head FROM journal ORDER BY last_commit',
  )
  for (const row of rows.all() as StoredRow[]) {
    journal.add(
      {
        firstCommit: row.first_commit,
        lastCommit: row.last_commit,
        arrivalMin: row.arrival_min,
        arrivalMax: row.arrival_max,
        tier: row.tier,
        rawBytes: row.raw_bytes,
        segments: segmentsOf(decodeJournalHead(row.head)),
      },
      sealedLine,
    )
  }
}
