/**
 * Memory that the pieces of an export are written into again and again: it travels to a query thread with a
 * task, back with the piece, and is used for another one when that was sent. Otherwise every piece would be
 * garbage of some megabytes in two threads, which V8 collects late and all together.
 */

export type Rooms = {
  /** Memory for one piece. */
  readonly take: () => ArrayBuffer
  /** Gives back the memory of a piece that nobody reads any more; what is too much is dropped. */
  readonly give: (room: ArrayBuffer) => void
}

/** `keptMax`: how many wait to be used again. A room that had to grow is not kept. */
export function createRooms(bytes: number, keptMax: number): Rooms {
  const kept: ArrayBuffer[] = []
  return {
    take: () => kept.pop() ?? new ArrayBuffer(bytes),
    give: (room) => {
      if (kept.length < keptMax && room.byteLength === bytes) kept.push(room)
    },
  }
}
