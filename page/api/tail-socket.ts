/** One WebSocket of the live tail, which tells its end exactly once. */

import type { TailFrame } from './contract.ts'

export type TailSocket = { readonly close: () => void }

export type TailHandlers = {
  readonly onOpen: () => void
  readonly onFrame: (frame: TailFrame) => void
  /** `opened`: whether it had been open. */
  readonly onEnd: (opened: boolean) => void
}

/** The server pings every 15 s: a connection that is silent for so long is dead. */
const silentMsMax = 40_000

export function openTailSocket(query: URLSearchParams, handlers: TailHandlers): TailSocket {
  const url = new URL(`logs/tail?${query.toString()}`, document.baseURI)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  const socket = new WebSocket(url)
  let opened = false
  let ended = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const end = (): void => {
    if (ended) return
    ended = true
    clearTimeout(timer)
    socket.close()
    handlers.onEnd(opened)
  }
  const heard = (): void => {
    clearTimeout(timer)
    timer = setTimeout(end, silentMsMax)
  }
  heard()
  socket.addEventListener('open', () => {
    opened = true
    heard()
    if (!ended) handlers.onOpen()
  })
  socket.addEventListener('message', ({ data }) => {
    if (ended) return
    heard()
    const frame = JSON.parse(String(data)) as TailFrame
    if (frame.type === 'ping') socket.send('{"type":"pong"}')
    handlers.onFrame(frame)
  })
  socket.addEventListener('close', end)
  socket.addEventListener('error', end)
  return {
    close: () => {
      ended = true
      clearTimeout(timer)
      socket.close()
    },
  }
}
