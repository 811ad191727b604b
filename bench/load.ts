/** Lets the writer run at a pace for a while and measures the program meanwhile. */

import { delay } from '../test/support/wait.ts'
import { type Figure, type Goal, percentile } from './figures.ts'
import { type MeasuredProgram, since } from './program.ts'
import { type LogWriter, type Pace, silence, type Written } from './writer.ts'

const sampleMs = 250
/** Lines may wait 10 s before they are stored: below it, bytes written say nothing. */
const writtenSecondsMin = 20
const mega = 1e6

export type Load = {
  readonly seconds: number
  readonly cpuPercent: number | null
  readonly rss: number | null
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
  const startedMs = performance.now()
  const rss: number[] = []
  while (performance.now() - startedMs < phaseMs) {
    await delay(sampleMs)
    rss.push((program.usage().rssBytes ?? Number.NaN) / mega)
  }
  const after = program.usage()
  const seconds = (performance.now() - startedMs) / 1000
  const measured = await writer.pace(silence)
  const cpuSeconds = since(before.cpuSeconds, after.cpuSeconds)
  return {
    seconds,
    cpuPercent: cpuSeconds === null ? null : (cpuSeconds / seconds) * 100,
    rss: percentile(rss.filter(Number.isFinite), 0.5),
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
  }
}

export type LoadGoals = { readonly cpu?: Goal; readonly rss?: Goal }

export function paceText({ linesPerSec, rotateMs }: Pace): string {
  const rotation = rotateMs === null ? '' : `, rotated every ${rotateMs / 1000} s`
  return linesPerSec === 0 ? 'idle' : `${linesPerSec.toLocaleString('en')} lines/s${rotation}`
}

export function loadFigures(id: string, what: string, measured: Load, { cpu, rss }: LoadGoals): Figure[] {
  const { seconds, cpuPercent, written, readBytes, diskBytes } = measured
  const figures: Figure[] = [
    {
      id: `${id}.cpu`,
      what: `${what}: CPU`,
      value: cpuPercent,
      unit: '% of a core',
      ...(cpu && { goal: cpu }),
    },
    { id: `${id}.rss`, what: `${what}: RSS`, value: measured.rss, unit: 'MB', ...(rss && { goal: rss }) },
  ]
  if (written.busy > 0 && seconds >= writtenSecondsMin) {
    figures.push({
      id: `${id}.writtenPerByte`,
      what: `${what}: bytes written to disk per byte read`,
      value: diskBytes === null ? null : diskBytes / readBytes,
      unit: 'x',
    })
  }
  return figures
}
