/**
 * Says why a line is no line of a container runtime, for the counters. Only asked of lines that neither
 * format's parser takes.
 */

import { TimeParser } from '../model/time.ts'
import type { MalformedReason } from './contract.ts'

const space = 0x20
const brace = 0x7b
/** A header's time and iostream lie within these: nothing behind them is looked at. */
const headerBytesMax = 80
const iostreams = [Buffer.from('stdout'), Buffer.from('stderr')]

export class ReasonFinder {
  readonly #time = new TimeParser()

  /**
   * `json`: begins as an object, but is no line of Docker's. `time`: an iostream stands in its place, before
   * it no time. `iostream`: the other way round. `format`: neither is there.
   */
  find(bytes: Buffer, start: number, end: number): MalformedReason {
    if (bytes[start] === brace) return 'json'
    const stop = Math.min(end, start + headerBytesMax)
    const timeEnd = wordEnd(bytes, start, stop)
    const nameEnd = wordEnd(bytes, timeEnd + 1, stop)
    const name = bytes.subarray(Math.min(timeEnd + 1, stop), nameEnd)
    const hasTime = this.#time.parse(bytes, start, timeEnd)
    const hasIostream = iostreams.some((one) => one.equals(name))
    if (hasTime === hasIostream) return 'format'
    return hasTime ? 'iostream' : 'time'
  }
}

function wordEnd(bytes: Buffer, start: number, stop: number): number {
  let at = start
  while (at < stop && bytes[at] !== space) at += 1
  return Math.min(at, stop)
}
