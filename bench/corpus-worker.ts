/** Thread that writes the files of some of the corpus's streams; its result goes back as one message. */

import * as fs from 'node:fs'
import * as path from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { createRandom } from '../src/demo/random.ts'
import type { StreamPlan, WrittenStream } from './corpus.ts'
import { createCriWriter } from './cri-text.ts'
import { createKindSource } from './kinds.ts'

/** One write. */
const chunkChars = 1 << 20
/** Lines that are remembered, spread over the stream: queries are drawn from them. */
const samplesMax = 200
/** Times ascend in a file: lines of an event lie this far apart, after a start below the second figure. */
const lineNanos = 700
const eventNanosMax = 900_000

const plans = workerData as readonly StreamPlan[]
parentPort?.postMessage(plans.map(writeStream), [])

function writeStream(plan: StreamPlan): WrittenStream {
  fs.mkdirSync(path.dirname(plan.file), { recursive: true })
  const file = fs.openSync(plan.file, 'w')
  const source = createKindSource(plan.kind, plan.seed)
  const random = createRandom(plan.seed + 1)
  const cri = createCriWriter()
  const stepMs = plan.spanMs / plan.lines
  const sampleEvery = Math.max(1, Math.floor(plan.lines / samplesMax))
  const samples: string[] = []
  let chunk = ''
  let bytes = 0
  let textBytes = 0
  let lines = 0
  const flush = (): void => {
    bytes += fs.writeSync(file, chunk)
    chunk = ''
  }
  while (lines < plan.lines) {
    const timeMs = Math.floor(plan.startMs + lines * stepMs)
    let nanos = random.between(0, eventNanosMax)
    for (const { iostream, text } of source.next(timeMs)) {
      // A stack trace is cut where the count is reached.
      if (lines === plan.lines) break
      if (lines % sampleEvery === 0 && samples.length < samplesMax) samples.push(text)
      chunk += cri.record(iostream, text, timeMs, nanos)
      nanos += lineNanos
      textBytes += Buffer.byteLength(text)
      lines += 1
    }
    if (chunk.length >= chunkChars) flush()
  }
  flush()
  fs.closeSync(file)
  return { ...plan, bytes, textBytes, samples }
}
