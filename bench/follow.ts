/**
 * Follows files that are written at a given rate, with and without a live tail: CPU, memory, bytes written to
 * disk, and how old a line is when it can be seen.
 */

import * as fs from 'node:fs'
import * as path from 'node:path'
import { delay } from '../test/support/wait.ts'
import { createCriWriter } from './cri-text.ts'
import { atMost, below, type Figure, type Goal, latencyFigures } from './figures.ts'
import { type Ground, withGround } from './ground.ts'
import { changeFigures, type LoadGoals, load, loadFigures, paceText } from './load.ts'
import { type Latencies, openTailClient } from './tail-client.ts'
import { type Pace, silence, type Written } from './writer.ts'

export const files = 300
/** After a phase, until the last lines have arrived; beside a rotation the old file is drained first. */
const drainMs = 1_000
const drainRotatedMs = 5_000
const settleMsMax = 15_000
const quietMs = 10_000
const probeMsMax = 5_000
const probeRestMs = 20
const rotateMs = 10_000

export type FollowOptions = {
  /** After the start, until the program has given back what the start took. */
  readonly restMs: number
  /** At a new pace, until things are steady. */
  readonly steadyMs: number
  /** Of one measured phase, without a tail and with one. */
  readonly phaseMs: number
  readonly tailMs: number
  /** Of the phase at 5,000 lines/s without a tail: longer than lines may wait before they are stored. */
  readonly storingMs: number
  readonly newPodMs: number
  readonly probes: number
  /** Of the phase at 5,000 lines/s with a tail that shows how things change with time; null: none. */
  readonly longTailMs: number | null
  readonly withRotation: boolean
  /** A tail at 1,000 lines/s as well as at 5,000. */
  readonly withSlowTail: boolean
}

export function followFigures(options: FollowOptions): Promise<Figure[]> {
  return withGround({ files }, (ground) => runPhases({ ...ground, options }))
}

/** Writes profiles of one phase at 5,000 lines/s to the folder. */
export function followProfiled(
  options: FollowOptions,
  profileDir: string,
  hasTail: boolean,
): Promise<Figure[]> {
  return withGround({ files, profileDir }, (ground) => {
    const following = { ...ground, options }
    return hasTail
      ? withTail(following, 'profiled', at(5_000), {})
      : withoutTail(following, 'profiled', at(5_000), {})
  })
}

const at = (linesPerSec: number): Pace => ({ ...silence, linesPerSec })

type Following = Ground & { readonly options: FollowOptions }

async function runPhases(ground: Following): Promise<Figure[]> {
  const { restMs, newPodMs, storingMs, longTailMs, withRotation, withSlowTail } = ground.options
  const lively = (linesPerSec: number): Pace => ({ ...at(linesPerSec), quietMs, newPodMs })
  await ground.program.settle(settleMsMax)
  await delay(restMs)
  const figures = [
    ...(await withoutTail(ground, 'idle', silence, { cpu: atMost(0.5), rss: atMost(120) })),
    ...(await withoutTail(ground, '1k', at(1_000), { rss: below(150) })),
    ...(await withoutTail(ground, '5k', at(5_000), {
      cpu: atMost(15),
      rss: atMost(150),
      phaseMs: storingMs,
    })),
    ...(withSlowTail ? await withTail(ground, '1k', lively(1_000), {}) : []),
    ...(await searchable(ground, at(5_000))),
    ...(await withTail(ground, '5k', lively(5_000), {
      latency: below(300),
      quiet: below(400),
      newPod: below(1000),
    })),
    ...(await withTail(
      ground,
      'still',
      { ...silence, quietMs, newPodMs },
      { quiet: below(400), newPod: below(1000) },
    )),
  ]
  if (withRotation) {
    const pace = { ...at(5_000), rotateMs }
    figures.push(...(await withTail(ground, 'rotating', pace, { latency: atMost(2000) })))
  }
  if (longTailMs !== null) figures.push(...(await withLongTail(ground, longTailMs)))
  return figures
}

