/**
 * Composition root: settings → collector → queries → tails → server; signals, the order of stopping and exit
 * codes.
 */

import { once } from 'node:events'
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { createCollector } from './collector/client.ts'
import type { Collector } from './collector/contract.ts'
import { type Config, loadConfig, parseTokenFile, settings } from './config.ts'
import { LogkeepError } from './errors.ts'
import { buildServer } from './http/server.ts'
import { processLimits } from './limits/program.ts'
import { createLogger, type Logger } from './log.ts'
import { createMetrics } from './metrics/metrics.ts'
import type { QueryService } from './query/contract.ts'
import { createQueryService } from './query/service.ts'
import { createTailHub } from './tail/hub.ts'
import { createLokiTails } from './tail/loki-tails.ts'

/** 1: something broke; 2: refused to start, for a reason that the one line on stderr gives. */
const exitCode = { ok: 0, failed: 1, refused: 2 } as const

/**
 * Writing for the group, anything for others. A Secret's file belongs to root and is read through group 0.
 */
const exposingModes = 0o027

const millisecondsPerSecond = 1000
const percent = 100

/** What there is to stop; filled in the order of the start. */
type Running = {
  collector?: Collector
  query?: QueryService
  metrics?: ReturnType<typeof createMetrics>
  app?: ReturnType<typeof buildServer>
}

if (import.meta.main) await main()

async function main(): Promise<void> {
  // Database, locks and set-aside files are for their owner alone, whoever creates them.
  process.umask(0o077)
  const running: Running = {}
  try {
    const config = loadConfig(process.env)
    const log = createProcessLogger(config)
    const stop = createStop(running, log)
    process.on('SIGTERM', () => void stop('SIGTERM', exitCode.ok))
    process.on('SIGINT', () => void stop('SIGINT', exitCode.ok))
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
      process.on(event, (error: unknown) => {
        log.error('program_failed', 'an error was not handled', { reason: stackOf(error) })
        process.exit(exitCode.failed)
      })
    }
    await start(config, log, running, stop)
  } catch (error) {
    if (!(error instanceof LogkeepError)) {
      process.stderr.write(`logkeep: ${stackOf(error)}\n`)
      process.exit(exitCode.failed)
    }
    process.stderr.write(`logkeep: ${error.message}: ${error.hint}\n`.replace(/\n(?=.)/g, ' '))
    process.exit(exitCode.refused)
  }
}

async function start(config: Config, log: Logger, running: Running, stop: Stop): Promise<void> {
  const token = config.token ?? readTokenFile(config.tokenFile, log)
  await refuseUsedPort(config)
  const collector = createCollector({ config, log })
  running.collector = collector
  // Before anything else is made: a second instance must not get as far as to answer.
  await collector.ready
  void collector.failed.then((reason) => {
    log.error('collector_failed', 'the collector cannot go on', { reason: reason.message })
    return stop('collector', exitCode.failed)
  })
  const { dataDir, nodeName, queryThreads, queryDeadlineMs, tailsMax } = config
  const service = createQueryService({
    dataDir,
    nodeName,
    queryThreads,
    queryDeadlineMs,
    scannedBytesMax: config.queryScanBytesMax,
    waitingMax: config.queriesWaitingMax,
    now: Date.now,
    log,
  })
  running.query = service
  const version = packageVersion()
  const metrics = createMetrics({
    collector,
    query: service,
    tails: () => tails,
    version,
    dataDir,
    retentionAgeSec: config.retentionAgeMs / millisecondsPerSecond,
    retentionSizeBytes: config.retentionSizeBytes,
    diskFreeMinShare: config.diskFreeMinPercent / percent,
  })
  running.metrics = metrics
  const query = metrics.observe(service)
  const tails = createTailHub({
    query,
    collector,
    log,
    nowMs: () => performance.now(),
    limits: { tailsMax },
  })
  const lokiTails = createLokiTails({ logql: query.logql, collector, hub: tails, log })
  const app = buildServer({
    config,
    token,
    query,
    collector,
    tails,
    lokiTails,
    metrics,
    version,
    pageFolder: join(import.meta.dirname, '../dist/page'),
    log,
    nowMs: Date.now,
  })
  running.app = app
  await app.listen({ host: config.host, port: config.port }).catch((error) => {
    throw listenError(error, config)
  })
  const { port } = app.server.address() as AddressInfo
  log.info('server_started', `listening on ${urlOf(config.host, port)}`, {
    node: nodeName,
    access: accessOf(config, token),
  })
  // Only there where `start.mjs` has started the program.
  setTimeout(() => globalThis.gc?.(), processLimits.startGarbageMs).unref()
}

