/**
 * Compares answers with the list of what was written: every line exactly once, in order, with its content and
 * time.
 */

import assert from 'node:assert/strict'
import type { Entry } from './client.ts'
import type { WrittenLine } from './container-simulator.ts'
import { parseNanos } from './log-formats.ts'

const examplesMax = 5
const exampleChars = 100

type Comparable = Pick<
  Entry,
  'namespace' | 'pod' | 'podUid' | 'container' | 'restart' | 'stream' | 'time' | 'line'
>

export type CompareOptions = {
  /** Order of the answer; `commit`: by arrival, so only the order within an iostream is checked. */
  readonly order: 'forward' | 'backward' | 'commit'
  /** What is compared, for messages. */
  readonly what: string
}

/**
 * Checks that `entries` are exactly `written`: no gap records, none missing, none twice, each iostream in its
 * order, and (forward, backward) all in order of time. The order written within an iostream is by time, equal
 * times as written.
 */
export function assertSameLines(
  written: readonly WrittenLine[],
  entries: readonly Entry[],
  { order, what }: CompareOptions,
): void {
  assertSameSet(written, entries, what)
  const forward = order === 'backward' ? entries.toReversed() : entries
  if (order !== 'commit') assertTimesAscend(forward, what)
  const expected = groupByIostream(written)
  for (const [iostream, got] of groupByIostream(forward)) {
    const wanted = (expected.get(iostream) ?? []).toSorted(byTime)
    for (const [index, entry] of got.entries()) {
      const line = wanted[index]
      if (line !== undefined && identity(line) === identity(entry)) continue
      const place = `place ${index} of ${got.length} in ${iostream}`
      assert.fail(`${what}: order differs at ${place}: wrote ${show(line)}, got ${show(entry)}`)
    }
  }
}

/** Content, time and identity only, in any order; no gap records. */
export function assertSameSet(
  written: readonly WrittenLine[],
  entries: readonly Entry[],
  what: string,
): void {
  const gaps = entries.filter((entry) => entry.kind !== 'line')
  assert.equal(gaps.length, 0, `${what}: gap records ${JSON.stringify(gaps.slice(0, examplesMax))}`)
  const counts = new Map<string, number>()
  const examples = new Map<string, Comparable>()
  const count = (line: Comparable, by: number): void => {
    const key = identity(line)
    counts.set(key, (counts.get(key) ?? 0) + by)
    examples.set(key, line)
  }
  for (const line of written) count(line, 1)
  for (const entry of entries) count(entry, -1)
  const missing: string[] = []
  const surplus: string[] = []
  for (const [key, difference] of counts) {
    for (let n = 0; n < difference; n += 1) missing.push(show(examples.get(key)))
    for (let n = 0; n > difference; n -= 1) surplus.push(show(examples.get(key)))
  }
  if (missing.length === 0 && surplus.length === 0) return
  assert.fail(
    `${what}: wrote ${written.length} lines, got ${entries.length}; ` +
      `${missing.length} missing: ${missing.slice(0, examplesMax).join(' | ')}; ` +
      `${surplus.length} unexpected or repeated: ${surplus.slice(0, examplesMax).join(' | ')}`,
  )
}

function assertTimesAscend(entries: readonly Entry[], what: string): void {
  let last = -(2n ** 64n)
  for (const { time } of entries) {
    const now = parseNanos(time)
    assert.ok(now >= last, `${what}: time goes back to ${time}`)
    last = now
  }
}

function groupByIostream<Line extends Comparable>(lines: readonly Line[]): Map<string, Line[]> {
  return Map.groupBy(lines, ({ namespace, pod, podUid, container, restart, stream }) =>
    [namespace, pod, podUid, container, restart, stream].join('/'),
  )
}

function byTime(a: Comparable, b: Comparable): number {
  return a.time < b.time ? -1 : a.time > b.time ? 1 : 0
}

/** Times of the truth and of answers are both UTC; the fraction is brought to nine digits. */
function identity(line: Comparable): string {
  const { namespace, pod, podUid, container, restart, stream, time } = line
  return [namespace, pod, podUid, container, restart, stream, parseNanos(time), line.line].join('\u0000')
}

function show(line: Comparable | undefined): string {
  if (line === undefined) return 'nothing'
  const text =
    line.line.length > exampleChars ? `${line.line.slice(0, exampleChars)}… (${line.line.length})` : line.line
  return `${line.time} ${line.pod}/${line.container}/${line.restart}/${line.stream} ${JSON.stringify(text)}`
}
