/** Counts which phases were under way at each kill, and prints them as a table. */

import { type Phase, phases } from '../support/phases.ts'

type Hits = { aimed: number; other: number }

export class Tally {
  kills = 0
  /** Kills for which the program was watched until a phase was under way, whether or not it came. */
  aimed = 0
  readonly #hits = new Map<Phase, Hits>(phases.map((phase) => [phase, { aimed: 0, other: 0 }]))
  #none = 0

  /** `target`: the phase that was waited for. */
  add(target: Phase | null, underWay: readonly Phase[]): void {
    this.kills += 1
    if (target !== null) this.aimed += 1
    if (underWay.length === 0) this.#none += 1
    for (const phase of underWay) this.#of(phase)[phase === target ? 'aimed' : 'other'] += 1
  }

  hits(phase: Phase): number {
    const { aimed, other } = this.#of(phase)
    return aimed + other
  }

  /** Of these, the one that was hit least often. */
  rarest(among: readonly Phase[]): Phase {
    return among.toSorted((a, b) => this.hits(a) - this.hits(b))[0] as Phase
  }

  /** Of several runs together. */
  table(): string {
    const width = Math.max(...phases.map((phase) => phase.length), 'none of these'.length)
    const row = (name: string, cells: readonly (number | string)[]): string =>
      [name.padEnd(width), ...cells.map((cell) => String(cell).padStart(15))].join('')
    return [
      row('phase under way', ['kills', 'aimed at it', 'by chance']),
      ...phases.map((phase) => {
        const { aimed, other } = this.#of(phase)
        return row(phase, [aimed + other, aimed, other])
      }),
      row('none of these', [this.#none, '', this.#none]),
      row('kills', [this.kills, this.aimed, this.kills - this.aimed]),
    ].join('\n')
  }

  include(other: Tally): void {
    this.kills += other.kills
    this.aimed += other.aimed
    this.#none += other.#none
    for (const phase of phases) {
      const mine = this.#of(phase)
      const its = other.#of(phase)
      mine.aimed += its.aimed
      mine.other += its.other
    }
  }

  #of(phase: Phase): Hits {
    return this.#hits.get(phase) as Hits
  }
}
