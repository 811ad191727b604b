/** What answers say of each stream, ready to be copied, for as long as its labels are kept. */

import { iostreamNames, levelNames } from '../model/entry.ts'
import { timeTextBytes } from '../model/time.ts'
import type { StreamRecord } from '../store/stream-cache.ts'

/** What a line begins with, with room for its time behind it. */
export const lineHead = Buffer.from('{"kind":"line","time":"')

/** `json` and `text` name the stream; `heads`: all that JSON has before a line, by iostream and level. */
type StreamText = { readonly json: Buffer; readonly text: Buffer; readonly heads: (Buffer | undefined)[] }

/**
 * Of all answers of a thread: a step of a tail has a line or two of each of hundreds of streams, and making
 * these anew was a tenth of its cost.
 */
export class StreamTexts {
  readonly #known = new WeakMap<StreamRecord, StreamText>()

  of(stream: StreamRecord): StreamText {
    const known = this.#known.get(stream)
    if (known !== undefined) return known
    const { namespace, pod, podUid, container, node, restart } = stream.labels
    const json = JSON.stringify({ namespace, pod, podUid, container, node, restart })
    const text = {
      json: Buffer.from(`${json.slice(1, -1)},`),
      text: Buffer.from(`[pod/${pod}/${container}] `),
      heads: [],
    }
    this.#known.set(stream, text)
    return text
  }

  /** Of a line in JSON: the time is to be put behind `lineHead`. */
  headOf(stream: StreamRecord, iostream: 0 | 1, level: number): Buffer {
    const { heads, json } = this.of(stream)
    const key = level * 2 + iostream
    const known = heads[key]
    if (known !== undefined) return known
    const rest = `"stream":"${iostreamNames[iostream]}","level":"${levelNames[level]}","line":"`
    const time = Buffer.alloc(timeTextBytes)
    const head = Buffer.concat([lineHead, time, Buffer.from('",'), json, Buffer.from(rest)])
    heads[key] = head
    return head
  }
}
