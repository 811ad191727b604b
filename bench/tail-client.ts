/** Live tails: one that notes how long each line took to arrive, and ones that only count their lines. */

import { WebSocket } from 'ws'

/** Milliseconds by the group that the pod's name begins with: `busy`, `quiet`, `new`. */
export type Latencies = Readonly<Record<'busy' | 'quiet' | 'new', readonly number[]>>

export type TailClient = {
  /** What was received since the last call. */
  readonly take: () => Latencies
  readonly close: () => void
}

type Frame = {
  readonly type: string
  readonly entries: readonly { readonly pod: string; readonly time: string }[]
}

/** `query`: parameters of `/logs/tail`. Resolves when the tail is open. */
export async function openTailClient(base: string, query: string): Promise<TailClient> {
  const empty = (): Record<keyof Latencies, number[]> => ({ busy: [], quiet: [], new: [] })
  let latencies = empty()
  const socket = await openTail(base, query, (data) => {
    // Read before parsing: what the client does with the frame is not the program's time.
    const now = performance.timeOrigin + performance.now()
    const frame = JSON.parse(data.toString()) as Frame
    for (const { pod, time } of frame.entries) {
      const group = pod.slice(0, pod.indexOf('-')) as keyof Latencies
      latencies[group]?.push(now - millisOf(time))
    }
  })
  return {
    take: () => {
      const taken = latencies
      latencies = empty()
      return taken
    },
    close: () => socket.terminate(),
  }
}

export type TailCounter = {
  /** Lines received so far. */
  readonly lines: () => number
  /** Null: it is open. Else why it is not. */
  readonly ended: () => string | null
  readonly close: () => void
}

/** Costs this process little, so that a hundred of them leave the machine to the program. */
export async function openTailCounter(base: string, query: string): Promise<TailCounter> {
  let lines = 0
  let ended: string | null = null
  const count = (data: Buffer): void => {
    for (let at = data.indexOf(lineMark); at !== -1; at = data.indexOf(lineMark, at + 1)) lines += 1
  }
  const socket = await openTail(base, query, count)
  socket.once('close', (code, reason) => {
    ended ??= `${code} ${reason.toString()}`
  })
  return { lines: () => lines, ended: () => ended, close: () => socket.terminate() }
}

/** Quotes in a line are escaped: this stands where an entry begins and nowhere else. */
const lineMark = Buffer.from('{"kind":"line",')
const entriesMark = Buffer.from('{"type":"entries"')
const pingMark = Buffer.from('{"type":"ping"')

async function openTail(base: string, query: string, take: (frame: Buffer) => void): Promise<WebSocket> {
  const socket = new WebSocket(`${base.replace('http', 'ws')}/logs/tail?${query}`)
  socket.on('message', (data) => {
    const frame = data as Buffer
    if (isOfType(frame, entriesMark)) take(frame)
    else if (isOfType(frame, pingMark)) socket.send('{"type":"pong"}')
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  return socket
}

function isOfType(frame: Buffer, mark: Buffer): boolean {
  return frame.subarray(0, mark.length).equals(mark)
}

/** With the fraction of a millisecond that `Date.parse` drops. */
function millisOf(time: string): number {
  return Date.parse(time) + Number(`0.${time.slice(23, 29)}`)
}
