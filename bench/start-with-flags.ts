/** Starts the program with the flags of `BENCH_NODE_FLAGS` in place of those of `start.mjs`. */

import * as path from 'node:path'

const flags = process.env['BENCH_NODE_FLAGS']?.split(' ').filter(Boolean) ?? []
const main = path.join(import.meta.dirname, '../src/main.ts')
process.execve?.(process.execPath, [process.execPath, ...flags, main])
