/**
 * The live tail: opened again by itself with the last cursor, so that nothing is missed or repeated. A reader
 * who has scrolled away or paused is not moved: what is new waits, and is counted.
 */

import { batch, computed, signal } from '@preact/signals'
import type { ApiError, Client } from '../api/client.ts'
import type { TailFrame } from '../api/contract.ts'
import { openTailSocket, type TailSocket } from '../api/tail-socket.ts'
import type { Entry } from '../model/entry.ts'
import { withParameters } from '../model/query-parameters.ts'
import type { ServerClock } from '../model/server-clock.ts'
import { pageLimits } from './limits.ts'
import type { LineWindow } from './line-window.ts'

export type Notice = { readonly text: string; readonly atMs: number }

/** `waiting`: the connection broke, and is tried again. */
export type LiveStatus = 'off' | 'connecting' | 'live' | 'waiting'

export class LiveTail {
  readonly status = signal<LiveStatus>('off')
  /** Asked for by the reader, wherever the list stands. */
  readonly paused = signal(false)
  /** Whether the list stands at its end, and whether text in it is selected: told by the list. */
  readonly atBottom = signal(true)
  readonly selecting = signal(false)
  readonly following = computed(() => !this.paused.value && this.atBottom.value && !this.selecting.value)
  /** Lines that wait to be shown. */
  readonly pending = signal(0)
  /** There are further ones, on the server. */
  readonly pendingMore = signal(false)
  /** Between the newest line's time and its arrival, by the server's clock; null where none came lately. */
  readonly lagMs = signal<number | null>(null)
  /** How far the collector is behind what was written; null before it was asked. */
  readonly behindMs = signal<number | null>(null)
  readonly error = signal<ApiError | null>(null)
  /** What the server says it skipped, until the reader has seen it. */
  readonly notice = signal<Notice | null>(null)

  readonly #client: Client
  readonly #window: LineWindow
  readonly #clock: ServerClock
  #filters = new URLSearchParams()
  #cursor = ''
  #waiting: Entry[] = []
  #socket: TailSocket | null = null
  #showTimer: ReturnType<typeof setTimeout> | undefined
  #lagTimer: ReturnType<typeof setInterval> | undefined
  #heardMs = 0
  #retryTimer: ReturnType<typeof setTimeout> | undefined
  #retryMs: number = pageLimits.reconnectMs

  constructor(client: Client, window: LineWindow, clock: ServerClock) {
    this.#client = client
    this.#window = window
    this.#clock = clock
  }

  /** Goes on behind `cursor`, which belongs to the same filters. */
  start(filters: URLSearchParams, cursor: string): void {
    this.stop()
    this.#filters = filters
    this.#cursor = cursor
    this.#retryMs = pageLimits.reconnectMs
    this.#lagTimer = setInterval(() => void this.#lookAtLag(), pageLimits.lagMs)
    this.#connect()
  }

  stop(): void {
    this.#disconnect()
    clearTimeout(this.#showTimer)
    clearInterval(this.#lagTimer)
    this.#showTimer = undefined
    this.#waiting = []
    batch(() => {
      this.status.value = 'off'
      this.behindMs.value = null
      this.pending.value = 0
      this.pendingMore.value = false
      this.lagMs.value = null
      this.error.value = null
      this.notice.value = null
    })
  }

  /** Shows what waits; the window must reach the newest line. */
  flush(): void {
    if (this.status.value === 'off') return
    const entries = this.#waiting
    this.#waiting = []
    batch(() => {
      this.#window.append(entries, this.#cursor)
      this.pending.value = 0
      if (!this.pendingMore.value) return
      this.pendingMore.value = false
      this.#connect()
    })
  }

  #connect(): void {
    this.#disconnect()
    this.status.value = 'connecting'
    this.#socket = openTailSocket(withParameters(this.#filters, { cursor: this.#cursor }), {
      onOpen: () => {
        this.#retryMs = pageLimits.reconnectMs
        batch(() => {
          this.status.value = 'live'
          this.error.value = null
        })
      },
      onFrame: (frame) => this.#receive(frame),
      onEnd: (opened) => void this.#retry(opened),
    })
  }

  #disconnect(): void {
    clearTimeout(this.#retryTimer)
    this.#socket?.close()
    this.#socket = null
  }

  async #retry(opened: boolean): Promise<void> {
    this.#socket = null
    this.status.value = 'waiting'
    const waitMs = this.#retryMs
    this.#retryMs = Math.min(this.#retryMs * 2, pageLimits.reconnectMsMax)
    // A browser does not say why a WebSocket was refused: a plain request does.
    if (!opened) {
      const query = withParameters(this.#filters, { cursor: this.#cursor })
      const error = await this.#client.tailRefusal(query)
      if (this.status.value !== 'waiting' || this.#socket !== null) return
      this.error.value = error
    }
    clearTimeout(this.#retryTimer)
    this.#retryTimer = setTimeout(() => this.#connect(), waitMs)
  }

  #receive(frame: TailFrame): void {
    this.#cursor = frame.cursor
    if (frame.type === 'gap') this.#tell(frame.message)
    else if (frame.type === 'error') this.#tell(`${frame.message}: ${frame.hint}`)
    else if (frame.type === 'entries') {
      const { entries, warnings = [] } = frame
      if (warnings.length > 0) this.#tell(warnings.join('; '))
      const last = entries.at(-1)
      if (last !== undefined) {
        this.#heardMs = performance.now()
        this.lagMs.value = Math.max(0, this.#clock.at(Date.now()) - Date.parse(last.time))
      }
      this.#waiting = this.#waiting.concat(entries)
      const isFar = this.#waiting.length > pageLimits.pendingLinesMax
      if (isFar && !this.#isShowing()) this.#leaveOnServer()
      this.#showTimer ??= setTimeout(() => this.#show(), pageLimits.showMs)
    }
  }

  #tell(text: string): void {
    this.notice.value = { text, atMs: Date.now() }
  }

  /** A figure of lines that came a while ago says nothing of now: then the collector is asked. */
  async #lookAtLag(): Promise<void> {
    if (this.status.value !== 'live' || document.hidden) return
    if (performance.now() - this.#heardMs > pageLimits.lagKeptMs) this.lagMs.value = null
    try {
      const behindMs = await this.#client.behindMs()
      if (this.status.value === 'live') this.behindMs.value = behindMs
    } catch {
      // The tail itself tells that the server cannot be reached.
      this.behindMs.value = null
    }
  }

  /** The reader is far behind: further lines stay on the server, where the cursor finds them again. */
  #leaveOnServer(): void {
    this.#disconnect()
    this.pendingMore.value = true
  }

  #isShowing(): boolean {
    return this.following.value && this.#window.newer.value === 'end'
  }

  #show(): void {
    this.#showTimer = undefined
    if (this.#isShowing()) this.flush()
    else this.pending.value = this.#waiting.length
  }
}
