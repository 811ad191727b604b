/** Times listings and queries over very many streams, in a fresh program and in a warm one. */

import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { createRandom } from '../src/demo/random.ts'
import { type Answer, answerFigures, ask } from './ask.ts'
import { atMost, below, type Figure, type Goal, latencyFigures } from './figures.ts'
import {
  linesPerStream,
  type ManyStreams,
  namespaces,
  secondsPerDay,
  startSec,
  writeManyStreams,
} from './many-streams-data.ts'
import { type MeasuredProgram, startMeasured } from './program.ts'
import { textOf } from './query-kinds.ts'

const mega = 1e6
const drawSeed = 12
const limitLeast = 95
const limitMost = 105

export type ManyStreamsOptions = {
  readonly streams: number
  readonly pages: number
  readonly starts: number
  /** Of each kind. */
  readonly queries: number
}

export async function manyStreamsFigures(options: ManyStreamsOptions): Promise<Figure[]> {
  const { streams, pages, starts, queries } = options
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-bench-streams-'))
  const dataDir = path.join(folder, 'data')
  const logRoot = path.join(folder, 'pods')
  fs.mkdirSync(logRoot)
  try {
    const written = writeManyStreams(dataDir, streams)
    const figures = [diskFigure(dataDir, written)]
    const cold: number[] = []
    const coldLogs: number[] = []
    const startMs: number[] = []
    for (let start = 0; start < starts; start += 1) {
      const program = await startMeasured({ logRoot, dataDir })
      startMs.push(program.startMs)
      const first = await program.get(start % 2 === 0 ? '/streams' : `/logs?namespace=ns-${start}`)
      ;(start % 2 === 0 ? cold : coldLogs).push(first.ms)
      await program.stop()
    }
    const program = await startMeasured({ logRoot, dataDir })
    try {
      figures.push(...coldFigures(startMs, cold, coldLogs), ...(await logFigures(program, written, queries)))
      return [...figures, ...(await warmFigures(program, pages))]
    } finally {
      await program.stop()
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

function diskFigure(dataDir: string, { lines, textBytes }: ManyStreams): Figure {
  const sizes = fs.readdirSync(dataDir).map((name) => fs.statSync(path.join(dataDir, name)).size)
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  return {
    id: 'streams.bytesPerLine',
    what: `disk, streams of ${linesPerStream} lines`,
    value: bytes / lines,
    unit: 'B/line',
    goal: atMost(60),
    note: `${(textBytes / lines).toFixed(0)} bytes of text per line`,
  }
}

function coldFigures(
  starts: readonly number[],
  streams: readonly number[],
  logs: readonly number[],
): Figure[] {
  return [
    ...latencyFigures('streams.start', 'start with these streams stored', starts, { p99: below(1000) }),
    ...latencyFigures('streams.cold', 'first page of /streams of a fresh program', streams, {
      p99: below(100),
    }),
    ...latencyFigures('streams.coldLogs', 'first /logs of a namespace of a fresh program', logs),
  ]
}

async function logFigures(
  program: MeasuredProgram,
  { needles, lines }: ManyStreams,
  queries: number,
): Promise<Figure[]> {
  const random = createRandom(drawSeed)
  const streams = (lines / linesPerStream / namespaces).toLocaleString('en')
  const untilSec = startSec + needles.length + secondsPerDay
  const limit = (): number => random.between(limitLeast, limitMost)
  // Ends after all data, each time another one.
  const end = (turn: number): string => `&until=${untilSec + turn}`
  const pod = (): number => random.between(0, needles.length - 1)
  const kinds: { id: string; what: string; draw: (turn: number) => string; p50?: Goal; p99?: Goal }[] = [
    {
      id: 'streams.latestOfNamespace',
      what: `latest 100 of a namespace of ${streams} streams`,
      draw: (turn) => `namespace=ns-${turn % namespaces}&limit=${limit()}${end(turn)}`,
      p99: below(30),
    },
    {
      id: 'streams.latestOfAll',
      what: 'latest 100 of all of them',
      draw: (turn) => `limit=${limit()}${end(turn)}`,
    },
    {
      id: 'streams.latestOfPod',
      what: 'the lines of one pod of them',
      draw: (turn) => `pod=job-${pod()}-*&limit=${limit()}${end(turn)}`,
    },
    {
      id: 'streams.needle',
      what: 'a needle over all of them',
      draw: (turn) => `q=${textOf(needles[pod()] ?? '')}${end(turn)}`,
      p50: below(100),
      p99: below(100),
    },
  ]
  const figures: Figure[] = []
  for (const kind of kinds) {
    const answers: Answer[] = []
    for (let turn = 0; turn <= queries; turn += 1) {
      const query = kind.draw(turn)
      const answer = await ask(program, query)
      if (answer.entries === 0) throw new Error(`nothing was found by ${query}`)
      if (turn > 0) answers.push(answer)
    }
    figures.push(...answerFigures(kind.id, kind.what, kind, answers))
  }
  return figures
}

async function warmFigures(program: MeasuredProgram, pages: number): Promise<Figure[]> {
  const taken: number[] = []
  let next: string | null = null
  await program.get('/streams')
  for (let page = 0; page < pages; page += 1) {
    const { body, ms }: { body: Buffer; ms: number } = await program.get(
      `/streams${next === null ? '' : `?cursor=${next}`}`,
    )
    taken.push(ms)
    next = (JSON.parse(body.toString()) as { next: string | null }).next
  }
  const figures = latencyFigures('streams.page', 'a page of /streams', taken, { p99: below(100) })
  const others = [
    ['streams.ofNamespace', '/streams of one namespace', (turn: number) => `/streams?namespace=ns-${turn}`],
    ['streams.byGlob', '/streams of pods by a glob', (turn: number) => `/streams?pod=*-${turn}5*`],
    ['streams.namespaces', '/namespaces', () => '/namespaces'],
    ['streams.pods', '/pods', () => '/pods'],
  ] as const
  for (const [id, what, path] of others) {
    const times: number[] = []
    for (let turn = 0; turn < pages / 10; turn += 1) times.push((await program.get(path(turn))).ms)
    figures.push(...latencyFigures(id, what, times))
  }
  const rss = program.usage().rssBytes
  figures.push({
    id: 'streams.rss',
    what: 'RSS after these',
    value: rss === null ? null : rss / mega,
    unit: 'MB',
  })
  return figures
}
