/** A live tail that notes how long each line took from being written to being received. */

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
  const socket = new WebSocket(`${base.replace('http', 'ws')}/logs/tail?${query}`)
  const empty = (): Record<keyof Latencies, number[]> => ({ busy: [], quiet: [], new: [] })
  let latencies = empty()
  socket.on('message', (data) => {
    // Read before parsing: what the client does with the frame is not the program's time.
    const now = performance.timeOrigin + performance.now()
    const frame = JSON.parse((data as Buffer).toString()) as Frame
    if (frame.type === 'ping') socket.send('{"type":"pong"}')
    if (frame.type !== 'entries') return
    for (const { pod, time } of frame.entries) {
      const group = pod.slice(0, pod.indexOf('-')) as keyof Latencies
      latencies[group]?.push(now - millisOf(time))
    }
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
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

/** With the fraction of a millisecond that `Date.parse` drops. */
function millisOf(time: string): number {
  return Date.parse(time) + Number(`0.${time.slice(23, 29)}`)
}
