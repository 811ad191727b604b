/**
 * Kills the real program a hundred times and more, until every phase of its work was hit, and prints where
 * the kills landed and what became of the lines: `npm run test:kills -- --help`.
 */

import { parseArgs } from 'node:util'
import { type CourseOptions, type CourseResult, runCourse } from './course.ts'
import { Tally } from './tally.ts'

const help = `npm run test:kills -- [options]
  --kills N    kills of the run that keeps everything (100)
  --hits N     hits of each phase (3)
  --seed N     of what is written, and of the kills`

const linesPerSec = 20_000
/** The writer catches up after a pause, a bounded step at a time: below this it never could. */
const linesPerSecMin = 18_000

// The programs that run end with this one.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    console.error(`ended by ${signal}`)
    process.exit(1)
  })
}
process.exitCode = await main()

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '100' },
      hits: { type: 'string', default: '3' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 32)) },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(help)
    return 0
  }
  const [kills, hits, seed] = [values.kills, values.hits, values.seed].map(Number) as [number, number, number]
  const tally = new Tally()
  let isGood = true
  console.log(`seed ${seed}`)
  for (const options of courses(kills, hits, seed)) {
    console.log(`\n== ${options.name}`)
    const result = await runCourse(options)
    console.log(reportOf(result))
    tally.include(result.tally)
    isGood &&= result.faults.length === 0
  }
  console.log(`\n== both together\n${tally.table()}\n`)
  console.log(isGood ? 'nothing lost, nothing twice' : `FAILED; repeat with --seed ${seed}`)
  return isGood ? 0 : 1
}

function courses(kills: number, hits: number, seed: number): CourseOptions[] {
  const shared = { seed, linesPerSec, hitsMin: hits, tell: tellTime() }
  return [
    {
      ...shared,
      name: 'everything is kept',
      containers: 80,
      isUneven: true,
      linesPerSecMin,
      phases: ['reading', 'mid-commit', 'draining', 'inside a gz', 'migrating'],
      killsMin: kills,
      killsMax: 2 * kills,
    },
    {
      ...shared,
      name: 'retention deletes the oldest lines',
      // So many that the journal is sealed when each has half a block: those are merged, three times on.
      containers: 220,
      // The smallest size that is accepted: with these lines it is reached within a minute.
      paddingChars: 60,
      env: { LOGKEEP_RETENTION_SIZE: '64MiB' },
      isSwept: true,
      phases: ['merging', 'sweeping'],
      killsMin: 8 * hits,
      killsMax: 30 * hits,
    },
  ]
}

function tellTime(): (message: string) => void {
  const startedMs = performance.now()
  return (message) => {
    const sec = Math.round((performance.now() - startedMs) / 1000)
    console.log(`${String(sec).padStart(5)} s  ${message}`)
  }
}

function reportOf({ tally, written, linesPerSec: rate, summary, doors, faults }: CourseResult): string {
  const columns = ['answered', 'swept', 'lost', 'repeated', 'foreign', 'gaps'] as const
  const rows = doors.map((door) => {
    const swept = door.missingFirst.values().reduce((sum, count) => sum + count, 0)
    return [door.name, ...columns.map((column) => String(column === 'swept' ? swept : door[column]))]
  })
  const lines = [['door', ...columns], ...rows].map(([name = '', ...cells]) =>
    [name.padEnd(16), ...cells.map((cell) => cell.padStart(11))].join(''),
  )
  return [
    '',
    tally.table(),
    '',
    `${written} lines written, ${rate} a second over the whole run, ${JSON.stringify(summary)}`,
    '',
    ...lines,
    ...faults.map((fault) => `FAULT ${fault}`),
  ].join('\n')
}
