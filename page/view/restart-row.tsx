/** The border between two instances of a container. */

import type { RestartRow as Row } from '../model/rows.ts'

export function RestartRow({ row: { item, isNewPod } }: { readonly row: Row }) {
  const { pod, container } = item.source
  const { restart, podUid } = item.entry
  return (
    <div class="restart">
      <span aria-hidden="true">↻</span>{' '}
      {isNewPod
        ? `${container} of a new pod ${pod} begins (${podUid})`
        : `${container} in ${pod} was restarted: instance ${restart} begins`}
    </div>
  )
}
