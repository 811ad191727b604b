/** The keys of the page, as the help lists them. */

import { textOf } from '../model/entry.ts'
import { hasHit } from '../model/line-pieces.ts'
import type { Item } from '../model/rows.ts'
import type { Store } from '../state/store.ts'
import { toggleDetails } from './line-row.tsx'

/** Gives what takes the keys away again. */
export function bindKeyboard(store: Store): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing) return
    if (press(store, event)) event.preventDefault()
  }
  document.addEventListener('keydown', onKey)
  return () => document.removeEventListener('keydown', onKey)
}

/** Whether the key meant something. */
function press(store: Store, event: KeyboardEvent): boolean {
  const { dialog, session } = store
  if (session.refusal.value !== null) return false
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
    dialog.value = dialog.value === 'jump' ? null : 'jump'
    return true
  }
  if (event.ctrlKey || event.metaKey || event.altKey || dialog.value !== null) return false
  if (isTyping(event.target)) return false
  const isControl =
    event.target instanceof Element && event.target.closest('button, a, summary, select') !== null
  if (isControl && (event.key === ' ' || event.key === 'Enter')) return false
  if (store.address.view.value.view !== 'logs') return pressAnywhere(store, event.key)
  return pressAnywhere(store, event.key) || pressInList(store, event.key)
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target instanceof HTMLInputElement) return target.type !== 'checkbox'
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
}

function pressAnywhere({ dialog, active, opened }: Store, key: string): boolean {
  if (key === '?') dialog.value = 'help'
  else if (key === 'Escape') {
    opened.value = new Set()
    active.value = null
  } else return false
  return true
}

const wraps = ['off', 'on', 'pretty'] as const

function pressInList(store: Store, key: string): boolean {
  const { address, preferences, live, dialog, message } = store
  const { view } = address
  if (key === '/') document.getElementById('search')?.focus()
  else if (key === 'w') {
    const wrap = wraps[(wraps.indexOf(view.value.wrap) + 1) % wraps.length] as (typeof wraps)[number]
    address.replace({ wrap })
    message.value = wrap === 'pretty' ? 'wrap, pretty JSON' : `wrap ${wrap}`
  } else if (key === 't') preferences.times.value = !preferences.times.value
  else if (key === 'l') store.setLive(!view.value.live)
  else if (key === 'r') dialog.value = 'range'
  else if (key === ' ') {
    if (!view.value.live) return false
    if (live.paused.value) store.toNewest()
    else live.paused.value = true
    message.value = live.paused.value ? 'live is paused' : 'live goes on'
  } else if (key === 'g' || key === 'Home') store.toOldest()
  else if (key === 'G' || key === 'End') store.toNewest()
  else return pressOnLine(store, key)
  return true
}

function pressOnLine(store: Store, key: string): boolean {
  const { active, highlighter, message } = store
  const marks = highlighter.value
  if (key === 'ArrowDown' || key === 'j') void move(store, 1, isShown(store))
  else if (key === 'ArrowUp' || key === 'k') void move(store, -1, isShown(store))
  else if (key === 'n' || key === 'N') {
    if (marks === null) message.value = 'Nothing is searched for'
    else void move(store, key === 'n' ? 1 : -1, (item) => hasHit(textOf(item.entry), marks))
  } else if (key === 'e' || key === 'E') void move(store, key === 'e' ? 1 : -1, isError)
  else if (key === 'Enter' && active.value !== null) toggleDetails(store, active.value)
  else return false
  return true
}

function isError({ entry }: Item): boolean {
  return entry.kind === 'line' && ['error', 'critical', 'fatal'].includes(entry.level)
}

/** Not folded behind another. */
function isShown({ rows }: Store): (item: Item) => boolean {
  const folded = new Set(rows.value.flatMap((row) => (row.kind === 'entry' ? row.folded : [])))
  return (item) => !folded.has(item)
}

/** Pages that are looked through for the next error or hit. */
const pagesMax = 10

/** Goes to the next line that fits, through pages that are not loaded yet. */
async function move(store: Store, step: 1 | -1, fits: (item: Item) => boolean): Promise<void> {
  const { lines, active, live, message } = store
  const edge = step === 1 ? lines.newer : lines.older
  const name = step === 1 ? 'newer' : 'older'
  let looked = startOf(store, step)
  const goTo = (item: Item): void => {
    active.value = item.key
    lines.goal.value = { at: 'line', key: item.key, align: 'auto' }
  }
  let last: Item | undefined
  for (let page = 0; ; page += 1) {
    const items = lines.items.value
    for (let at = looked + step; at >= 0 && at < items.length; at += step) {
      const item = items[at] as Item
      last = item
      if (!fits(item)) continue
      if (at < items.length - 1 && live.status.value !== 'off') live.paused.value = true
      message.value = ''
      goTo(item)
      return
    }
    if (edge.value === 'end') {
      message.value = step === 1 ? 'There is no further one' : 'There is no earlier one'
      return
    }
    if (page === pagesMax) break
    message.value = `Looking through ${name} lines …`
    const { generation } = lines
    const asked = generation.value
    const border = step === 1 ? items.at(-1) : items[0]
    await (step === 1 ? lines.loadNewer() : lines.loadOlder())
    if (generation.value !== asked) return
    if (edge.value === 'failed') {
      message.value = `The ${name} lines could not be loaded: ${lines.failure.value?.message ?? ''}`
      return
    }
    // What is behind the last one that was looked at: the window may have moved meanwhile.
    looked = lines.items.value.findIndex((item) => item.key === border?.key)
    if (looked === -1) looked = step === 1 ? -1 : lines.items.value.length
    if (edge.value === 'stopped') break
  }
  // The next press goes on from there.
  if (last !== undefined) goTo(last)
  message.value = `None so far in the ${name} lines that were looked through: press again to look on`
}

/** Index of the active line; without one, of the line before what is seen, or behind it. */
function startOf({ lines, active, visible, live }: Store, step: 1 | -1): number {
  const items = lines.items.value
  const indexOf = (key: number | null): number => items.findIndex((item) => item.key === key)
  const current = indexOf(active.value)
  if (current !== -1) return current
  const [first, last] = visible.value
  if (step === 1) return indexOf(first) - 1
  const lastSeen = indexOf(last)
  return live.atBottom.value || lastSeen === -1 ? items.length : lastSeen + 1
}
