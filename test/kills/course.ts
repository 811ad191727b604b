/**
 * A run of kills: the real program over a node that is written to all the time, killed at random moments and
 * when wanted phases are under way, until every one was hit; then every door is asked for everything.
 */

import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import Database from 'better-sqlite3'
import { databasePath } from '../../src/store/database.ts'
import { getPage, openTail, type Tail } from '../support/client.ts'
import { makeFirstSchema } from '../support/first-schema.ts'
import { Answered, linesIn, readLedger } from '../support/line-ledger.ts'
import { clearPhases, type Phase, phaseFileVariable, readPhases } from '../support/phases.ts'
import { killWhen, type Program, type ProgramOptions, startProgram } from '../support/program.ts'
import { createRandom, type Random } from '../support/random.ts'
import { delay, waitFor } from '../support/wait.ts'
import {
  startWriter,
  type Writer,
  type WriterOptions,
  type WriterSummary,
} from '../support/writer-process.ts'
import { type Door, faultsOf, judge, missingBeyondSwept, readExport, readPages } from './doors.ts'
import { shoot } from './marksman.ts'
import { Tally } from './tally.ts'

export type CourseOptions = Pick<
  WriterOptions,
  'seed' | 'linesPerSec' | 'containers' | 'paddingChars' | 'isUneven'
> & {
  readonly name: string
  /** Each is hit at least `hitsMin` times. */
  readonly phases: readonly Phase[]
  readonly hitsMin: number
  readonly killsMin: number
  /** Aimed kills between one after a longer life and one at random; by default 1. */
  readonly aimedInTurn?: number
  /** Where a phase was not hit often enough by then, the run has failed. */
  readonly killsMax: number
  readonly env?: Readonly<Record<string, string>>
  /** Where fewer are written in the mean the machine was too busy, and the run shows nothing. */
  readonly linesPerSecMin?: number
  /** Retention deletes the oldest lines meanwhile. */
  readonly isSwept?: boolean
  /** Hears of every kill. */
  readonly tell: (message: string) => void
}

export type CourseResult = {
  readonly tally: Tally
  readonly written: number
  readonly linesPerSec: number
  readonly summary: WriterSummary
  readonly doors: readonly Door[]
  /** What is wrong; empty: nothing. */
  readonly faults: readonly string[]
}

/** From readiness to a kill at random. */
const lifeMs: readonly [number, number] = [50, 1500]
/** From the start to a kill that may come before readiness. */
const startMs: readonly [number, number] = [50, 1500]
/**
 * Every so often a life lasts long enough to catch up with the writer, on a slow machine too: a file is read
 * before the kubelet deletes it, four rotations later.
 */
const settledMs = 4_000
const startKillChance = 0.3
/** Four rotations take longer than any pause of the reader, also on a machine that is busy with more. */
const rotateMs: readonly [number, number] = [10_000, 18_000]
/** Instances are deleted later than that. */
const restartMs: readonly [number, number] = [40_000, 90_000]
const podLifeMs: readonly [number, number] = [60_000, 120_000]
const deleteAfterMs = 40_000
/** Long enough for two rotations of some containers, which leave a gz of what was not read. */
const awayMs = 16_000
/** How long a phase is waited for, and how far into it a kill may come. */
const aims: Readonly<Record<Phase, { readonly waitMs: number; readonly delayMs: number }>> = {
  reading: { waitMs: 5_000, delayMs: 0.5 },
  'mid-commit': { waitMs: 5_000, delayMs: 4 },
  merging: { waitMs: 90_000, delayMs: 3 },
  sweeping: { waitMs: 90_000, delayMs: 6 },
  draining: { waitMs: 10_000, delayMs: 300 },
  'inside a gz': { waitMs: 10_000, delayMs: 15 },
  migrating: { waitMs: 10_000, delayMs: 4 },
}
/** These come with the start. */
const startPhases: readonly Phase[] = ['inside a gz', 'migrating']
const mark = 'the-last-line'
const markedMsMax = 120_000
/** A tail that has received nothing for so long has received all. */
const quietMs = 10_000
const tailMsMax = 600_000

