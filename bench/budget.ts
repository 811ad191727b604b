/** The same questions to a program with a full default budget stored: 5 GiB on disk. */

import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { type Corpus, openCorpus, usualShape } from './corpus.ts'
import type { Figure } from './figures.ts'
import { diskFigure, histogramFigures, memoryFigures, startFigures, storedFigures } from './growth.ts'
import { ingest } from './ingest.ts'
import { fillWithLaterDays } from './later-days.ts'
import { startMeasured } from './program.ts'
import { rangeOfData } from './query-kinds.ts'
import { untilVisible } from './visible.ts'

/** After all copied days, and past. */
const newestDay = 300
const settleMsMax = 60_000
const ingestMsMax = 120_000

export type BudgetOptions = {
  /** Lines that the program reads and that are copied then. */
  readonly lines: number
  /** Of another day, read on top: what is searched stands in these, each needle once. */
  readonly newestLines: number
  readonly bytes: number
  readonly queries: number
  readonly singles: number
  readonly starts: number
}

export async function budgetFigures(options: BudgetOptions): Promise<Figure[]> {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-bench-budget-'))
  const base = await openCorpus(options.lines)
  const shape = { ...usualShape, name: '-newest', days: newestDay }
  const newest = await openCorpus(options.newestLines, shape)
  try {
    const { program } = await ingest(base, dataDir, null)
    await program.settle(settleMsMax)
    await program.stop()
    const days = fillWithLaterDays(dataDir, options.bytes)
    return await fullFigures({ base, newest }, dataDir, days, options)
  } finally {
    fs.rmSync(dataDir, { recursive: true, force: true })
    base.close()
    newest.close()
  }
}

async function fullFigures(
  { base, newest }: { readonly base: Corpus; readonly newest: Corpus },
  dataDir: string,
  days: number,
  { queries, singles, starts }: BudgetOptions,
): Promise<Figure[]> {
  const lines = base.lines * days + newest.lines
  const named = { id: 'budget', of: `${(lines / 1e6).toFixed(0)} M lines` }
  const figures: Figure[] = []
  const program = await startMeasured({ logRoot: newest.root, dataDir })
  try {
    await untilVisible(program, { lines, endMs: performance.now() + ingestMsMax })
    await program.settle(settleMsMax)
    figures.push(...(await storedFigures(program, newest, { ...named, goals: undefined, queries, singles })))
    const range = { sinceSec: rangeOfData(base).sinceSec, untilSec: rangeOfData(newest).untilSec }
    figures.push(
      ...(await histogramFigures(program, {
        id: `${named.id}.histogramOfAll`,
        what: `${named.of}: histogram of everything in 60 buckets by level`,
        ...range,
        count: starts,
      })),
    )
    figures.push(...memoryFigures(named.id, named.of, program))
  } finally {
    await program.stop()
  }
  return [
    ...figures,
    diskFigure(named.id, named.of, dataDir, lines),
    ...(await startFigures(named.id, named.of, { corpus: newest, dataDir, starts })),
  ]
}
