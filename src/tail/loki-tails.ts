/** Feeds live tails in Loki's form: each is read for on its own, at the pace at which its client takes. */

import type { WebSocket } from 'ws'
import type { Collector } from '../collector/contract.ts'
import { LogkeepError } from '../errors.ts'
import { httpLimits, lokiLimits, tailLimits } from '../limits/http.ts'
import type { Logger } from '../log.ts'
import type { LogqlEntry, LogqlLinesRequest, LogqlService, LogqlTailRead } from '../query/logql/contract.ts'
import type { TailHub, TailOpening } from './hub.ts'

/** Close codes of RFC 6455 section 7.4.1. */
const normalClosure = 1000
const goingAway = 1001
const internalError = 1011

export type LokiTailRequest = Omit<LogqlLinesRequest, 'direction' | 'intervalNs'>

export type LokiTailsOptions = {
  readonly logql: Pick<LogqlService, 'openTail' | 'readTail'>
  readonly collector: Pick<Collector, 'sync' | 'onCommit'>
  /** Whose places they take. */
  readonly hub: Pick<TailHub, 'hold'>
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
      let tail: LokiTail | null = null
      const giveBack = hub.hold((reason) => tail?.end(goingAway, reason))
      try {
        await collector.sync(httpLimits.syncWaitMs)
        const first = await logql.openTail(request, signal)
        return {
          attach: (socket) => {
            tail = new LokiTail({ ...options, request, socket, first, onClosed: giveBack })
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
  readonly first: LogqlTailRead
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

  constructor(options: LokiTailOptions) {
    this.#options = options
    const { socket, first, collector } = options
    this.#cursor = first.cursor
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
    this.#send(first.entries)
    this.#readSoon()
  }

  end(code: number, reason: string): void {
    this.#stopped.abort()
    this.#options.socket.close(code, reason)
  }

  #readSoon(): void {
    this.#needsRead = true
    if (!this.#isReading) void this.#readOn()
  }

  /** Reads until there is no more, or the client has too much to take. Never rejects. */
  async #readOn(): Promise<void> {
    this.#isReading = true
    const { logql, request, socket, log } = this.#options
    const { signal } = this.#stopped
    try {
      while (this.#needsRead && !signal.aborted) {
        if (socket.bufferedAmount > tailLimits.bufferedBytesMax) break
        this.#needsRead = false
        const { plan, isCategorized } = request
        const tail = { plan, cursor: this.#cursor, isCategorized, bytesMax: tailLimits.readBytesMax }
        const read = await logql.readTail(tail, signal)
        if (signal.aborted) break
        this.#cursor = read.cursor
        if (!read.caughtUp) this.#needsRead = true
        this.#send(read.entries)
      }
    } catch (error) {
      const reason = error instanceof LogkeepError ? error.message : 'reading failed'
      log.warn('tail_failed', 'a tail was ended by an error', { reason: String(error) })
      this.end(internalError, Buffer.from(reason).subarray(0, closeReasonBytesMax).toString())
    } finally {
      this.#isReading = false
    }
  }

  /** One stream object per entry, so many entries per message. */
  #send(entries: readonly LogqlEntry[]): void {
    const { socket, request } = this.#options
    for (let at = 0; at < entries.length; at += lokiLimits.tailEntriesPerMessage) {
      const part = entries.slice(at, at + lokiLimits.tailEntriesPerMessage)
      const streams = part.map(({ labels, value }) => `{"stream":${labels},"values":[${value}]}`)
      const flags = request.isCategorized ? '"encodingFlags":["categorize-labels"],' : ''
      socket.send(`{${flags}"streams":[${streams.join(',')}]}`, () => this.#afterSend())
    }
  }

  #afterSend(): void {
    if (this.#needsRead && this.#options.socket.bufferedAmount <= tailLimits.bufferedBytesMax / 2)
      this.#readSoon()
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
    this.#options.onClosed()
  }
}

/** RFC 6455 section 5.5: a control frame has 125 bytes, two of them the code. */
const closeReasonBytesMax = 123
