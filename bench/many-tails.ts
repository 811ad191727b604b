/** A hundred live tails at once, each with its own selection: what they cost, and if they are complete. */

import { delay } from '../test/support/wait.ts'
import { atMost, below, type Figure, latencyFigures } from './figures.ts'
import { files } from './follow.ts'
import { type Ground, withGround } from './ground.ts'
import { load, loadFigures } from './load.ts'
import { mixedSelections, queryOf, type Selection } from './selections.ts'
import { openTailClient, openTailCounter, type TailCounter } from './tail-client.ts'
import { silence, writerNamespaces } from './writer.ts'

const tails = 100
const linesPerSec = 5_000
const settleMsMax = 15_000
/** After the phase, until the last lines have arrived: checked so often. */
const drainStepMs = 100
const drainStepsMax = 100

export type ManyTailsOptions = { readonly steadyMs: number; readonly phaseMs: number }

const selections = mixedSelections(tails, writerNamespaces)

export function manyTailsFigures(options: ManyTailsOptions): Promise<Figure[]> {
  return withGround({ files, selections }, (ground) => measure(ground, options))
}

/** Writes profiles to the folder. */
export function manyTailsProfiled(options: ManyTailsOptions, profileDir: string): Promise<Figure[]> {
  return withGround({ files, selections, profileDir }, (ground) => measure(ground, options))
}

/** One per selection, all open. */
export function openTails(base: string, wanted: readonly Selection[]): Promise<TailCounter[]> {
  return Promise.all(wanted.map((selection) => openTailCounter(base, queryOf(selection))))
}

async function measure({ program, writer }: Ground, options: ManyTailsOptions): Promise<Figure[]> {
  await program.settle(settleMsMax)
  const counters = await openTails(program.base, selections)
  // Beside them one of a few pods, whose lines are timed.
  const timed = await openTailClient(program.base, 'pod=busy-1*')
  try {
    const measured = await load({ program, writer }, { ...silence, linesPerSec }, options)
    const { selected } = measured.written
    const complete = await drain(counters, selected)
    const sum = selected.reduce((total, count) => total + count, 0)
    const what = `${tails} tails, ${linesPerSec.toLocaleString('en')} lines/s`
    return [
      ...loadFigures('tails', what, measured, { cpu: atMost(35) }),
      {
        id: 'tails.complete',
        what: `${what}: tails that got exactly their lines`,
        value: complete,
        unit: '',
        goal: { text: `= ${tails}`, isMet: (value) => value === tails },
        note: `${sum.toLocaleString('en')} lines in all`,
      },
      ...latencyFigures('tails.latency', `${what}: written to frame`, timed.take().busy, { p99: below(300) }),
    ]
  } finally {
    timed.close()
    for (const counter of counters) counter.close()
  }
}

/** How many have what was written for them, once they all have it or after a while. */
async function drain(counters: readonly TailCounter[], written: readonly number[]): Promise<number> {
  const complete = (): number =>
    counters.filter((counter, index) => counter.lines() === written[index] && counter.ended() === null).length
  for (let step = 0; step < drainStepsMax && complete() < counters.length; step += 1) await delay(drainStepMs)
  // What comes twice comes after that.
  await delay(drainStepMs)
  return complete()
}
