/** Regular expressions that never come to an end: what they do to others, and when they are ended. */

import { delay } from '../test/support/wait.ts'
import { ingestBacklog, prepareBacklog } from './backlog.ts'
import { startClients } from './clients.ts'
import type { Corpus } from './corpus.ts'
import { below, type Figure, latencyFigures } from './figures.ts'
import { files } from './follow.ts'
import { type Ground, withGround } from './ground.ts'
import { load, loadFigures } from './load.ts'
import { endlessScans, latestOfPods } from './questions.ts'
import { openTailClient } from './tail-client.ts'
import { silence } from './writer.ts'

const expressions = 8
const linesPerSec = 5_000
/** Of the clients beside them, between two questions. */
const latestRestMs = 20
const settleMsMax = 30_000
const drainMs = 1_000
/** Twice what they are alone. */
const tailGoal = below(600)
const latestGoal = below(20)
/** One round of the others' slices. */
const overrunGoal = below(500)

export type EndlessOptions = {
  readonly steadyMs: number
  readonly phaseMs: number
  /** Setting of the program, in whole seconds; the phase has room for some of them. */
  readonly deadlineSec: number
}

export function endlessFigures(corpus: Corpus, options: EndlessOptions): Promise<Figure[]> {
  const settings = { LOGKEEP_QUERY_DEADLINE: `${options.deadlineSec}s` }
  return withGround({ files, settings }, (ground) => measure(ground, corpus, options))
}

async function measure(ground: Ground, corpus: Corpus, options: EndlessOptions): Promise<Figure[]> {
  const { program } = ground
  const deadlineMs = options.deadlineSec * 1000
  await ingestBacklog(ground, prepareBacklog(ground, corpus, 1), { isAlone: true })
  await program.settle(settleMsMax)
  const tail = await openTailClient(program.base, '')
  const running = startClients(program, { clients: expressions, questions: endlessScans(corpus) })
  const beside = { clients: 1, questions: latestOfPods(corpus), restMs: latestRestMs }
  const asking = startClients(program, beside)
  const measured = await load(ground, { ...silence, linesPerSec }, options)
  const latest = await asking.stop()
  await delay(drainMs)
  const latencies = tail.take().busy
  tail.close()
  const endless = await running.stop()
  const ended = endless.filter(({ isEnded }) => isEnded)
  const sent = measured.written.busy
  const what = `${expressions} endless regexes`
  const complete = latencies.length === sent ? 'complete' : `of ${sent} written`
  return [
    ...loadFigures('endless', what, measured, {}),
    ...latencyFigures('endless.tail', `${what}: written to tail frame`, latencies, {
      p99: tailGoal,
      note: complete,
    }),
    ...latencyFigures('endless.latestOfPod', `${what}: latest 100 of a pod`, msOf(latest), {
      p99: latestGoal,
    }),
    ...latencyFigures(
      'endless.overrun',
      `${what}: answered after their deadline of ${options.deadlineSec} s`,
      msOf(ended).map((ms) => ms - deadlineMs),
      { p99: overrunGoal, note: `of ${endless.length} asked` },
    ),
  ]
}

const msOf = (asked: readonly { readonly ms: number }[]): number[] => asked.map(({ ms }) => ms)
