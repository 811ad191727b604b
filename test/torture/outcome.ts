/** What threads are told to run and answer: random programs by their seed, and what became of their lines. */

import type { Verdict } from './verdict.ts'

export type TortureChunk = {
  readonly seed: number
  readonly programs: number
  readonly store: 'memory' | 'real'
}

export type TortureCounts = Readonly<Record<'programs' | Exclude<keyof Verdict, 'problems'>, number>>

/** `failure`: seed, the smallest program that fails, and what is wrong. */
export type TortureOutcome = { readonly counts: TortureCounts; readonly failure: string | null }

export const noCounts: TortureCounts = {
  programs: 0,
  written: 0,
  stored: 0,
  lost: 0,
  repeated: 0,
  told: 0,
  gaps: 0,
  unseen: 0,
  kills: 0,
  inodesReused: 0,
}

/** One program more. */
export function withCounts(
  counts: TortureCounts,
  { problems: _problems, ...verdict }: Verdict,
): TortureCounts {
  return addCounts(counts, { programs: 1, ...verdict })
}

export function addCounts(one: TortureCounts, other: TortureCounts): TortureCounts {
  const names = Object.keys(noCounts) as (keyof TortureCounts)[]
  return Object.fromEntries(names.map((name) => [name, one[name] + other[name]])) as TortureCounts
}

/** One line for a person. */
export function describeCounts(counts: TortureCounts): string {
  return [
    `${counts.programs} programs`,
    `${counts.written} records written`,
    `${counts.stored} entries stored`,
    `${counts.lost} lost`,
    `${counts.repeated} repeated`,
    `${counts.gaps} gaps reported (${counts.told} records)`,
    `${counts.unseen} records gone before any look`,
    `${counts.kills} kills`,
    `${counts.inodesReused} inodes used again`,
  ].join(', ')
}
