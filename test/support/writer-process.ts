/** A writer in its own process: lives a node's random life until SIGTERM, recording its lines as ndjson. */

import { fork } from 'node:child_process'
import * as fs from 'node:fs'
import type { LogFormat, WrittenLine } from './container-simulator.ts'
import { createLedgerFile } from './line-ledger.ts'
import { createNode } from './node-simulator.ts'
import { createRandom } from './random.ts'
import { within } from './wait.ts'
import { createWorkload, type WorkloadOptions } from './workload.ts'

const tickMs = 10
const finishMsMax = 20_000

export type WriterOptions = Pick<
  WorkloadOptions,
  'containers' | 'rotateMs' | 'restartMs' | 'deleteAfterMs' | 'podLifeMs' | 'isUneven' | 'paddingChars'
> & {
  readonly root: string
  readonly recordFile: string
  /** Record a line's hash in place of the line, for `readLedger`: of millions of them. */
  readonly isLedger?: boolean
  readonly seed: number
  readonly linesPerSec: number
  readonly format: LogFormat
  /** Held by the last line of each iostream. */
  readonly mark: string
}

export type WriterSummary = Readonly<Record<'rotations' | 'restarts' | 'deletions' | 'marked', number>>

export type Writer = {
  /** Resolves when the last lines are written. The files stay. */
  readonly finish: () => Promise<WriterSummary>
  readonly kill: () => void
}

export function startWriter(options: WriterOptions): Writer {
  const child = fork(import.meta.filename, [JSON.stringify(options)], { execArgv: [] })
  let summary: WriterSummary | null = null
  child.on('message', (message) => {
    summary = message as WriterSummary
  })
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      if (code === 0) resolve()
      else reject(new Error(`the writer ended with ${signal ?? code}`))
    })
  })
  ended.catch(() => undefined)
  return {
    finish: async () => {
      child.kill('SIGTERM')
      await within('the writer to finish', finishMsMax, ended)
      if (summary === null) throw new Error('the writer gave no summary')
      return summary
    },
    kill: () => child.kill('SIGKILL'),
  }
}

/** What a writer has recorded that keeps no ledger. */
export function readWritten(recordFile: string): WrittenLine[] {
  const lines = fs.readFileSync(recordFile, 'utf8').trimEnd().split('\n')
  return lines.map((line): WrittenLine => JSON.parse(line))
}

type LineRecord = {
  readonly add: (line: WrittenLine) => void
  readonly save: () => void
  readonly close: () => void
}

function createLineFile(file: string): LineRecord {
  const fd = fs.openSync(file, 'w')
  let unsaved: string[] = []
  return {
    add: (line) => void unsaved.push(`${JSON.stringify(line)}\n`),
    save: () => {
      fs.writeSync(fd, unsaved.join(''))
      unsaved = []
    },
    close: () => fs.closeSync(fd),
  }
}

function runWriter(options: WriterOptions): void {
  const createRecord: (file: string) => LineRecord =
    options.isLedger === true ? createLedgerFile : createLineFile
  const record = createRecord(options.recordFile)
  const node = createNode({
    root: options.root,
    seed: options.seed,
    format: options.format,
    onWritten: record.add,
  })
  const workload = createWorkload({ ...options, node, random: createRandom(options.seed) })
  const startMs = performance.now()
  let written = 0
  const timer = setInterval(() => {
    const elapsedMs = performance.now() - startMs
    const due = Math.floor((elapsedMs / 1000) * options.linesPerSec) - written
    // After a pause of the machine the rest is spread, not written at once.
    const lines = Math.min(due, Math.ceil((options.linesPerSec * tickMs * 5) / 1000))
    workload.step(elapsedMs, lines)
    written += lines
    record.save()
  }, tickMs)
  const orphaned = (): void => process.exit(1)
  process.once('disconnect', orphaned)
  process.once('SIGTERM', () => {
    process.off('disconnect', orphaned)
    clearInterval(timer)
    const marked = workload.finish(options.mark)
    node.close()
    record.save()
    record.close()
    process.send?.({ ...workload.counts(), marked })
    process.disconnect?.()
  })
}

if (process.argv[1] === import.meta.filename) runWriter(JSON.parse(process.argv[2] ?? ''))
