/** A node to measure on: log files that a writer writes to, and the real program that follows them. */

import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { type MeasuredProgram, startMeasured } from './program.ts'
import type { Selection } from './selections.ts'
import { type LogWriter, startLogWriter } from './writer.ts'

export type Ground = {
  readonly program: MeasuredProgram
  readonly writer: LogWriter
  readonly logRoot: string
  /** Beside the log root, on the same file system. */
  readonly spareFolder: string
}

export type GroundOptions = {
  /** That the writer writes to at its pace. */
  readonly files: number
  /** Whose lines the writer counts. */
  readonly selections?: readonly Selection[]
  readonly profileDir?: string | null
  /** Of the program, by the names of their environment variables. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Ends both and deletes everything when `measure` is done. */
export async function withGround<T>(
  { files, selections = [], profileDir = null, settings = {} }: GroundOptions,
  measure: (ground: Ground) => Promise<T>,
): Promise<T> {
  const base = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-bench-ground-'))
  const logRoot = path.join(base, 'pods')
  try {
    const writer = await startLogWriter(logRoot, files, selections)
    try {
      const program = await startMeasured({ logRoot, dataDir: path.join(base, 'data'), profileDir, settings })
      try {
        return await measure({ program, writer, logRoot, spareFolder: path.join(base, 'spare') })
      } finally {
        await program.stop()
      }
    } finally {
      await writer.close()
    }
  } finally {
    fs.rmSync(base, { recursive: true, force: true })
  }
}
