/**
 * Transactions of the writer that readers must notice: each raises the structure version by which they
 * reload.
 */

import type { BlockWriter } from './block-writer.ts'
import type { Connection } from './database.ts'
import type { JournalLoader } from './journal-loader.ts'
import { type AfterCommit, createTransactions } from './transaction.ts'

/** Work of a transaction; `version` is the structure version that it makes. */
export type Change<T> = (version: number, after: AfterCommit) => T

export type Changes = {
  /** Runs a transaction that changes streams or blocks. */
  readonly run: <T>(work: Change<T>) => T
  /** Runs a transaction that does so only if `work` returns true. */
  readonly runIf: (work: Change<boolean>) => void
}

export function createChanges(connection: Connection, blocks: BlockWriter, loader: JournalLoader): Changes {
  const transactions = createTransactions(connection)
  const setVersion = connection.prepare("UPDATE meta SET value = ? WHERE key = 'structure'")
  let structure = connection.prepare("SELECT value FROM meta WHERE key = 'structure'").pluck().get() as number
  const runChecked = <T>(work: Change<T>, isStructural: (result: T) => boolean): T => {
    const version = structure + 1
    try {
      return transactions.run((after) => {
        const result = work(version, after)
        blocks.flushFilters()
        if (isStructural(result)) {
          setVersion.run(version)
          after(() => {
            structure = version
          })
        }
        return result
      })
    } catch (error) {
      blocks.discardFilters()
      loader.clear()
      throw error
    }
  }
  return {
    run: (work) => runChecked(work, () => true),
    runIf: (work) => {
      runChecked(work, (isStructural) => isStructural)
    },
  }
}
