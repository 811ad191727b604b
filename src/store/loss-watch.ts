/** Notices that the database is lost while it is open: its content broken, or its file not there any more. */

import type { LostDatabase } from './contract.ts'
import { databaseIdentity, databasePath, isDamaged } from './database.ts'

export type LossWatch = {
  /** Null: nothing is known to be wrong. */
  readonly lost: () => LostDatabase | null
  /** The same work; an error of it that says that the content is broken is noted, and thrown on. */
  readonly watched: <Given extends unknown[], Result>(
    work: (...given: Given) => Result,
  ) => (...given: Given) => Result
}

/** To be called once the database is open. */
export function createLossWatch(dataDir: string): LossWatch {
  const identity = databaseIdentity(dataDir)
  let damage: LostDatabase | null = null
  return {
    lost: () => {
      if (damage !== null || databaseIdentity(dataDir) === identity) return damage
      // SQLite goes on in a file without a name: what it writes there is gone when the process ends.
      return { reason: `${databasePath(dataDir)} was removed or replaced`, isDamaged: false }
    },
    watched: (work) => {
      return (...given) => {
        try {
          return work(...given)
        } catch (error) {
          if (isDamaged(error)) damage = { reason: (error as Error).message, isDamaged: true }
          throw error
        }
      }
    },
  }
}
