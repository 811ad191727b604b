/** The border between two instances of a container. */

import type { Item } from '../model/rows.ts'

export function RestartRow({ item }: { readonly item: Item }) {
  const { pod, container } = item.source
  return (
    <div class="restart">
      <span aria-hidden="true">↻</span> {container} in {pod} was restarted: instance {item.entry.restart}{' '}
      begins
    </div>
  )
}