const recorder = path.join(import.meta.dirname, '../support/phase-recorder.ts')

export async function runCourse(options: CourseOptions): Promise<CourseResult> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-kills-'))
  const course = new Course(options, folder)
  try {
    await course.killAll()
    return await course.finish()
  } finally {
    await course.close()
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

class Course {
  readonly #options: CourseOptions
  readonly #program: ProgramOptions
  readonly #phaseFile: string
  readonly #recordFile: string
  readonly #writer: Writer
  readonly #random: Random
  readonly #tally = new Tally()
  readonly #received = new Answered('commit')
  readonly #startedMs = performance.now()
  #tail: Tail | null = null
  #running: Program | null = null

  constructor(options: CourseOptions, folder: string) {
    const { seed, linesPerSec, containers, paddingChars = 0, isUneven = false, env = {} } = options
    const root = path.join(folder, 'node')
    this.#options = options
    this.#random = createRandom(seed)
    this.#phaseFile = path.join(folder, 'phases')
    this.#recordFile = path.join(folder, 'written')
    this.#program = {
      dataDir: path.join(folder, 'data'),
      logRoot: path.join(root, 'pods'),
      env: {
        LOGKEEP_QUERY_DEADLINE: '10m',
        NODE_OPTIONS: `--import=${recorder}`,
        NODE_COMPILE_CACHE: path.join(folder, 'compiled'),
        [phaseFileVariable]: this.#phaseFile,
        ...env,
      },
    }
    this.#writer = startWriter({
      root,
      recordFile: this.#recordFile,
      isLedger: true,
      seed,
      linesPerSec,
      format: 'containerd',
      mark,
      containers,
      isUneven,
      paddingChars,
      rotateMs,
      restartMs,
      podLifeMs,
      deleteAfterMs,
    })
  }

  /** Kills until every phase was hit often enough: in turn after a longer life, aimed, and at random. */
  async killAll(): Promise<void> {
    const { phases, hitsMin, killsMin, killsMax, name, aimedInTurn = 1 } = this.#options
    const isHit = (phase: Phase): boolean => this.#tally.hits(phase) >= hitsMin
    // Fills the cache of compiled sources, which a killed program never writes: the starts take half as long.
    await (await this.#start()).stop()
    while (this.#tally.kills < killsMin || !phases.every(isHit)) {
      if (this.#tally.kills >= killsMax)
        throw new Error(`${name}: not hit often enough:\n${this.#tally.table()}`)
      const turn = this.#tally.kills % (aimedInTurn + 2)
      if (turn === 0) await this.#killRunning(null, settledMs + this.#random.between(...lifeMs))
      else if (turn <= aimedInTurn) await this.#killAimed(this.#tally.rarest(phases))
      else if (this.#random.chance(startKillChance)) await this.#killAtStart()
      else await this.#killRunning(null, this.#random.between(...lifeMs))
    }
  }

  async finish(): Promise<CourseResult> {
    const { isSwept = false, linesPerSecMin = 0, tell } = this.#options
    const { base } = await this.#start()
    const summary = await this.#writer.finish()
    const sec = (performance.now() - this.#startedMs) / 1000
    const written = readLedger(this.#recordFile)
    const count = linesIn(written)
    const linesPerSec = Math.round(count / sec)
    tell(`${linesPerSec} lines a second were written in the mean, of ${this.#options.linesPerSec} wanted`)
    await waitFor(
      'the newest lines',
      async () =>
        (await getPage(base, { q: mark, limit: 5000, gaps: 'false' })).entries.length === summary.marked,
      { deadlineMs: markedMsMax, intervalMs: 250 },
    )
    tell('all is written; the tail goes on to its end')
    await this.#untilQuiet(count)
    const frames = this.#tail?.frames.filter(({ type }) => type !== 'end') ?? []
    const said = frames.map((frame) => JSON.stringify(frame))
    const all = { mayMissFirst: false }
    const kept = { mayMissFirst: isSwept }
    const doors = [judge('tail', written, { answered: this.#received, said }, all)]
    for (const direction of ['forward', 'backward'] as const) {
      tell(`/logs ${direction} is walked`)
      doors.push(judge(`/logs ${direction}`, written, await readPages(base, direction), kept))
    }
    tell('ndjson is read')
    doors.push(judge('ndjson', written, await readExport(base), kept))
    const faults = doors.flatMap((door) => faultsOf(door).map((fault) => `${door.name}: ${fault}`))
    const { code } = (await this.#running?.stop()) ?? {}
    if (code !== 0) faults.push(`the last stop ended with ${code}`)
    const [, forward] = doors
    if (isSwept && forward !== undefined)
      faults.push(...missingBeyondSwept(this.#program.dataDir, forward, { isStill: true }).slice(0, 10))
    if (linesPerSec < linesPerSecMin)
      faults.push(
        `the machine was too busy: ${linesPerSec} lines a second, below ${linesPerSecMin}: not valid`,
      )
    return { tally: this.#tally, written: count, linesPerSec, summary, doors, faults }
  }

  async close(): Promise<void> {
    this.#writer.kill()
    this.#tail?.close()
    await this.#running?.kill('SIGKILL')
  }

  async #start(): Promise<Program> {
    clearPhases(this.#phaseFile)
    const program = await startProgram(this.#program)
    this.#running = program
    if (this.#tail === null) {
      const onEntries = this.#received.take
      this.#tail = openTail(program.base, { since: '1h' }, { reconnect: true, onEntries })
    } else this.#tail.moveTo(program.base)
    return program
  }

  async #killRunning(target: Phase | null, afterMs: number): Promise<void> {
    const program = await this.#start()
    if (target === null) await delay(afterMs)
    else await this.#shoot(target, program.pid)
    await program.kill('SIGKILL')
    this.#running = null
    this.#note(target)
  }

  async #killAimed(target: Phase): Promise<void> {
    if (target === 'migrating') this.#makeOld()
    if (target === 'inside a gz') await delay(awayMs)
    if (!startPhases.includes(target)) return this.#killRunning(target, 0)
    clearPhases(this.#phaseFile)
    await killWhen(this.#program, (pid) => this.#shoot(target, pid))
    this.#note(target)
  }

  async #killAtStart(): Promise<void> {
    clearPhases(this.#phaseFile)
    await killWhen(this.#program, () => delay(this.#random.between(...startMs)))
    this.#note(null)
  }

  async #shoot(phase: Phase, pid: number): Promise<void> {
    const { waitMs, delayMs } = aims[phase]
    const share = this.#random.between(0, 1000) / 1000
    await shoot({ pid, file: this.#phaseFile, phase, waitMs, delayMs: delayMs * share })
  }

  #note(target: Phase | null): void {
    const underWay = readPhases(this.#phaseFile)
    this.#tally.add(target, underWay)
    const aim = target === null ? 'at random' : `aimed at ${target}`
    this.#options.tell(`kill ${this.#tally.kills} ${aim}: ${underWay.join(', ') || 'none'}`)
  }

  #makeOld(): void {
    const database = new Database(databasePath(this.#program.dataDir))
    try {
      makeFirstSchema(database)
    } finally {
      database.close()
    }
  }

  async #untilQuiet(wanted: number): Promise<void> {
    let count = -1
    let since = 0
    await waitFor(
      'the tail to be quiet',
      () => {
        const received = linesIn(this.#received.lines)
        if (received !== count) since = performance.now()
        count = received
        return count >= wanted || performance.now() - since > quietMs
      },
      { deadlineMs: tailMsMax, intervalMs: 100 },
    )
  }
}
