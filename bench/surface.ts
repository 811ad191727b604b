/** Times what is asked besides `/logs` over the same data: histograms, context, fields, metrics. */

import type { Corpus } from './corpus.ts'
import { atMost, below, type Figure, type Goal, latencyFigures } from './figures.ts'
import type { MeasuredProgram } from './program.ts'

/** Starts of the range differ by so much from one question to the next, so that none is asked twice. */
const shiftSec = 1

type Kind = {
  readonly id: string
  readonly what: string
  readonly path: (turn: number) => string
  readonly p50?: Goal
  readonly p99?: Goal
  /** Bytes of bodies read by all of them together, as the answers tell. */
  readonly bodies?: Goal
}

/** `times`: questions per kind. */
export async function surfaceFigures(
  program: MeasuredProgram,
  corpus: Corpus,
  times: number,
): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const kind of await kindsOf(program, corpus)) {
    await program.get(kind.path(0))
    const taken: number[] = []
    let scannedBytes = 0
    for (let turn = 1; turn <= times; turn += 1) {
      const { body, ms } = await program.get(kind.path(turn))
      taken.push(ms)
      if (kind.bodies !== undefined) scannedBytes += scannedBytesOf(body)
    }
    figures.push(
      ...latencyFigures(kind.id, kind.what, taken, {
        ...(kind.p50 && { p50: kind.p50 }),
        ...(kind.p99 && { p99: kind.p99 }),
      }),
    )
    if (kind.bodies !== undefined) figures.push(bodyFigure(kind, kind.bodies, scannedBytes))
  }
  return figures
}

function scannedBytesOf(body: Buffer): number {
  const { stats } = JSON.parse(body.toString()) as { stats: { scannedBytes: number } }
  return stats.scannedBytes
}

function bodyFigure({ id, what }: Kind, goal: Goal, bytes: number): Figure {
  return { id: `${id}.bodies`, what: `${what}: bodies read`, value: bytes, unit: 'bytes', goal }
}

async function kindsOf(program: MeasuredProgram, corpus: Corpus): Promise<Kind[]> {
  const [{ startMs, spanMs, pod }] = corpus.streams as [Corpus['streams'][number]]
  const startSec = Math.floor(startMs / 1000)
  const untilSec = Math.ceil((startMs + spanMs) / 1000)
  const range = (turn: number, until = untilSec): string =>
    `since=${startSec - turn * shiftSec}&until=${until}`
  const { body } = await program.get(`/logs?pod=${pod}&limit=1000&until=${untilSec}`)
  const { entries } = JSON.parse(body.toString()) as { entries: { cursor: string }[] }
  const cursorAt = (turn: number): string => entries[turn % entries.length]?.cursor ?? ''
  const hours = spanMs / 3_600_000
  const histogram = `histogram of ${hours} h in 60 buckets`
  return [
    {
      id: 'histogram.byLevel',
      what: `${histogram} by level`,
      path: (turn) => `/logs/histogram?buckets=60&by=level&${range(turn)}`,
      p50: below(50),
      p99: below(50),
      bodies: atMost(0),
    },
    {
      id: 'histogram.byPod',
      what: `${histogram} by pod`,
      path: (turn) => `/logs/histogram?buckets=60&by=pod&${range(turn)}`,
    },
    {
      id: 'histogram.ofPod',
      what: `${histogram} of one pod`,
      path: (turn) => `/logs/histogram?buckets=60&pod=${pod}&${range(turn)}`,
    },
    {
      id: 'histogram.oddStep',
      what: `histogram of ${hours} h in steps of 37 s, which fit no stored counts`,
      path: (turn) => `/logs/histogram?step=${hours <= 20 ? 37 : 47}s&${range(turn)}`,
    },
    {
      id: 'context',
      what: 'ten lines before and after one',
      path: (turn) => `/logs/context?cursor=${cursorAt(turn)}`,
    },
    {
      id: 'fields',
      what: 'fields of the newest 1,000 lines of a namespace',
      path: (turn) => `/logs/fields?${range(turn)}`,
    },
    { id: 'metrics', what: '/metrics', path: () => '/metrics' },
  ]
}
