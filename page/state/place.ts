/** Where the reader is among the lines. */

import { type Anchor, anchorTo } from '../model/anchor.ts'
import type { Parts } from './loading.ts'

/**
 * The line that the keyboard is at or that is marked, where it is seen; else the one at the top. Null at the
 * newest line, which stays the place to be.
 */
export function placeOf({ address, lines, live, active, visible }: Parts): Anchor | null {
  const { view } = address
  if (view.value.live && live.following.value) return null
  const items = lines.items.value
  const indexOf = (key: number | null): number => items.findIndex((item) => item.key === key)
  const [first, last] = visible.value.map(indexOf)
  if (first === undefined || last === undefined || first === -1) return null
  const seen = items.slice(first, last + 1)
  const { line } = view.value
  const chosen =
    seen.find(({ key }) => key === active.value) ??
    seen.find(({ entry }) => line !== null && entry.cursor === line)
  if (chosen !== undefined)
    return anchorTo(chosen.entry, { isActive: true, isMarked: chosen.entry.cursor === line })
  const [top] = seen
  if (live.atBottom.value || top === undefined) return null
  return anchorTo(top.entry, { isActive: false, isMarked: false })
}