/** Warnings and errors go to stderr, the rest to stdout; readable lines where a person watches. */
function createProcessLogger({ logLevel }: Config): Logger {
  return createLogger({
    level: logLevel,
    readable: process.stdout.isTTY,
    write: (line, level) => {
      const stream = level === 'warn' || level === 'error' ? process.stderr : process.stdout
      stream.write(line)
    },
    nowMs: Date.now,
  })
}

type Stop = (cause: string, code: number) => Promise<void>

/** Stops everything in the order that loses nothing, within five seconds; a second call ends at once. */
function createStop(running: Running, log: Logger): Stop {
  let stopping = false
  return async (cause, code) => {
    if (stopping) process.exit(exitCode.failed)
    stopping = true
    log.info('stop_began', 'stopping', { cause })
    setTimeout(() => {
      log.error('stop_forced', 'the stop took too long and was forced; nothing stored is lost')
      process.exit(exitCode.failed)
    }, processLimits.stopMaxMs).unref()
    try {
      await running.app?.close()
      running.metrics?.close()
      // Readers first: the writer, closing last, checkpoints everything and removes the WAL.
      await running.query?.close()
      await running.collector?.close()
    } catch (error) {
      log.error('stop_failed', 'the stop was not clean', { reason: stackOf(error) })
      process.exit(exitCode.failed)
    }
    log.info('stop_ended', 'stopped')
    process.exit(code)
  }
}

function readTokenFile(path: string | null, log: Logger): string | null {
  if (path === null) return null
  const { name, bounds } = settings.tokenFile
  let token: string | null
  try {
    const file = openSync(path, 'r')
    try {
      const isExposed = (fstatSync(file).mode & exposingModes) !== 0
      if (isExposed)
        log.warn(
          'token_exposed',
          'more than its owner and group may read the token file: set its mode to 0600',
          { path },
        )
      const content = Buffer.alloc(processLimits.tokenFileBytesMax)
      token = parseTokenFile(content.toString('latin1', 0, readSync(file, content)))
    } finally {
      closeSync(file)
    }
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unreadable'
    throw new LogkeepError('BAD_SETTING', `${name} is "${path}" (${reason})`, `accepted: ${bounds}`, {
      cause,
    })
  }
  if (token !== null) return token
  const accepted = `accepted: ${settings.token.bounds}`
  throw new LogkeepError('BAD_SETTING', `the file "${path}" of ${name} holds no token`, accepted)
}

/** Before anything is created or logged, so that a port in use leaves one line and no data folder behind. */
async function refuseUsedPort(config: Config): Promise<void> {
  if (config.port === 0) return
  const probe = createServer()
  try {
    probe.listen(config.port, config.host)
    await once(probe, 'listening')
    probe.close()
    await once(probe, 'close')
  } catch (error) {
    throw listenError(error, config)
  }
}

function listenError(cause: unknown, { host, port }: Config): LogkeepError {
  const { code } = cause as NodeJS.ErrnoException
  const place = `${host} port ${port}`
  if (code === 'EADDRINUSE') {
    const hint = `stop what listens there, or set ${settings.port.name}`
    return new LogkeepError('PORT_IN_USE', `${place} is in use`, hint, { cause })
  }
  const hint = `set ${settings.host.name} and ${settings.port.name}`
  return new LogkeepError('PORT_IN_USE', `cannot listen on ${place} (${code ?? String(cause)})`, hint, {
    cause,
  })
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Who is answered, for the first line of the log. */
function accessOf({ anonymous }: Config, token: string | null): string {
  if (token !== null) return 'with the token'
  return anonymous ? 'everybody' : 'this machine only'
}

/** Named once: in the package's manifest, which lies beside `src/` in the image too. */
function packageVersion(): string {
  const manifest = readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
