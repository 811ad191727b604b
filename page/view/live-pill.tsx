/** Over the end of the list: how many new lines wait, and the way to them. */

import { formatCount } from '../model/amounts.ts'
import { useStore } from './store-context.ts'

export function LivePill() {
  const { live, lines, toNewest, address } = useStore()
  const count = live.pending.value
  const isAway = lines.newer.value !== 'end' || !live.atBottom.value
  if (!address.view.value.live) {
    if (!isAway || lines.items.value.length === 0) return null
    return (
      <button type="button" class="pill" onClick={toNewest}>
        ↓ newest
      </button>
    )
  }
  if (live.following.value && !isAway) return null
  return (
    <button type="button" class="pill new" onClick={toNewest}>
      ↓ {count === 0 ? 'paused' : `${formatCount(count)}${live.pendingMore.value ? '+' : ''} new`}
      {live.selecting.value && ' (text is selected)'}
    </button>
  )
}
