/** Unfolds the stack trace that hides the line the reader is at, or the marked one. */

import { effect, type ReadonlySignal, type Signal } from '@preact/signals'
import type { Row } from '../model/rows.ts'
import type { Parts } from './loading.ts'

/** Once for each line and trace: who folds it then wants it folded. */
export function revealLines(
  { active, address }: Pick<Parts, 'active' | 'address'>,
  rows: ReadonlySignal<readonly Row[]>,
  unfolded: Signal<ReadonlySet<number>>,
): void {
  let shown = ''
  effect(() => {
    const key = active.value
    const { line } = address.view.value
    if (key === null && line === null) return
    for (const row of rows.value) {
      if (row.kind !== 'entry' || row.folded.length === 0) continue
      const hidden = row.folded.find((item) => item.key === key || item.entry.cursor === line)
      if (hidden === undefined) continue
      const found = `${row.item.key} ${hidden.key}`
      if (found === shown) continue
      shown = found
      unfolded.value = new Set([...unfolded.value, row.item.key])
      return
    }
  })
}
