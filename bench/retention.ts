/**
 * A program that is started with a smaller budget than its data takes: how long retention frees a gigabyte,
 * and what queries and a tail notice of it.
 */

import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import Database from 'better-sqlite3'
import { createRandom } from '../src/demo/random.ts'
import { databaseFile } from '../src/store/database.ts'
import { delay } from '../test/support/wait.ts'
import { openCorpus } from './corpus.ts'
import { atMost, type Figure, percentile } from './figures.ts'
import { ingest } from './ingest.ts'
import { fillWithLaterDays } from './later-days.ts'
import { absentText } from './limits.ts'
import { type MeasuredProgram, since, startMeasured } from './program.ts'
import { openTailClient, type TailClient } from './tail-client.ts'
import { type LogWriter, silence, startLogWriter } from './writer.ts'

const mega = 1e6
const files = 300
const linesPerSec = 1_000
const settleMsMax = 60_000
const sampleMs = 100
/** Between two questions: people and dashboards ask, they do not flood. */
const restMs = 20
/** Nobody may wait longer. */
const waitGoal = atMost(200)
const drawSeed = 11

export type RetentionOptions = {
  /** Lines that are stored and copied. */
  readonly lines: number
  /** On disk before, and how much of it has to go. */
  readonly bytes: number
  readonly freeBytes: number
  /** How long the same questions are asked when nothing is to be freed. */
  readonly quietMs: number
  readonly freeMsMax: number
}

export async function retentionFigures(options: RetentionOptions): Promise<Figure[]> {
  const base = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-bench-retention-'))
  const dataDir = path.join(base, 'data')
  const corpus = await openCorpus(options.lines)
  try {
    const { program } = await ingest(corpus, dataDir, null)
    await program.settle(settleMsMax)
    await program.stop()
    fillWithLaterDays(dataDir, options.bytes)
    syncFile(path.join(dataDir, databaseFile))
    const pods = corpus.streams.map((stream) => stream.pod)
    const writer = await startLogWriter(path.join(base, 'pods'), files)
    try {
      const ground = { dataDir, logRoot: path.join(base, 'pods'), pods, writer, options }
      return [...(await quietly(ground)), ...(await freeing(ground))]
    } finally {
      await writer.close()
    }
  } finally {
    corpus.close()
    fs.rmSync(base, { recursive: true, force: true })
  }
}

/** What the filling left in memory would else be written by the first checkpoint. */
function syncFile(file: string): void {
  const descriptor = fs.openSync(file, 'r+')
  fs.fsyncSync(descriptor)
  fs.closeSync(descriptor)
}

type Ground = {
  readonly dataDir: string
  readonly logRoot: string
  readonly pods: readonly string[]
  readonly writer: LogWriter
  readonly options: RetentionOptions
}

/** The same questions while nothing is deleted. */
async function quietly({ dataDir, logRoot, pods, writer, options }: Ground): Promise<Figure[]> {
  const program = await startMeasured({ logRoot, dataDir })
  try {
    const waits = await waitsWhile(program, { pods, writer }, () => delay(options.quietMs))
    return waitFigures('retention.quiet', 'nothing to delete', waits, false)
  } finally {
    await program.stop()
  }
}

