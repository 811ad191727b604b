/** Feeds live tails in Loki's form: each is read for on its own, at the pace at which its client takes. */

import type { WebSocket } from 'ws'
import type { Collector } from '../collector/contract.ts'
import { LogkeepError } from '../errors.ts'
import { httpLimits, lokiLimits, tailLimits } from '../limits/http.ts'
import type { Logger } from '../log.ts'
import type { LogqlLinesRequest, LogqlService, LogqlTailRead } from '../query/logql/contract.ts'
import { bytesOf } from '../query/logql/read-records.ts'
import { DelayedEntries } from './delayed-entries.ts'
import type { TailHub, TailOpening } from './hub.ts'

/** Close codes of RFC 6455 section 7.4.1. */
const normalClosure = 1000
const goingAway = 1001
const internalError = 1011

export type LokiTailRequest = Omit<LogqlLinesRequest, 'direction' | 'intervalNs'> & {
  /** Entries are held back for so long, to be in order. */
  readonly delayMs: number
}

export type LokiTailsOptions = {
  readonly logql: Pick<LogqlService, 'openTail' | 'readTail'>
  readonly collector: Pick<Collector, 'sync' | 'onCommit'>
  /** Whose places they take, and whose room. */
  readonly hub: Pick<TailHub, 'hold' | 'refuseAboveRoom' | 'unsentBytesMax'>
  readonly log: Logger
}

export type LokiTails = {
  /** Rejects with what the query layer refuses, and where all places are taken. */
  readonly open: (request: LokiTailRequest, signal: AbortSignal) => Promise<TailOpening>
}

export function createLokiTails(options: LokiTailsOptions): LokiTails {
  const { logql, collector, hub } = options
  return {
    open: async (request, signal) => {
      const { delayMs, ...asked } = request
      const waiting = new DelayedEntries(delayMs)
      let tail: LokiTail | null = null
      const giveBack = hub.hold({
        end: (reason) => tail?.end(goingAway, reason),
        unsentBytes: () => tail?.unsentBytes ?? waiting.bytes,
      })
      try {
        await collector.sync(httpLimits.syncWaitMs)
        const first = await logql.openTail(asked, signal)
        hub.refuseAboveRoom(first.entries.reduce((sum, entry) => sum + bytesOf(entry), 0))
        // These are in order.
        waiting.add(first.entries, performance.now() - delayMs)
        return {
          attach: (socket) => {
            tail = new LokiTail({ ...options, request, socket, first, waiting, onClosed: giveBack })
          },
          release: () => {
            if (tail === null) giveBack()
          },
        }
      } catch (error) {
        giveBack()
        throw error
      }
    },
  }
}

type LokiTailOptions = LokiTailsOptions & {
  readonly request: LokiTailRequest
  readonly socket: WebSocket
  readonly first: Omit<LogqlTailRead, 'entries'>
  /** What is to be sent; the first entries to begin with. */
  readonly waiting: DelayedEntries
  readonly onClosed: () => void
}

class LokiTail {
  readonly #options: LokiTailOptions
  readonly #unsubscribe: () => void
  readonly #pinger: NodeJS.Timeout
  readonly #end: NodeJS.Timeout
  readonly #stopped = new AbortController()
  #cursor: string
  #isReading = false
  #needsRead = true
  #heardMs = performance.now()
  /** Until the next entries are due; null: none are held back. */
  #timer: NodeJS.Timeout | null = null
  /** Their form has no place for warnings. */
  #untold = 0

  constructor(options: LokiTailOptions) {
    this.#options = options
    const { socket, first, collector } = options
    this.#cursor = first.cursor
    this.#untold = first.warnings.length
    this.#unsubscribe = collector.onCommit(() => this.#readSoon())
    this.#pinger = setInterval(() => this.#ping(), lokiLimits.tailPingMs)
    this.#end = setTimeout(
      () => this.end(normalClosure, 'reached tail max duration limit'),
      lokiLimits.tailLifeMs,
    )
    socket.on('pong', () => {
      this.#heardMs = performance.now()
    })
    socket.on('message', () => {
      this.#heardMs = performance.now()
    })
    socket.on('close', () => this.#close())
    this.#goOn()
  }

