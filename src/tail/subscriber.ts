/**
 * One client of a live tail: what is sent to it, how much of that it has taken, and whether it still is
 * there.
 */

import type { WebSocket } from 'ws'
import { LogkeepError } from '../errors.ts'
import { endFrame, errorFrame, isPong, pingFrame } from './frames.ts'

/** Close codes of RFC 6455 section 7.4.1. */
const goingAway = 1001
const policyViolation = 1008
const internalError = 1011

export type SubscriberOptions = {
  readonly socket: WebSocket
  readonly cursor: string
  readonly nowMs: () => number
  /** Unsent bytes above which the client counts as slow, as of now. */
  readonly bufferedBytesMax: () => number
  readonly lagMaxMs: number
  readonly peerSilentMaxMs: number
  /** A slow client has taken enough to be read for again. */
  readonly onDrained: () => void
  readonly onClosed: () => void
}

export class Subscriber {
  readonly #options: SubscriberOptions
  readonly #socket: WebSocket
  #cursor: string
  #heardMs: number
  /** Since when the client is slow; null: it is not. */
  #slowSinceMs: number | null = null
  #ended = false

  constructor(options: SubscriberOptions) {
    this.#options = options
    this.#socket = options.socket
    this.#cursor = options.cursor
    this.#heardMs = options.nowMs()
    // As a Buffer: that is the default of ws.
    this.#socket.on('message', (data: Buffer, isBinary) => this.#hear(isBinary ? '' : data.toString()))
    this.#socket.on('pong', () => {
      this.#heardMs = options.nowMs()
    })
    this.#socket.on('close', () => options.onClosed())
  }

  /** Where the client goes on: after the last entries given to its socket. */
  get cursor(): string {
    return this.#cursor
  }

  /** True while the client has too much unsent to be read for. */
  get isSlow(): boolean {
    return this.#slowSinceMs !== null
  }

  /** Bytes given to the socket that the client has not taken. */
  get unsentBytes(): number {
    return this.#socket.bufferedAmount
  }

  /** Moves on without a frame: nothing was found up to `cursor`. */
  moveTo(cursor: string): void {
    this.#cursor = cursor
  }

  send(frame: Buffer): void {
    if (this.#ended) return
    this.#socket.send(frame, { binary: false }, () => this.#afterSend())
    if (this.#slowSinceMs === null && this.#socket.bufferedAmount > this.#options.bufferedBytesMax()) {
      this.#slowSinceMs = this.#options.nowMs()
    }
  }

  /** Pings; ends what has lagged too long, cuts off what has fallen silent. */
  tick(): void {
    const now = this.#options.nowMs()
    if (this.#slowSinceMs !== null) {
      if (now - this.#slowSinceMs >= this.#options.lagMaxMs)
        this.end('the client takes too little: go on from the cursor')
      return
    }
    if (now - this.#heardMs >= this.#options.peerSilentMaxMs) {
      this.#socket.terminate()
      return
    }
    this.send(pingFrame(this.#cursor))
    this.#socket.ping()
  }

  end(reason: string): void {
    this.#finish(endFrame(reason, this.#cursor), goingAway, reason)
  }

  fail(error: LogkeepError): void {
    this.#finish(
      errorFrame(error, this.#cursor),
      error.status < 500 ? policyViolation : internalError,
      error.code,
    )
  }

  terminate(): void {
    this.#socket.terminate()
  }

  #finish(frame: Buffer, code: number, reason: string): void {
    if (this.#ended) return
    this.send(frame)
    this.#ended = true
    this.#socket.close(code, reason)
  }

  #afterSend(): void {
    if (this.#slowSinceMs === null || this.#ended) return
    if (this.#socket.bufferedAmount > this.#options.bufferedBytesMax() / 2) return
    this.#slowSinceMs = null
    this.#options.onDrained()
  }

  #hear(text: string): void {
    this.#heardMs = this.#options.nowMs()
    if (!isPong(text)) {
      this.fail(
        new LogkeepError(
          'BAD_MESSAGE',
          'this message is not understood',
          'a client may send {"type":"pong"}',
        ),
      )
    }
  }
}
