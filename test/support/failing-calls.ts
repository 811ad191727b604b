/** Has calls of the file system and of SQLite answer otherwise than they would, while a test runs. */

import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import type { TestContext } from 'node:test'
import Database from 'better-sqlite3'

type FsCall = 'fstatSync' | 'lstatSync' | 'openSync' | 'readdirSync'

/**
 * Replaces a call of `node:fs` in the whole process, threads left out. `replace` gets the real one and its
 * arguments. Returns how to end it; the end of the test does so too.
 */
export function replaceFsCall(
  t: TestContext,
  name: FsCall,
  replace: (real: (...given: never[]) => unknown, given: never[]) => unknown,
): () => void {
  const real = fs[name] as (...given: never[]) => unknown
  const mock = t.mock.method(fs, name, (...given: never[]) => replace(real, given))
  syncBuiltinESMExports()
  const end = (): void => {
    mock.mock.restore()
    syncBuiltinESMExports()
  }
  t.after(end)
  return end
}

/**
 * While `failure` is set, every commit of this process fails with it: SQLite's code and words. Queries run in
 * threads of their own and go on. `isOnce`: only the next one does.
 */
export function failCommits(t: TestContext): {
  failure: readonly [code: string, message: string] | null
  isOnce: boolean
} {
  const state: ReturnType<typeof failCommits> = { failure: null, isOnce: false }
  const any = new Database(':memory:')
  const statement = any.prepare('SELECT 1') as { run: (...given: unknown[]) => unknown; source: string }
  const prototype = Object.getPrototypeOf(statement) as typeof statement
  any.close()
  const real = prototype.run
  t.mock.method(prototype, 'run', function run(this: typeof statement, ...given: unknown[]): unknown {
    if (state.failure !== null && this.source === 'COMMIT') {
      const [code, message] = state.failure
      if (state.isOnce) state.failure = null
      throw new Database.SqliteError(message, code)
    }
    return real.apply(this, given)
  })
  return state
}
