/**
 * zstd at level 1, with the settings that measurement chose: `chunkSize` doubles the speed of decompression.
 */

import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

/** Bytes of room beyond the raw length, so that the decompressor needs no second output buffer. */
const outputSlackBytes = 64
/** Smallest output buffer that Node accepts. */
const chunkSizeMin = 64

const compressOptions = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

/** The result may share Node's buffer pool: write it, do not keep it. */
export function compress(bytes: Uint8Array): Buffer {
  return zstdCompressSync(bytes, compressOptions)
}

/** `rawBytes` is the exact length of the result. */
export function decompress(bytes: Uint8Array, rawBytes: number): Buffer {
  return zstdDecompressSync(bytes, { chunkSize: Math.max(chunkSizeMin, rawBytes + outputSlackBytes) })
}
