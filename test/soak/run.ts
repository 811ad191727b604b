/**
 * A long run of the real program under everything at once: writers, rotation, restarts, deleted pods,
 * retention, a tail, queries and exports; prints memory and descriptors every minute, then whether they stay
 * level, and whether the tail and an export have every line once: `npm run test:soak -- --minutes 20`.
 */

import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { parseArgs } from 'node:util'
import { faultsOf, judge, missingBeyondSwept, readExport } from '../kills/doors.ts'
import { getPage, openTail } from '../support/client.ts'
import { Answered, linesIn, readLedger } from '../support/line-ledger.ts'
import { type Program, startProgram } from '../support/program.ts'
import { projectRoot } from '../support/source-tree.ts'
import { delay, waitFor } from '../support/wait.ts'
import { startWriter } from '../support/writer-process.ts'
import { Course } from './course.ts'
import { judgeTrend } from './trend.ts'

const help = 'npm run test:soak -- [--minutes 20] [--lines 2000 a second] [--seed 1]'
const mark = 'the-last-line'
const arrivalMsMax = 120_000
/** The smallest that is accepted: reached within minutes, so that lines are deleted all the time. */
const dataBudgetMb = 64
const examplesMax = 10

process.exitCode = await main()

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '20' },
      lines: { type: 'string', default: '2000' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 32)) },
    },
  })
  const [minutes, linesPerSec, seed] = [values.minutes, values.lines, values.seed].map(Number) as [
    number,
    number,
    number,
  ]
  if (!(minutes > 0) || !(linesPerSec > 0) || !Number.isSafeInteger(seed)) {
    console.error(help)
    return 2
  }
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-soak-'))
  try {
    return await soak(folder, minutes, linesPerSec, seed)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

async function soak(folder: string, minutes: number, linesPerSec: number, seed: number): Promise<number> {
  console.log(`seed ${seed}, ${minutes} minutes, ${linesPerSec} lines a second`)
  const root = path.join(folder, 'node')
  const recordFile = path.join(folder, 'written')
  const dataDir = path.join(folder, 'data')
  const writer = startWriter({
    root,
    recordFile,
    isLedger: true,
    seed,
    linesPerSec,
    format: 'containerd',
    mark,
    containers: 120,
    isUneven: true,
    paddingChars: 60,
    rotateMs: [10_000, 30_000],
    restartMs: [40_000, 90_000],
    podLifeMs: [60_000, 120_000],
    deleteAfterMs: 10_000,
  })
  let program: Program | null = null
  try {
    program = await startProgram({
      file: path.join(projectRoot, 'start.mjs'),
      dataDir,
      logRoot: path.join(root, 'pods'),
      env: { LOGKEEP_RETENTION_SIZE: `${dataBudgetMb}MiB`, LOGKEEP_QUERY_DEADLINE: '10m' },
    })
    const { base } = program
    const received = new Answered('commit')
    const tail = openTail(base, { since: '1h' }, { reconnect: true, onEntries: received.take })
    const course = new Course(program, dataDir)
    await course.run(minutes)
    const summary = await writer.finish()
    const written = readLedger(recordFile)
    const count = linesIn(written)
    const isAll = async (): Promise<boolean> =>
      (await getPage(base, { q: mark, limit: 5000, gaps: 'false' })).entries.length === summary.marked &&
      linesIn(received.lines) >= count
    await waitFor('the last lines', isAll, { deadlineMs: arrivalMsMax, intervalMs: 250 }).catch(
      (error: Error) => console.log(error.message),
    )
    await delay(1_000)
    tail.close()
    const said = tail.frames.map((frame) => JSON.stringify(frame))
    const doors = [
      judge('tail', written, { answered: received, said }, { mayMissFirst: false }),
      judge('ndjson', written, await readExport(base), { mayMissFirst: true }),
    ]
    const faults = doors.flatMap((door) => faultsOf(door).map((fault) => `${door.name}: ${fault}`))
    const answered = doors.map((door) => `${door.name} ${door.answered}`).join(', ')
    console.log(`\n${count} lines written, answered by ${answered}, ${JSON.stringify(summary)}`)
    faults.push(...course.failures)
    const { code } = await program.stop()
    if (code !== 0) faults.push(`the stop ended with ${code}:\n${program.output().slice(-2_000)}`)
    for (const door of doors.slice(1))
      faults.push(...missingBeyondSwept(dataDir, door, { isStill: false }).slice(0, examplesMax))
    const trend = judgeTrend(course.samples, dataBudgetMb)
    for (const text of trend.table) console.log(text)
    for (const fault of [...faults, ...trend.faults]) console.log(`FAULT ${fault}`)
    if (faults.length === 0) console.log('nothing lost, nothing twice')
    if (faults.length + trend.faults.length === 0) return 0
    console.log(`FAILED; repeat with --seed ${seed}`)
    return 1
  } finally {
    writer.kill()
    await program?.stop()
  }
}
