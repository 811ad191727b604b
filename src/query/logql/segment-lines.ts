/** Hands the lines of a segment to pipelines: their text, their labels and their time. Hot path. */

import { isAscii } from 'node:buffer'
import type { LineStage } from '../../logql/stages/line-state.ts'
import { LineState } from '../../logql/stages/line-state.ts'
import { attribute, type Iostream } from '../../model/entry.ts'
import type { Snapshot } from '../../store/reader.ts'
import type { Segment } from '../../store/segment.ts'
import type { StreamRecord } from '../../store/stream-cache.ts'
import { createEntryLabels, type EntryLabels } from './entry-labels.ts'

/** Visits the selected lines but gap records; `state` has begun with each. */
export type LineVisitor = (state: LineState, index: number) => void

/** One caller at a time: the state is used again from line to line. */
export class SegmentLines {
  readonly labels: EntryLabels = createEntryLabels()
  readonly state = new LineState()

  visit(snapshot: Snapshot, segment: Segment, selected: Uint32Array, visit: LineVisitor): void {
    const { labels, state } = this
    const columns = snapshot.columns(segment)
    const body = snapshot.body(segment)
    const ends = snapshot.lineEnds(segment, columns)
    const stream = snapshot.stream(segment.streamId) as StreamRecord
    const encoding = isAscii(body) ? 'latin1' : 'utf8'
    const { attributes, levels, seconds, nanos } = columns
    for (const index of selected) {
      const bits = attributes[index] as number
      if ((bits & attribute.gap) !== 0) continue
      const start = index === 0 ? 0 : (ends[index - 1] as number) + 1
      const line = body.toString(encoding, start, ends[index])
      const streamLabels = labels.ofStream(stream, (bits & attribute.stderr) as Iostream)
      const metadata = labels.metadata[levels[index] as number] as EntryLabels['metadata'][number]
      state.begin(streamLabels, metadata, { sec: seconds[index] as number, ns: nanos[index] as number }, line)
      visit(state, index)
    }
  }
}

/** Of the selected lines of a segment those that a pipeline lets pass; gap records do. */
export type LineSelector = (snapshot: Snapshot, segment: Segment, selected: Uint32Array) => Uint32Array

export function createLineSelector(filter: LineStage): LineSelector {
  const lines = new SegmentLines()
  return (snapshot, segment, selected) => {
    const isPassing = new Uint8Array(segment.lineCount)
    const { attributes } = snapshot.columns(segment)
    for (const index of selected) {
      if (((attributes[index] as number) & attribute.gap) !== 0) isPassing[index] = 1
    }
    lines.visit(snapshot, segment, selected, (state, index) => {
      if (filter(state)) isPassing[index] = 1
    })
    return selected.filter((index) => isPassing[index] === 1)
  }
}
