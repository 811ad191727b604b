/** What was looked at to find fields: how many lines, of which time, and what the bounds left out of them. */

import { fieldLimits } from '../../limits/query.ts'
import type { Time } from '../../model/entry.ts'
import { compareTime, formatTime } from '../../model/time.ts'
import { type LeftOut, nothingLeftOut } from './line-fields.ts'

export type Sample = {
  lines: number
  /** Lines in which at least one field was found. */
  withFields: number
  /** Times of the oldest and the newest line. */
  since: Time | null
  until: Time | null
  readonly leftOut: LeftOut
}

export function emptySample(): Sample {
  return { lines: 0, withFields: 0, since: null, until: null, leftOut: { ...nothingLeftOut } }
}

export function countLine(sample: Sample, time: Time): void {
  sample.lines += 1
  if (sample.since === null || compareTime(time, sample.since) < 0) sample.since = time
  if (sample.until === null || compareTime(time, sample.until) > 0) sample.until = time
}

/** The answer's `sample`. */
export function describeSample({ lines, withFields, since, until }: Sample, limit: number): object {
  return {
    limit,
    lines,
    withFields,
    since: since === null ? null : formatTime(since),
    until: until === null ? null : formatTime(until),
  }
}

/** What was left out, for people. `kind`: of what different ones are counted. */
export function explainLeftOut({ leftOut }: Sample, kind: 'names' | 'values'): string[] {
  const { lineBytesMax, nestingMax, depthMax, nameLengthMax, lineNamesMax, namesMax, valuesMax } = fieldLimits
  const differentMax = kind === 'names' ? namesMax : valuesMax
  const notes: [count: number, note: string][] = [
    [leftOut.longLines, `lines longer than ${lineBytesMax} bytes were not looked into`],
    [leftOut.deepLines, `lines with more than ${nestingMax} brackets within brackets were not looked into`],
    [leftOut.deepObjects, `objects within ${depthMax} others were taken as one field each`],
    [leftOut.longNames, `fields with names longer than ${nameLengthMax} characters were left out`],
    [leftOut.crowdedNames, `fields beyond the first ${lineNamesMax} of a line were left out`],
    [leftOut.uncounted, `fields were left out once ${differentMax} different ${kind} were counted`],
  ]
  return notes.filter(([count]) => count > 0).map(([count, note]) => `${note}: ${count}`)
}
