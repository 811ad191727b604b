/**
 * Asks every door for everything and compares it with what was written. Millions of lines: nothing of an
 * answer is kept but the hashes of its lines.
 */

import * as readline from 'node:readline'
import { Readable } from 'node:stream'
import Database from 'better-sqlite3'
import { databasePath } from '../../src/store/database.ts'
import { type Entry, getPage, toQuery } from '../support/client.ts'
import { Answered, type Comparison, compareLedgers, type Ledger, linesIn } from '../support/line-ledger.ts'

const linesPerPage = 5000
/** Far more than millions of lines need. */
const pagesMax = 100_000

export type Door = Comparison & {
  readonly name: string
  readonly answered: number
  readonly gaps: number
  readonly turns: number
  /** Warnings, and frames of a tail that are no entries. */
  readonly said: readonly string[]
}

/** Every page of a walk. */
export async function readPages(base: string, direction: 'forward' | 'backward') {
  const answered = new Answered(direction)
  const warnings = new Set<string>()
  let cursor: string | null = null
  for (let pages = 0; pages < pagesMax; pages += 1) {
    const from: Record<string, string> = cursor === null ? {} : { cursor }
    const page = await getPage(base, { direction, limit: linesPerPage, ...from })
    answered.take(page.entries)
    for (const warning of page.warnings) warnings.add(warning)
    cursor = page.next
    if (cursor === null) return { answered, said: [...warnings] }
  }
  throw new Error(`the walk did not end within ${pagesMax} pages`)
}

type End = { readonly kind: 'end'; readonly complete: boolean; readonly warnings: readonly string[] }

/** One export of everything. */
export async function readExport(base: string) {
  const answered = new Answered('forward')
  const response = await fetch(`${base}/logs?${toQuery({ direction: 'forward', format: 'ndjson' })}`)
  if (!response.ok || response.body === null) throw new Error(`ndjson answered ${response.status}`)
  const ends: End[] = []
  const lines = readline.createInterface({ input: Readable.fromWeb(response.body), crlfDelay: Infinity })
  for await (const text of lines) {
    const line: Entry | End = JSON.parse(text)
    if (line.kind === 'end') ends.push(line)
    else answered.take([line])
  }
  const [end] = ends
  if (end === undefined) throw new Error('the export has no end line')
  return { answered, said: end.complete ? end.warnings : [...end.warnings, 'not complete'] }
}

export function judge(
  name: string,
  written: Ledger,
  { answered, said }: { readonly answered: Answered; readonly said: readonly string[] },
  how: { readonly mayMissFirst: boolean },
): Door {
  const { gaps, lines, turns } = answered
  const comparison = compareLedgers(written, answered.inOrder(), how)
  return { ...comparison, name, answered: linesIn(lines), gaps, turns, said }
}

/** What speaks against a door; empty: nothing. */
export function faultsOf({ lost, repeated, foreign, gaps, turns, said, examples }: Door): string[] {
  const faults = Object.entries({ lost, repeated, foreign, gaps, turns }).filter(([, count]) => count > 0)
  return [...faults.map(([what, count]) => `${count} ${what}`), ...examples, ...said]
}

/**
 * Where lines are missing at the beginnings: whether in each container instance they are as many as the store
 * has deleted, which numbers them for ever. The program must have ended. `isStill`: it has deleted nothing
 * since the door was asked; else it may have deleted more than was missing then.
 */
export function missingBeyondSwept(
  dataDir: string,
  { missingFirst }: Door,
  { isStill }: { readonly isStill: boolean },
): string[] {
  const missing = new Map<string, number>()
  for (const [iostream, count] of missingFirst) {
    const instance = iostream.slice(0, iostream.lastIndexOf('/'))
    missing.set(instance, (missing.get(instance) ?? 0) + count)
  }
  const database = new Database(databasePath(dataDir), { readonly: true })
  const streams = database.prepare(
    `SELECT namespace || '/' || pod || '/' || pod_uid || '/' || container || '/' || restart AS instance,
       coalesce((SELECT min(first_line) FROM block WHERE stream_id = stream.id), sealed_line) AS swept
     FROM stream`,
  )
  try {
    return (streams.all() as { instance: string; swept: number }[])
      .filter(({ instance, swept }) => {
        const count = missing.get(instance) ?? 0
        return isStill ? swept !== count : swept < count
      })
      .map(({ instance, swept }) => `${instance}: ${missing.get(instance)} missing, ${swept} swept`)
  } finally {
    database.close()
  }
}
