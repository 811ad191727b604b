/** Thread that decompresses blocks and runs a regex over them, as fast as one thread can. */

import * as fs from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

export type ScanRequest = {
  readonly files: readonly string[]
  readonly pattern: string
  /** Of `parts` threads. */
  readonly part: number
  readonly parts: number
  readonly scanBytes: number
  readonly scanRounds: number
}

export type ScanResult = { readonly bytes: number }

const blockBytes = 256 * 1024
const level = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

const { files, pattern, part, parts, scanBytes, scanRounds } = workerData as ScanRequest
const blocks = readBlocks()
const regex = new RegExp(pattern)
scanAll()
parentPort?.on('message', () => {
  let bytes = 0
  for (let round = 0; round < scanRounds; round += 1) bytes += scanAll()
  parentPort?.postMessage({ bytes } satisfies ScanResult, [])
  parentPort?.close()
})
parentPort?.postMessage('ready', [])

/** Blocks from all files alike, so that each kind of log has its share. */
function readBlocks(): Buffer[] {
  const own = files.filter((_, index) => index % parts === part)
  const perFile = Math.max(1, Math.floor(scanBytes / blockBytes / Math.max(1, own.length)))
  return own.flatMap((name) => {
    const file = fs.openSync(name, 'r')
    const found: Buffer[] = []
    for (let index = 0; index < perFile; index += 1) {
      const block = Buffer.alloc(blockBytes)
      const length = fs.readSync(file, block)
      if (length === 0) break
      // Small results may share Node's buffer pool: a copy of its own is kept.
      found.push(Buffer.from(zstdCompressSync(block.subarray(0, length), level)))
    }
    fs.closeSync(file)
    return found
  })
}

function scanAll(): number {
  let bytes = 0
  for (const block of blocks) {
    const raw = zstdDecompressSync(block, { chunkSize: blockBytes + 64 })
    if (regex.test(raw.toString('latin1'))) throw new Error('the regex was expected to match nothing')
    bytes += raw.length
  }
  return bytes
}
