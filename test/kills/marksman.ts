/**
 * Kills a process at the moment when a phase is under way in it: a thread that looks at the phases' file some
 * thousand times a second, while the runner's own thread is busy with what the program sends.
 */

import * as fs from 'node:fs'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { offsetOf, type Phase } from '../support/phases.ts'

const lookMs = 0.2

export type Aim = {
  readonly pid: number
  /** The phases' file. */
  readonly file: string
  readonly phase: Phase
  /** From when the phase is seen to the kill; less where the phase turns out to be shorter. */
  readonly delayMs: number
  /** Nothing is killed where the phase is not seen by then. */
  readonly waitMs: number
}

/** Settles when it has killed, or waited long enough. */
export async function shoot(aim: Aim): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { workerData: aim })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  worker.once('error', reject)
  worker.once('exit', () => resolve())
  await promise
}

function watch({ pid, file, phase, delayMs, waitMs }: Aim): void {
  const fd = fs.openSync(file, 'r')
  const byte = Buffer.alloc(1)
  const clock = new Int32Array(new SharedArrayBuffer(4))
  const isUnderWay = (): boolean => {
    fs.readSync(fd, byte, 0, 1, offsetOf(phase))
    return byte[0] !== 0
  }
  const end = performance.now() + waitMs
  let restMs = delayMs
  try {
    while (performance.now() < end && isAlive(pid)) {
      if (!isUnderWay()) {
        Atomics.wait(clock, 0, 0, lookMs)
        continue
      }
      const shotMs = performance.now() + restMs
      while (performance.now() < shotMs);
      if (isUnderWay()) return void process.kill(pid, 'SIGKILL')
      restMs /= 2
    }
  } finally {
    fs.closeSync(fd)
  }
}

function isAlive(pid: number): boolean {
  return fs.existsSync(`/proc/${pid}`)
}

if (!isMainThread) watch(workerData as Aim)