async function freeing({ dataDir, logRoot, pods, writer, options }: Ground): Promise<Figure[]> {
  const before = sizesOf(dataDir)
  const budget = before.fileBytes - options.freeBytes
  const env = { LOGKEEP_RETENTION_SIZE: `${Math.floor(budget / 1024)}KiB` }
  const startedMs = performance.now()
  const program = await startMeasured({ logRoot, dataDir, settings: env })
  const started = program.usage()
  const seconds = (): number => (performance.now() - startedMs) / 1000
  let deletedSec: number | null = null
  let givenBackSec: number | null = null
  let deletedBytes = 0
  try {
    const waits = await waitsWhile(program, { pods, writer }, async () => {
      while (givenBackSec === null && seconds() * 1000 < options.freeMsMax) {
        await delay(sampleMs)
        const { fileBytes, freeBytes } = sizesOf(dataDir)
        deletedBytes = Math.max(deletedBytes, before.fileBytes - fileBytes + freeBytes)
        if (deletedSec === null && fileBytes - freeBytes <= budget) deletedSec = seconds()
        if (fileBytes <= budget) givenBackSec = seconds()
      }
    })
    const written = since(started.writtenBytes, program.usage().writtenBytes)
    const freed = `${(options.freeBytes / mega).toFixed(0)} MB of ${(before.fileBytes / mega).toFixed(0)} MB`
    return [
      { id: 'retention.deletedSec', what: `${freed}: until deleted`, value: deletedSec, unit: 's' },
      {
        id: 'retention.givenBackSec',
        what: `${freed}: until the file is as much smaller`,
        value: givenBackSec,
        unit: 's',
      },
      {
        id: 'retention.writtenPerByte',
        what: `${freed}: bytes written to disk per byte deleted`,
        value: written === null ? null : written / deletedBytes,
        unit: 'x',
      },
      ...waitFigures('retention.freeing', `${freed} are deleted`, waits, true),
    ]
  } finally {
    await program.stop()
  }
}

/** Of the database, without its WAL. Free pages are room that is used again. */
function sizesOf(dataDir: string): { readonly fileBytes: number; readonly freeBytes: number } {
  const file = path.join(dataDir, databaseFile)
  const database = new Database(file, { readonly: true })
  try {
    const number = (name: string): number => Number(database.pragma(name, { simple: true }))
    const pageBytes = number('page_size')
    return { fileBytes: fs.statSync(file).size, freeBytes: number('freelist_count') * pageBytes }
  } finally {
    database.close()
  }
}

type Waits = { readonly latest: number[]; readonly needle: number[]; readonly tail: readonly number[] }

async function waitsWhile(
  program: MeasuredProgram,
  { pods, writer }: Pick<Ground, 'pods' | 'writer'>,
  work: () => Promise<unknown>,
): Promise<Waits> {
  const tail = await openTailClient(program.base, 'tail=0')
  const waits = { latest: [] as number[], needle: [] as number[] }
  const end = new AbortController()
  const ask = async (): Promise<void> => {
    const random = createRandom(drawSeed)
    while (!end.signal.aborted) {
      const pod = pods[random.between(0, pods.length - 1)]
      waits.latest.push((await program.get(`/logs?pod=${pod}&limit=100`)).ms)
      await delay(restMs)
      const needle = encodeURIComponent(`"${absentText.slice(0, -8) + random.hex(8)}"`)
      // Over what is stored, without what has just been written.
      const until = Math.floor(Date.now() / 1000) - 2
      waits.needle.push((await program.get(`/logs?q=${needle}&until=${until}`)).ms)
      await delay(restMs)
    }
  }
  // The first of each kind starts a thread.
  await program.get(`/logs?pod=${pods[0]}&limit=1`)
  await program.get('/logs?q=%22nothing%20like%20this%22&limit=1')
  await writer.pace({ ...silence, linesPerSec })
  const asking = ask()
  try {
    await work()
  } finally {
    end.abort()
    await asking
    await writer.pace(silence)
  }
  return { ...waits, tail: closed(tail) }
}

function closed(tail: TailClient): readonly number[] {
  const { busy } = tail.take()
  tail.close()
  return busy
}

function waitFigures(id: string, what: string, waits: Waits, hasGoal: boolean): Figure[] {
  const kinds = [
    ['latest', 'latest 100 of a pod, up to now', waits.latest],
    ['needle', 'a needle that is not there', waits.needle],
    ['tail', 'written to tail frame', waits.tail],
  ] as const
  return kinds.flatMap(([kind, text, values]) => {
    const note = `${values.length} samples`
    const of = (name: string, value: number | null): Figure => ({
      id: `${id}.${kind}.${name}`,
      what: `${what}: ${text}, ${name}`,
      value,
      unit: 'ms',
      note,
    })
    const max = of('max', percentile(values, 1))
    return [
      of('p50', percentile(values, 0.5)),
      of('p99', percentile(values, 0.99)),
      hasGoal ? { ...max, goal: waitGoal } : max,
    ]
  })
}
