/** One writing transaction at a time: all of it or nothing, in the file and in the writer's memory alike. */

import type { Connection } from './database.ts'

/** Registers a change of memory that takes place only when the transaction is committed. */
export type AfterCommit = (change: () => void) => void

export type Transactions = {
  /** Runs `work`; an error rolls everything back and is thrown on. */
  readonly run: <T>(work: (after: AfterCommit) => T) => T
}

export function createTransactions(connection: Connection): Transactions {
  const begin = connection.prepare('BEGIN IMMEDIATE')
  const commit = connection.prepare('COMMIT')
  return {
    run: (work) => {
      const changes: (() => void)[] = []
      begin.run()
      let result: ReturnType<typeof work>
      try {
        result = work((change) => changes.push(change))
        commit.run()
      } catch (error) {
        if (connection.inTransaction) connection.exec('ROLLBACK')
        throw error
      }
      for (const change of changes) change()
      return result
    },
  }
}