  get unsentBytes(): number {
    const { socket, waiting } = this.#options
    return socket.bufferedAmount + waiting.bytes
  }

  end(code: number, reason: string): void {
    this.#stopped.abort()
    this.#options.socket.close(code, reason)
  }

  #readSoon(): void {
    this.#needsRead = true
    this.#goOn()
  }

  /** Sends what is due and reads on, as far as the client takes it. */
  #goOn(): void {
    if (this.#stopped.signal.aborted) return
    this.#send()
    if (this.#needsRead && !this.#isReading) void this.#readOn()
  }

  /** Reads until there is no more, or the client has too much to take. Never rejects. */
  async #readOn(): Promise<void> {
    this.#isReading = true
    const { logql, request, log, hub, waiting } = this.#options
    const { signal } = this.#stopped
    try {
      while (this.#needsRead && !signal.aborted && this.unsentBytes <= hub.unsentBytesMax) {
        this.#needsRead = false
        const { plan, isCategorized } = request
        const tail = { plan, cursor: this.#cursor, isCategorized, bytesMax: tailLimits.readBytesMax }
        const read = await logql.readTail(tail, signal)
        if (signal.aborted) break
        this.#cursor = read.cursor
        this.#untold += read.warnings.length
        if (!read.caughtUp) this.#needsRead = true
        waiting.add(read.entries, performance.now())
        this.#send()
      }
    } catch (error) {
      const reason = error instanceof LogkeepError ? error.message : 'reading failed'
      log.warn('tail_failed', 'a tail was ended by an error', { reason: String(error) })
      this.end(internalError, Buffer.from(reason).subarray(0, closeReasonBytesMax).toString())
    } finally {
      this.#isReading = false
    }
  }

  /** One stream object per entry, so many entries per message; the rest when the client has taken some. */
  #send(): void {
    const { socket, request, hub, waiting } = this.#options
    const flags = request.isCategorized ? '"encodingFlags":["categorize-labels"],' : ''
    while (socket.bufferedAmount <= hub.unsentBytesMax) {
      const entries = waiting.take(lokiLimits.tailEntriesPerMessage, performance.now())
      if (entries.length === 0) break
      const streams = entries.map(({ labels, value }) => `{"stream":${labels},"values":[${value}]}`)
      socket.send(`{${flags}"streams":[${streams.join(',')}]}`, () => this.#afterSend())
    }
    this.#wake()
  }

  /** What is held back comes when it is due, whether or not anything happens until then. */
  #wake(): void {
    const { dueMs } = this.#options.waiting
    const waitMs = (dueMs ?? 0) - performance.now()
    if (waitMs <= 0 || this.#timer !== null) return
    const wake = (): void => {
      this.#timer = null
      this.#goOn()
    }
    this.#timer = setTimeout(wake, Math.max(waitMs, lokiLimits.tailWakeMs))
  }

  #afterSend(): void {
    const { socket, hub } = this.#options
    if (socket.bufferedAmount <= hub.unsentBytesMax / 2) this.#goOn()
  }

  #ping(): void {
    const { socket } = this.#options
    if (performance.now() - this.#heardMs > tailLimits.peerSilentMaxMs) return socket.terminate()
    socket.ping()
  }

  #close(): void {
    this.#stopped.abort()
    this.#unsubscribe()
    clearInterval(this.#pinger)
    clearTimeout(this.#end)
    clearTimeout(this.#timer ?? undefined)
    if (this.#untold > 0) {
      const message = 'a tail met what its form has no place for: missing lines, for one'
      this.#options.log.warn('tail_warnings_untold', message, { warnings: this.#untold })
    }
    this.#options.onClosed()
  }
}

/** RFC 6455 section 5.5: a control frame has 125 bytes, two of them the code. */
const closeReasonBytesMax = 123
