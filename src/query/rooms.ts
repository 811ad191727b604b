/**
 * Memory that the pieces of an export are written into again and again, shared by the main thread and the
 * query threads. Otherwise every piece would be garbage of a megabyte in two threads, and V8 would collect
 * all the time: it does so by the bytes of buffers that a thread has made or was given, shared ones apart.
 */

export type Rooms = {
  /** Memory for one piece. */
  readonly take: () => SharedArrayBuffer
  /** Gives back the memory of a piece that nobody reads any more; what is not a room is let go. */
  readonly give: (piece: Uint8Array) => void
}

/** `keptMax`: how many wait to be used again. */
export function createRooms(bytes: number, keptMax: number): Rooms {
  const kept: SharedArrayBuffer[] = []
  return {
    take: () => kept.pop() ?? new SharedArrayBuffer(bytes),
    give: ({ buffer }) => {
      if (buffer instanceof SharedArrayBuffer && kept.length < keptMax) kept.push(buffer)
    },
  }
}
