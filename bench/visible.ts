/** Waits until a program has read a backlog, and until every line of it is visible over HTTP. */

import { delay } from '../test/support/wait.ts'
import type { MeasuredProgram } from './program.ts'

const pollMs = 5
/** A read position that has not moved for so long: asking is all that is left. */
const stallMs = 1_000

/**
 * Asking the program makes it commit what it has, so nothing is asked before the bytes read, as the kernel
 * counts them, have reached those of the files.
 */
export async function untilRead(program: MeasuredProgram, bytes: number): Promise<void> {
  let last = -1
  let movedMs = performance.now()
  for (;;) {
    const { readBytes } = program.usage()
    if (readBytes === null || readBytes >= bytes) return
    const now = performance.now()
    if (readBytes > last) movedMs = now
    if (now - movedMs > stallMs) return
    last = readBytes
    await delay(pollMs)
  }
}

type Stream = { readonly podUid: string; readonly lines: number }

export type VisibleOptions = {
  readonly lines: number
  /** By `performance.now()`; rejects when they are not there by then. */
  readonly endMs: number
  /** Streams whose lines are counted; all unless given. */
  readonly isOf?: (stream: Stream) => boolean
  /** Between two questions; hardly any unless given. */
  readonly restMs?: number
}

export async function untilVisible(
  program: MeasuredProgram,
  { lines, endMs, isOf = () => true, restMs = pollMs }: VisibleOptions,
): Promise<void> {
  for (let visible = 0; visible < lines; ) {
    if (performance.now() > endMs) throw new Error(`${visible} of ${lines} lines were visible in time`)
    await delay(restMs)
    // An answer may be refused where the machine does much else: it is asked for again.
    const answer = await program.get('/streams?limit=5000').catch(() => null)
    if (answer === null) continue
    const { streams } = JSON.parse(answer.body.toString()) as { streams: Stream[] }
    visible = streams.filter(isOf).reduce((sum, stream) => sum + stream.lines, 0)
  }
}
