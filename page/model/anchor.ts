/** Names a line without its cursor, which is bound to filters: so that other ones find its place again. */

import { type Entry, textOf } from './entry.ts'
import type { Instants } from './time-range.ts'

export type Anchor = {
  /** Of the line, with all its digits. */
  readonly time: string
  readonly identity: string
  /** Whether the keyboard is at the line; else it is the one at the top. */
  readonly isActive: boolean
  readonly isMarked: boolean
}

/** Lines of one instant that begin with so many equal characters are the same to a reader. */
const charsMax = 200

/** Whose line it is, and what it says. */
export function identityOf(entry: Entry): string {
  const { namespace, pod, podUid, container, restart, kind } = entry
  return [namespace, pod, podUid, container, restart, kind, textOf(entry).slice(0, charsMax)].join('\n')
}

export function anchorTo(entry: Entry, role: Pick<Anchor, 'isActive' | 'isMarked'>): Anchor {
  return { time: entry.time, identity: identityOf(entry), ...role }
}

/** Whether lines before and behind it may be asked for. */
export function isWithin({ time }: Anchor, { sinceMs, untilMs }: Instants): boolean {
  const ms = Date.parse(time)
  return ms > sinceMs && ms < (untilMs ?? Number.POSITIVE_INFINITY)
}

/** Of entries in order: the line itself, else the first from its time on, else the last before. */
export function findAnchor<T extends { readonly entry: Entry }>(
  items: readonly T[],
  { time, identity }: Anchor,
): { readonly item: T; readonly isExact: boolean } | null {
  const isSame = ({ entry }: T): boolean => entry.time === time && identityOf(entry) === identity
  const exact = items.find(isSame)
  if (exact !== undefined) return { item: exact, isExact: true }
  const near = items.find(({ entry }) => entry.time >= time) ?? items.at(-1)
  return near === undefined ? null : { item: near, isExact: false }
}
