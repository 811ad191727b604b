/**
 * Counts what is left of a histogram with conditions on the text: its range is cut into parts, which all
 * threads that scan count at the same time, each on its own; their counts are added up.
 */

import { addCounts } from './histogram-grid.ts'
import type { Lanes } from './lanes.ts'
import type { Plan } from './plan.ts'
import type { CutResult, CutTask, HistogramPart, HistogramState, PartBytes } from './tasks.ts'

export type CountParts = {
  readonly lanes: Lanes
  readonly plan: Plan
  readonly bytesPerPart: PartBytes
  /** Counts one slice of a part; null: a bound was reached, nothing more is to be counted. */
  readonly countSlice: (state: HistogramState, part: HistogramPart) => Promise<HistogramState | null>
}

type Part = {
  readonly endSec: number | null
  state: HistogramState
  isRunning: boolean
}

/** What was counted in the end: everything, or everything from the state's place on. */
export async function countParts(options: CountParts, begun: HistogramState): Promise<HistogramState> {
  let state = begun
  for (;;) {
    const parts = await cut(options, state)
    const isEnded = await countAll(options, parts)
    state = addUp(state, parts)
    if (isEnded || state.isCounted) return state
  }
}

async function cut({ lanes, plan, bytesPerPart }: CountParts, state: HistogramState): Promise<Part[]> {
  const { cursor } = state
  const task: CutTask = { kind: 'cuts', plan, direction: 'backward', scope: null, cursor, bytesPerPart }
  const { ends, isAll } = (await lanes.run('scan', task)) as CutResult
  const starts = [cursor, ...ends.map((sec) => ({ ...cursor, place: placeAt(sec) }))]
  const parts = starts.map((start, index) => ({
    endSec: ends[index] ?? null,
    state: { ...state, cursor: start, names: [], counts: new Float64Array(0) },
    isRunning: false,
  }))
  // What lies behind the last cut is cut when the rest is counted, unless it is little.
  return isAll || ends.length === 0 ? parts : parts.slice(0, -1)
}

/** Counts slice by slice, the first parts first; true: it was ended before everything was counted. */
async function countAll({ lanes, countSlice }: CountParts, parts: readonly Part[]): Promise<boolean> {
  let isEnded = false
  const isLeft = (): boolean => !isEnded && parts.some(({ state }) => !state.isCounted)
  /** One of the threads' worth of tasks; all but the first give way where other queries wait. */
  const run = async (number: number): Promise<void> => {
    const hasToWork = (): boolean => number === 0 || number < lanes.widthOfScan()
    while (isLeft() && hasToWork()) {
      const part = parts.find(({ state, isRunning }) => !state.isCounted && !isRunning)
      if (part === undefined) return
      part.isRunning = true
      try {
        const next = await countSlice(part.state, { endSec: part.endSec })
        if (next === null) isEnded = true
        else part.state = next
      } catch (error) {
        isEnded = true
        throw error
      } finally {
        part.isRunning = false
      }
    }
  }
  while (isLeft()) await Promise.all(Array.from({ length: lanes.widthOfScan() }, (_, number) => run(number)))
  return isEnded
}

/** The parts up to the first that is not counted to its end. */
function addUp(begun: HistogramState, parts: readonly Part[]): HistogramState {
  let state = begun
  for (const part of parts) {
    const isCounted = part.state.isCounted && part.endSec === null
    state = { ...state, ...addCounts(state, part.state), cursor: part.state.cursor, isCounted }
    if (!part.state.isCounted) break
  }
  return state
}

function placeAt(sec: number): NonNullable<HistogramState['cursor']['place']> {
  return { sec, ns: 0, streamId: 0, line: 0 }
}
