/**
 * The long form of the random-program test: `npm run test:torture -- --minutes 10`. Prints its seed, the
 * counts every minute, and the smallest program that fails, if one does; then it exits 1.
 */

import os from 'node:os'
import { parseArgs } from 'node:util'
import { chooseSeed } from '../support/random.ts'
import { describeCounts, type TortureChunk, type TortureCounts } from './outcome.ts'
import { runOnThreads } from './threads.ts'

const minuteMs = 60_000
const programsPerChunk = 40
/** Of so many chunks the first is stored in a real database, which takes as long as several in memory. */
const realEvery = 4
const threadsMax = 8

process.exitCode = await main()

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      seed: { type: 'string' },
      store: { type: 'string', default: 'both' },
    },
  })
  const seed = values.seed === undefined ? chooseSeed() : Number(values.seed)
  const minutes = Number(values.minutes)
  if (!Number.isSafeInteger(seed) || !(minutes >= 0) || !['both', 'memory', 'real'].includes(values.store)) {
    console.error('usage: npm run test:torture -- [--minutes 10] [--seed 1] [--store both|memory|real]')
    return 2
  }
  const threads = Math.min(os.availableParallelism(), threadsMax)
  console.log(`seed ${seed}, ${minutes} minutes, ${threads} threads`)
  const startedMs = performance.now()
  const passedMs = (): number => performance.now() - startedMs
  let index = 0
  const next = (): TortureChunk | null => {
    if (index > 0 && passedMs() >= minutes * minuteMs) return null
    const isReal = values.store === 'real' || (values.store === 'both' && index % realEvery === 0)
    const store = isReal ? 'real' : 'memory'
    const chunk = { seed: seed + index, store, programs: programsPerChunk } as const
    index += 1
    return chunk
  }
  let toldMs = 0
  const tell = (counts: TortureCounts): void => {
    toldMs = passedMs()
    console.log(`${(toldMs / minuteMs).toFixed(1)} min: ${describeCounts(counts)}`)
  }
  const progress = (counts: TortureCounts): void => {
    if (passedMs() - toldMs >= minuteMs) tell(counts)
  }
  const { counts, failure } = await runOnThreads({ threads, next, progress })
  tell(counts)
  if (failure === null) return 0
  console.log(`\nFAILED: ${failure}`)
  console.log('Again: npm run test:torture -- --minutes 0 --seed <that seed> --store <that store>')
  return 1
}
