/** Joins @tanstack/virtual-core to Preact: which rows are drawn, and where the list stands. */

import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from '@tanstack/virtual-core'
import type { RefObject } from 'preact'
import { useLayoutEffect, useReducer, useState } from 'preact/hooks'

export type VirtualList = Virtualizer<HTMLElement, HTMLElement>

export type VirtualListOptions = {
  readonly scroller: RefObject<HTMLElement | null>
  readonly count: number
  readonly keyOf: (index: number) => string
  readonly rowHeight: number
  /** Room before the first row and behind the last. */
  readonly padding: number
  /** Nearer to the end than this counts as there. */
  readonly bottomPixels: number
  /** Whether rows behind the last are scrolled to. */
  readonly follow: boolean
}

/** Rows drawn beyond the edges: what a fast wheel shows before the next frame. */
const overscan = 12

/** Rows keep their place when others come or go before them: they are known by their keys. */
export function useVirtualList({
  scroller,
  count,
  keyOf,
  rowHeight,
  padding,
  bottomPixels,
  follow,
}: VirtualListOptions): VirtualList {
  const [, draw] = useReducer((drawn: number) => drawn + 1, 0)
  const options = {
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: keyOf,
    overscan,
    paddingStart: padding,
    paddingEnd: padding,
    scrollEndThreshold: bottomPixels,
    anchorTo: 'end' as const,
    followOnAppend: follow,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => draw(undefined),
  }
  const [list] = useState(() => new Virtualizer<HTMLElement, HTMLElement>(options))
  list.setOptions(options)
  useLayoutEffect(() => list._didMount(), [list])
  useLayoutEffect(() => list._willUpdate())
  return list
}