async function withoutTail(
  ground: Following,
  id: string,
  pace: Pace,
  { phaseMs = ground.options.phaseMs, ...goals }: LoadGoals & { readonly phaseMs?: number },
): Promise<Figure[]> {
  const measured = await load(ground, pace, { steadyMs: ground.options.steadyMs, phaseMs })
  return loadFigures(`follow.${id}`, `${files} files, ${paceText(pace)}`, measured, goals)
}

async function withLongTail(ground: Following, tailMs: number): Promise<Figure[]> {
  const options = { ...ground.options, tailMs }
  return withTail({ ...ground, options }, 'long', at(5_000), { latency: below(300), isLong: true })
}

type TailGoals = { readonly latency?: Goal; readonly quiet?: Goal; readonly newPod?: Goal }
type TailWish = TailGoals & { /** Begin and end apart. */ readonly isLong?: boolean }

async function withTail(ground: Following, id: string, pace: Pace, wish: TailWish): Promise<Figure[]> {
  // What was written before is stored with this, so that the tail begins behind it.
  await ground.program.get('/streams?limit=1')
  const tail = await openTailClient(ground.program.base, '')
  try {
    const { steadyMs, tailMs: phaseMs } = ground.options
    const measured = await load(ground, pace, { steadyMs, phaseMs })
    await delay(pace.rotateMs === null ? drainMs : drainRotatedMs)
    const latencies = tail.take()
    const what = `${wish.isLong === true ? 'tail for long' : 'tail'}, ${paceText(pace)}`
    return [
      ...loadFigures(`tail.${id}`, what, measured, {}),
      ...(wish.isLong === true ? changeFigures(`tail.${id}`, what, measured) : []),
      ...latenciesOf(`tail.${id}`, what, latencies, measured.written, wish),
    ]
  } finally {
    tail.close()
  }
}

function latenciesOf(
  id: string,
  what: string,
  { busy, quiet, new: newPods }: Latencies,
  written: Written,
  goals: TailGoals,
): Figure[] {
  const of = (name: string, text: string, values: readonly number[], sent: number, goal?: Goal): Figure[] => {
    if (sent === 0) return []
    const note = values.length === sent ? 'complete' : `of ${sent} written`
    return latencyFigures(`${id}.${name}`, `${what}: ${text}`, values, { note, ...(goal && { p99: goal }) })
  }
  return [
    ...of('latency', 'written to frame', busy, written.busy, goals.latency),
    ...of('quiet', 'a pod with a line every 10 s', quiet, written.quiet, goals.quiet),
    ...of('newPod', 'first line of a new pod', newPods, written.newPods, goals.newPod),
  ]
}

/** Writes lines of its own beside the load and asks for each until it is there. */
async function searchable({ program, writer, options, logRoot }: Following, pace: Pace): Promise<Figure[]> {
  const folder = path.join(logRoot, 'team-0_probe-0_00000000-0000-4000-8000-00000000abcd', 'main')
  fs.mkdirSync(folder, { recursive: true })
  const file = fs.openSync(path.join(folder, '0.log'), 'a')
  const cri = createCriWriter()
  const times: number[] = []
  await writer.pace(pace)
  // The first one finds the pod and is not counted.
  for (let probe = 0; probe <= options.probes; probe += 1) {
    const text = `probe number ${probe} of ${options.probes}`
    fs.writeSync(file, cri.record('stdout', text, Date.now(), 0))
    const writtenMs = performance.now()
    for (let isVisible = false; !isVisible && performance.now() - writtenMs < probeMsMax; ) {
      const { body } = await program.get('/logs?pod=probe-0&limit=1')
      isVisible = body.includes(text)
    }
    if (probe > 0) times.push(performance.now() - writtenMs)
    await delay(probeRestMs)
  }
  await writer.pace(silence)
  fs.closeSync(file)
  return latencyFigures('follow.searchable', `${paceText(pace)}: written to searchable`, times, {
    p99: below(300),
  })
}
