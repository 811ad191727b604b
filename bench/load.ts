/** Lets the writer run at a pace for a while and measures the program meanwhile. */

import { delay } from '../test/support/wait.ts'
import { atMost, type Figure, type Goal } from './figures.ts'
import { type MeasuredProgram, since } from './program.ts'
import { overAfter, type Samples, takeSamples } from './samples.ts'
import { type LogWriter, type Pace, silence, type Written } from './writer.ts'

/** Lines may wait 10 s before they are stored: below it, bytes written say nothing. */
const writtenSecondsMin = 20
const writtenGoal = atMost(2)

export type Load = {
  readonly samples: Samples
  /** While things became steady, too. */
  readonly written: Written
  /** Of the measured time alone. */
  readonly readBytes: number
  readonly diskBytes: number | null
}

/** Runs at `pace` until things are steady, then measures for `phaseMs`, then is silent. */
export async function load(
  { program, writer }: { readonly program: MeasuredProgram; readonly writer: LogWriter },
  pace: Pace,
  { steadyMs, phaseMs }: { readonly steadyMs: number; readonly phaseMs: number },
): Promise<Load> {
  await writer.pace(pace)
  await delay(steadyMs)
  const unmeasured = await writer.pace(pace)
  const before = program.usage()
  const samples = await takeSamples(program, overAfter(phaseMs))
  const after = program.usage()
  const measured = await writer.pace(silence)
  return {
    samples,
    written: sumOf(unmeasured, measured),
    readBytes: measured.bytes,
    diskBytes: since(before.writtenBytes, after.writtenBytes),
  }
}

function sumOf(one: Written, other: Written): Written {
  return {
    busy: one.busy + other.busy,
    quiet: one.quiet + other.quiet,
    newPods: one.newPods + other.newPods,
    bytes: one.bytes + other.bytes,
    selected: one.selected.map((count, index) => count + (other.selected[index] ?? 0)),
  }
}

export type LoadGoals = { readonly cpu?: Goal; readonly rss?: Goal }

export function paceText({ linesPerSec, rotateMs }: Pace): string {
  const rotation = rotateMs === null ? '' : `, rotated every ${rotateMs / 1000} s`
  return linesPerSec === 0 ? 'idle' : `${linesPerSec.toLocaleString('en')} lines/s${rotation}`
}

export function loadFigures(id: string, what: string, measured: Load, { cpu, rss }: LoadGoals): Figure[] {
  const { samples, written, readBytes, diskBytes } = measured
  const figures: Figure[] = [
    {
      id: `${id}.cpu`,
      what: `${what}: CPU`,
      value: samples.cpu(),
      unit: '% of a core',
      ...(cpu && { goal: cpu }),
    },
    { id: `${id}.rss`, what: `${what}: RSS`, value: samples.rss(), unit: 'MB', ...(rss && { goal: rss }) },
  ]
  if (written.busy > 0 && samples.seconds >= writtenSecondsMin) {
    figures.push({
      id: `${id}.writtenPerByte`,
      what: `${what}: bytes written to disk per byte read`,
      value: diskBytes === null ? null : diskBytes / readBytes,
      unit: 'x',
      goal: writtenGoal,
      note: `over ${samples.seconds.toFixed(0)} s`,
    })
  }
  return figures
}

/** Of the first and the last fifth of what was measured. */
export function changeFigures(id: string, what: string, { samples }: Pick<Load, 'samples'>): Figure[] {
  const over = `over ${(samples.seconds / 60).toFixed(1)} min`
  const figure = (name: string, text: string, value: number | null, unit: string, goal?: Goal): Figure => ({
    id: `${id}.${name}`,
    what: `${what}: ${text}`,
    value,
    unit,
    ...(goal && { goal }),
    note: over,
  })
  const [rssBegin, rssEnd] = [samples.rss(0, endShare), samples.rss(1 - endShare, 1)]
  const growth = rssBegin === null || rssEnd === null ? null : rssEnd / rssBegin
  return [
    figure('cpuBegin', 'CPU at the begin', samples.cpu(0, endShare), '% of a core'),
    figure('cpuEnd', 'CPU at the end', samples.cpu(1 - endShare, 1), '% of a core'),
    figure('rssBegin', 'RSS at the begin', rssBegin, 'MB'),
    figure('rssEnd', 'RSS at the end', rssEnd, 'MB'),
    figure('rssGrowth', 'RSS at the end / at the begin', growth, 'x', growthGoal),
  ]
}

const endShare = 0.2
/** What the garbage collector's moments make of the same memory from one fifth to another. */
const growthGoal = atMost(1.05)
