/** The real program as a process that is measured from outside: `/proc` on Linux, nulls elsewhere. */

import * as fs from 'node:fs'
import * as http from 'node:http'
import * as path from 'node:path'
import { type Program, startProgram } from '../test/support/program.ts'
import { delay } from '../test/support/wait.ts'

/** Ticks per second of `/proc/<pid>/stat`: the kernel's fixed figure for programs. */
const ticksPerSecond = 100
const kibibyte = 1024
/** As users start it; it replaces its process, which one that is profiled does not survive. */
const startFile = path.join(import.meta.dirname, '../start.mjs')
const mainFile = path.join(import.meta.dirname, '../src/main.ts')

export type Usage = {
  /** User and system time of all threads, in seconds. */
  readonly cpuSeconds: number | null
  readonly rssBytes: number | null
  /** Largest so far. */
  readonly rssPeakBytes: number | null
  /** Handed to `read`, whatever came from the page cache. */
  readonly readBytes: number | null
  /** Caused to be written to the disk. */
  readonly writtenBytes: number | null
}

export type MeasuredProgram = Program & {
  /** From the spawn to the first `/readyz` that answered 200. */
  readonly startMs: number
  readonly usage: () => Usage
  /** Body and milliseconds of one GET over a kept connection. Rejects on any status but 200. */
  readonly get: (path: string) => Promise<{ readonly body: Buffer; readonly ms: number }>
  /** Waits until the program has been nearly idle for a second, at most `waitMsMax`. */
  readonly settle: (waitMsMax: number) => Promise<void>
}

export type MeasuredOptions = {
  readonly logRoot: string
  readonly dataDir: string
  /** Folder for V8's CPU profiles, one file per thread; null: none. */
  readonly profileDir?: string | null
  /** Started in place of `start.mjs`. */
  readonly file?: string
  /** By the names of their environment variables. */
  readonly settings?: Readonly<Record<string, string>>
}

export async function startMeasured(options: MeasuredOptions): Promise<MeasuredProgram> {
  const { logRoot, dataDir, profileDir = null, settings = {} } = options
  const startedMs = performance.now()
  // Nothing may be swept while it is measured.
  const kept = { LOGKEEP_RETENTION_SIZE: '1TiB', LOGKEEP_RETENTION_AGE: '3650d' }
  const env: Record<string, string> = { ...kept, ...settings }
  if (profileDir !== null)
    env['NODE_OPTIONS'] = `--max-semi-space-size=2 --cpu-prof --cpu-prof-dir=${profileDir}`
  const file = profileDir === null ? (options.file ?? startFile) : mainFile
  const program = await startProgram({ file, logRoot, dataDir, env })
  const startMs = performance.now() - startedMs
  const agent = new http.Agent({ keepAlive: true })
  const usage = (): Usage => readUsage(program.pid)
  return {
    ...program,
    startMs,
    usage,
    get: (path) => get(agent, `${program.base}${path}`),
    settle: (waitMsMax) => settle(usage, waitMsMax),
    stop: async () => {
      agent.destroy()
      return program.stop()
    },
  }
}

function get(agent: http.Agent, url: string): Promise<{ body: Buffer; ms: number }> {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now()
    const request = http.get(url, { agent }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', reject)
      response.on('end', () => {
        const ms = performance.now() - startedMs
        const body = Buffer.concat(parts)
        if (response.statusCode === 200) resolve({ body, ms })
        else reject(new Error(`${url} answered ${response.statusCode}: ${body.toString()}`))
      })
    })
    request.on('error', reject)
  })
}

function readUsage(pid: number): Usage {
  const stat = readProc(pid, 'stat')
  const status = readProc(pid, 'status')
  const io = readProc(pid, 'io')
  // The name in parentheses may hold blanks.
  const ticks = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  const cpuTicks = ticks === undefined ? null : Number(ticks[11]) + Number(ticks[12])
  const kilobytes = (name: string): number | null => {
    const value = numberAfter(status, name)
    return value === null ? null : value * kibibyte
  }
  return {
    cpuSeconds: cpuTicks === null ? null : cpuTicks / ticksPerSecond,
    rssBytes: kilobytes('VmRSS'),
    rssPeakBytes: kilobytes('VmHWM'),
    readBytes: numberAfter(io, 'rchar'),
    writtenBytes: numberAfter(io, 'write_bytes'),
  }
}

function readProc(pid: number, file: string): string | null {
  try {
    return fs.readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    // Not Linux, or not allowed: the figure is left out.
    return null
  }
}

function numberAfter(text: string | null, name: string): number | null {
  const found = text === null ? null : new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)
  return found === null ? null : Number(found[1])
}

const settleStepMs = 500
/** CPU seconds per step below which the program counts as idle. */
const settleCpuMax = 0.025
const settleStepsIdle = 2

async function settle(usage: () => Usage, waitMsMax: number): Promise<void> {
  const end = performance.now() + waitMsMax
  let idleSteps = 0
  let before = usage().cpuSeconds ?? 0
  while (idleSteps < settleStepsIdle && performance.now() < end) {
    await delay(settleStepMs)
    const after = usage().cpuSeconds ?? 0
    idleSteps = after - before <= settleCpuMax ? idleSteps + 1 : 0
    before = after
  }
}

/** Difference of two figures, null where one is missing. */
export function since(before: number | null, after: number | null): number | null {
  return before === null || after === null ? null : after - before
}
