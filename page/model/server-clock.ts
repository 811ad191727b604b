/** The server's clock as seen from here: what was logged is timed by it, and a browser's may be wrong. */

export type ServerClock = {
  /** Learns from an answer; `date` is its header `Date`, in whole seconds. */
  readonly heard: (sentMs: number, receivedMs: number, date: string | null) => void
  /** The time there at a time here. */
  readonly at: (hereMs: number) => number
}

const secondMs = 1000

/**
 * Each answer bounds the difference of the clocks by its way and the second that it names; many narrow it.
 * What may be no difference is taken for none.
 */
export function createServerClock(): ServerClock {
  let low = Number.NEGATIVE_INFINITY
  let high = Number.POSITIVE_INFINITY
  return {
    heard: (sentMs, receivedMs, date) => {
      const serverMs = date === null ? Number.NaN : Date.parse(date)
      if (Number.isNaN(serverMs)) return
      const lowest = serverMs - receivedMs
      const highest = serverMs + secondMs - sentMs
      // A clock was set meanwhile: what was known of it is over.
      const isOther = lowest > high || highest < low
      low = isOther ? lowest : Math.max(low, lowest)
      high = isOther ? highest : Math.min(high, highest)
    },
    at: (hereMs) => hereMs + Math.min(Math.max(0, low), high),
  }
}
