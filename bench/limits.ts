/**
 * What the machine itself can do with the same bytes in the same run: the figures that the program's own are
 * held against.
 */

import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import * as os from 'node:os'
import { Worker } from 'node:worker_threads'
import { constants, createZstdCompress } from 'node:zlib'
import type { Corpus } from './corpus.ts'
import { percentile } from './figures.ts'
import type { BenchKind } from './kinds.ts'
import type { ScanRequest, ScanResult } from './scan-worker.ts'

const readBytes = 1 << 20
/** Bytes that each thread of the scan works on, and how often: enough for half a second. */
const scanBytes = 48 << 20
const scanRounds = 6
const ripgrepRuns = 3
const mega = 1e6

export type MachineLimits = {
  /** Files read from the page cache by `read` alone. */
  readonly readMBps: number
  /** `Buffer.indexOf` for a text that is not there, reading included. */
  readonly indexOfMBps: number
  readonly indexOfMs: number
  readonly zstd: {
    readonly seconds: number
    readonly cpuSecondsPerGB: number
    readonly bytes: number
    readonly bytesByKind: ReadonlyMap<BenchKind, number>
  }
  /** Decompressing blocks of 256 KiB and running the regex over them, in one thread and in two at once. */
  readonly scanMBps: { readonly one: number; readonly two: number }
  /** ripgrep over the raw files; null where it is not installed. */
  readonly ripgrepMs: number | null
}

export async function measureLimits(corpus: Corpus, pattern: string): Promise<MachineLimits> {
  const files = corpus.streams.map((stream) => stream.file)
  // Once unmeasured, so that every figure starts with the files in the page cache.
  readAll(files, null)
  const readSeconds = readAll(files, null)
  const indexOfSeconds = readAll(files, Buffer.from(absentText))
  const zstd = await compressAll(corpus)
  const two = Math.min(2, os.availableParallelism())
  return {
    readMBps: corpus.bytes / mega / readSeconds,
    indexOfMBps: corpus.bytes / mega / indexOfSeconds,
    indexOfMs: indexOfSeconds * 1000,
    zstd,
    scanMBps: { one: await scan(files, pattern, 1), two: await scan(files, pattern, two) },
    ripgrepMs: ripgrep(corpus.root),
  }
}

/** Of the form of an identifier, so that nothing makes it easier to exclude. */
export const absentText = 'fffffffe-dcba-4987-a654-3210fedcba98'

function readAll(files: readonly string[], needle: Buffer | null): number {
  const chunk = Buffer.allocUnsafe(readBytes)
  const startedMs = performance.now()
  for (const name of files) {
    const file = fs.openSync(name, 'r')
    for (;;) {
      const length = fs.readSync(file, chunk)
      if (length === 0) break
      if (needle !== null && chunk.subarray(0, length).includes(needle))
        throw new Error('found what is absent')
    }
    fs.closeSync(file)
  }
  return (performance.now() - startedMs) / 1000
}

/** One stream of zstd level 1 per file, as `zstd -1` makes it. */
async function compressAll(corpus: Corpus): Promise<MachineLimits['zstd']> {
  const bytesByKind = new Map<BenchKind, number>()
  const cpu = process.cpuUsage()
  const startedMs = performance.now()
  let bytes = 0
  for (const { file, kind } of corpus.streams) {
    const compress = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } })
    fs.createReadStream(file, { highWaterMark: readBytes }).pipe(compress)
    let own = 0
    for await (const part of compress) own += (part as Buffer).length
    bytes += own
    bytesByKind.set(kind, (bytesByKind.get(kind) ?? 0) + own)
  }
  const seconds = (performance.now() - startedMs) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return { seconds, cpuSecondsPerGB: ((user + system) / mega / corpus.bytes) * 1e9, bytes, bytesByKind }
}

/** MB/s of all threads together. */
async function scan(files: readonly string[], pattern: string, threads: number): Promise<number> {
  const workers = Array.from({ length: threads }, (_, part) => {
    const workerData: ScanRequest = { files, pattern, part, parts: threads, scanBytes, scanRounds }
    return new Worker(new URL('./scan-worker.ts', import.meta.url), { workerData })
  })
  await Promise.all(workers.map((worker) => once(worker, 'message')))
  const results = workers.map((worker) => once(worker, 'message') as Promise<[ScanResult]>)
  const startedMs = performance.now()
  for (const worker of workers) worker.postMessage('start', [])
  let bytes = 0
  for (const [result] of await Promise.all(results)) bytes += result.bytes
  return bytes / mega / ((performance.now() - startedMs) / 1000)
}

/** Median of some runs, the files being in the page cache. */
function ripgrep(root: string): number | null {
  const times: number[] = []
  for (let run = 0; run < ripgrepRuns; run += 1) {
    const startedMs = performance.now()
    const { error } = spawnSync('rg', ['--fixed-strings', '--no-ignore', '--text', absentText, root])
    if (error !== undefined) return null
    times.push(performance.now() - startedMs)
  }
  return percentile(times, 0.5)
}
