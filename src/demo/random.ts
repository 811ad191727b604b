/** Seeded random numbers (mulberry32), so that the demo's logs are the same for the same seed. */

export type Random = {
  /** At least 0, below 1. */
  readonly next: () => number
  /** Integer from `least` to `most`, both included. */
  readonly between: (least: number, most: number) => number
  readonly chance: (probability: number) => boolean
  readonly pick: <T>(choices: readonly [T, ...T[]]) => T
  /** Lower-case hexadecimal digits. */
  readonly hex: (digits: number) => string
  /** Long-tailed around `middle`, as latencies and sizes are. */
  readonly spread: (middle: number) => number
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1))
  return {
    next,
    between,
    chance: (probability) => next() < probability,
    pick: (choices) => choices[between(0, choices.length - 1)] ?? choices[0],
    hex: (digits) => {
      let text = ''
      while (text.length < digits) text += between(0, 0xffff).toString(16).padStart(4, '0')
      return text.slice(0, digits)
    },
    spread: (middle) => middle * Math.exp((next() + next() + next() - 1.5) * 1.6),
  }
}
