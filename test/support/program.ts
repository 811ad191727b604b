/** Starts the real program on an ephemeral port as a process of its own, and ends it by its id. */

import { type ChildProcess, spawn } from 'node:child_process'
import * as os from 'node:os'
import * as path from 'node:path'
import { delay, waitFor, within } from './wait.ts'

const mainFile = path.join(import.meta.dirname, '../../src/main.ts')
const readyMsMax = 60_000
const stopMsMax = 10_000
/** What is kept of the program's output: enough for a failure's message. */
const outputCharsMax = 200_000

export type ProgramOptions = {
  /** Started instead of `src/main.ts`: `start.mjs` adds the flags and caches of `npm start`. */
  readonly file?: string
  readonly dataDir: string
  readonly logRoot: string
  /** Started with Node's own command line behind it: to change what the system gives the process. */
  readonly through?: readonly string[] | undefined
  /** Further settings; they win over the ones made here. */
  readonly env?: Readonly<Record<string, string>>
}

/** How a process ended: one of them is null. */
export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null }

export type Program = {
  /** `http://127.0.0.1:<port>`. */
  readonly base: string
  readonly pid: number
  /** Standard output and error together. */
  readonly output: () => string
  readonly exited: Promise<Exit>
  /** Sends the signal and waits for the end. */
  readonly kill: (signal: NodeJS.Signals) => Promise<Exit>
  /** SIGTERM and a wait; nothing if it has ended. */
  readonly stop: () => Promise<Exit>
}

type Started = Omit<Program, 'base'> & { readonly child: ChildProcess }

const running = new Set<ChildProcess>()

// A test that fails half-way must not leave a program behind.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/**
 * Resolves when `/readyz` answers 200; rejects with the program's output when it ends before or takes too
 * long.
 */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const started = spawnProgram(options)
  try {
    const ended = started.exited.then(({ code, signal }): never => {
      throw new Error(`it ended with ${signal ?? code}`)
    })
    return { ...started, base: await Promise.race([becomeReady(started), ended]) }
  } catch (error) {
    started.child.kill('SIGKILL')
    throw new Error(`the program did not become ready:\n${started.output()}`, { cause: error })
  }
}

/** Starts a program and kills it so long after, ready or not. */
export async function killAtStart(options: ProgramOptions, afterMs: number): Promise<void> {
  await killWhen(options, () => delay(afterMs))
}

/** Starts a program and kills it when the promise of `moment` settles, ready or not. */
export async function killWhen(
  options: ProgramOptions,
  moment: (pid: number) => Promise<void>,
): Promise<void> {
  const started = spawnProgram(options)
  await moment(started.pid)
  await started.kill('SIGKILL')
}

/** Runs a program that is expected to end by itself. */
export async function runProgram(options: ProgramOptions): Promise<Exit & { readonly output: string }> {
  const started = spawnProgram(options)
  try {
    const exit = await within('the program to end', readyMsMax, started.exited)
    return { ...exit, output: started.output() }
  } finally {
    started.child.kill('SIGKILL')
  }
}

function spawnProgram(options: ProgramOptions): Started {
  const { file = mainFile, dataDir, logRoot, env = {}, through = [] } = options
  const [command, ...rest] = [...through, process.execPath, file]
  const child = spawn(command, rest, {
    cwd: os.tmpdir(),
    // Nothing of the caller's settings: a LOGKEEP_TOKEN in the shell must not change a test.
    env: {
      PATH: process.env['PATH'],
      TZ: process.env['TZ'],
      LOGKEEP_PORT: '0',
      LOGKEEP_DATA_DIR: dataDir,
      LOGKEEP_LOG_ROOT: logRoot,
      LOGKEEP_LINK_ROOTS: logRoot,
      LOGKEEP_NODE_NAME: 'n1',
      // The machine's own disk may be nearly full; the tests of the disk floor set their own.
      LOGKEEP_DISK_FREE_MIN: '0%',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  let output = ''
  const keep = (chunk: Buffer): void => {
    output = `${output}${chunk.toString()}`.slice(-outputCharsMax)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      running.delete(child)
      resolve({ code, signal })
    })
  })
  const kill = (signal: NodeJS.Signals): Promise<Exit> => {
    child.kill(signal)
    return within(`the end after ${signal}`, stopMsMax, exited)
  }
  const stop = (): Promise<Exit> => (child.exitCode === null ? kill('SIGTERM') : exited)
  return { child, pid: child.pid ?? -1, output: () => output, exited, kill, stop }
}

/** Stops waiting when the process has ended; the caller learns that from `exited`. */
async function becomeReady({ child, output }: Started): Promise<string> {
  const bounds = { deadlineMs: readyMsMax, intervalMs: 5 }
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null
  const address = (): string | undefined => /http:\/\/127\.0\.0\.1:\d+/.exec(output())?.[0]
  await waitFor('the listening line', () => hasEnded() || address(), bounds)
  const base = address() ?? ''
  await waitFor('/readyz', async () => hasEnded() || (await fetch(`${base}/readyz`)).ok, bounds)
  return base
}
