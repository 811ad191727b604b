/**
 * Entry of the collector's thread: opens the only writer of the database and runs the loop until it is told
 * to stop.
 */

import assert from 'node:assert'
import { parentPort, workerData } from 'node:worker_threads'
import { LogkeepError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { openWriter, type Writer } from '../store/writer.ts'
import type { FilesRequest } from './contract.ts'
import { type CollectorCore, createCore } from './core.ts'
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

const writer = open()
if (writer !== null) await run(writer)

function open(): Writer | null {
  try {
    return openWriter({ dataDir: settings.dataDir, retention: settings.retention })
  } catch (error) {
    if (!(error instanceof LogkeepError)) throw error
    const { code, message, hint } = error
    post({ type: 'refused', code, message, hint })
    return null
  }
}

async function run(writer: Writer): Promise<void> {
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
  port.on('message', (message: ToWorker) => receive(message, loop, core))
  post({ type: 'opened', commit: writer.lastCommit() })
  const watcher = createHintWatcher(settings.collector.logRoot, log, () => loop.hint())
  try {
    await loop.run()
  } finally {
    port.close()
    core.close()
    await watcher.close()
    writer.close()
  }
}

function receive(message: ToWorker, loop: Loop, core: CollectorCore): void {
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
