/**
 * Entry of the collector's thread: opens the only writer of the database and runs the loop until it is told
 * to stop; where the database is lost meanwhile, begins again with a new one.
 */

import assert from 'node:assert'
import { setTimeout as delay } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { LogkeepError } from '../errors.ts'
import { workerLimits } from '../limits/collector.ts'
import { processLimits } from '../limits/program.ts'
import type { Logger } from '../log.ts'
import type { LostDatabase } from '../store/contract.ts'
import { openWriter, type Writer } from '../store/writer.ts'
import type { FilesRequest } from './contract.ts'
import { type CollectorCore, createCore } from './core.ts'
import { noStatus } from './counters.ts'
import { Loop } from './loop.ts'
import type { FromWorker, ToWorker, WorkerSettings } from './messages.ts'
import { createHintWatcher } from './watcher.ts'

assert(parentPort !== null)
const port = parentPort
const settings = workerData as WorkerSettings
const post = (message: FromWorker, moved: ArrayBuffer[] = []): void => port.postMessage(message, moved)

const write = (level: keyof Logger): Logger[keyof Logger] => {
  return (event, message, fields = {}) => post({ type: 'log', level, event, message, fields })
}
const log: Logger = {
  debug: write('debug'),
  info: write('info'),
  warn: write('warn'),
  error: write('error'),
}

const stopping = new AbortController()
port.on('message', ({ type }: ToWorker) => {
  if (type === 'stop') stopping.abort()
})
// Only there where `start.mjs` has started the program.
setTimeout(() => globalThis.gc?.(), processLimits.startGarbageMs).unref()
for (let writer = openFirst(); writer !== null; ) {
  const lost = await run(writer)
  writer = lost === null ? null : await openAgain(lost)
}
port.close()

function open(lost?: LostDatabase): Writer {
  const { dataDir, retention } = settings
  return openWriter({ dataDir, retention, log, ...(lost === undefined ? {} : { lost }) })
}

function openFirst(): Writer | null {
  try {
    return open()
  } catch (error) {
    if (!(error instanceof LogkeepError)) throw error
    const { code, message, hint } = error
    post({ type: 'refused', code, message, hint })
    return null
  }
}

/** Tries until there is a database again: queries go on meanwhile, and the log files wait. Null: stopped. */
async function openAgain(lost: LostDatabase): Promise<Writer | null> {
  log.error('database_lost', `The database is lost: ${lost.reason}. Reading waits for a new one.`)
  let reason = lost.reason
  while (!stopping.signal.aborted) {
    const trouble = `The database is lost (${reason}); a new one is opened as soon as that works.`
    post({ type: 'status', status: { ...noStatus, degraded: [trouble] } })
    await delay(workerLimits.reopenMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    if (stopping.signal.aborted) break
    try {
      return open(lost)
    } catch (error) {
      if (!(error instanceof LogkeepError)) throw error
      reason = error.message
    }
  }
  return null
}

/** Settles when it was told to stop, or with why the database is lost. */
async function run(writer: Writer): Promise<LostDatabase | null> {
  let wake = (): void => {}
  const core = createCore({
    options: settings.collector,
    writer,
    log,
    wake: () => wake(),
    onCommit: (commit) => {
      post({ type: 'committed', commit })
    },
  })
  const loop = new Loop({
    core,
    writer,
    log,
    nowMs: Date.now,
    onSynced: (id, isComplete) => {
      post({ type: 'synced', id, commit: writer.lastCommit(), isComplete })
    },
    onStatus: (status) => post({ type: 'status', status: { ...status, commit: writer.lastCommit() } }),
  })
  wake = () => loop.wake()
  const receive = (message: ToWorker): void => answer(message, loop, core)
  port.on('message', receive)
  post({ type: 'opened', commit: writer.lastCommit() })
  const watcher = createHintWatcher(settings.collector.logRoot, log, () => loop.hint())
  if (stopping.signal.aborted) loop.stop()
  try {
    await loop.run()
  } catch (error) {
    if (writer.lost() === null) throw error
  }
  const lost = stopping.signal.aborted ? null : writer.lost()
  port.off('message', receive)
  core.close()
  await watcher.close()
  writer.close()
  return lost
}

function answer(message: ToWorker, loop: Loop, core: CollectorCore): void {
  if (message.type === 'sync') loop.sync(message.id)
  else if (message.type === 'live') loop.setLive(message.isLive)
  else if (message.type === 'files') answerFiles(message.id, message.request, core)
  else loop.stop()
}

/** Messages come between two steps of the loop: what is known is of one piece then. */
function answerFiles(id: number, request: FilesRequest, core: CollectorCore): void {
  try {
    const answer = core.files(request, Date.now())
    post({ type: 'files', id, answer }, [answer.bytes.buffer as ArrayBuffer])
  } catch (error) {
    // Whoever asks is told; reading goes on.
    const { code, hint, message } = error instanceof LogkeepError ? error : failedToAnswer(error)
    post({ type: 'filesRefused', id, code, message, hint })
  }
}

function failedToAnswer(cause: unknown): LogkeepError {
  log.error('files_failed', `The log tree could not be shown: ${String(cause)}`)
  return new LogkeepError('INTERNAL', 'the log tree could not be shown', "see the program's own messages")
}
