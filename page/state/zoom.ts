/** Goes into a part of the range and back out of it. */

import { absoluteRange, isEqualRange, widerRange } from '../model/time-range.ts'
import type { Range } from '../model/view-state.ts'
import type { Address } from './address.ts'
import { pageLimits } from './limits.ts'

export type Zoom = {
  readonly zoomTo: (sinceMs: number, untilMs: number) => void
  /** To the range before the zoom, where that is still shown; else to a wider one. */
  readonly zoomOut: () => void
}

type Step = { readonly from: Range; readonly to: Range }

export function createZoom(address: Address): Zoom {
  const steps: Step[] = []
  return {
    zoomTo: (sinceMs, untilMs) => {
      const to = absoluteRange(sinceMs, untilMs)
      steps.push({ from: address.view.value.range, to })
      if (steps.length > pageLimits.zoomsMax) steps.shift()
      address.go({ range: to, live: false, line: null })
    },
    zoomOut: () => {
      const { range } = address.view.value
      let step = steps.pop()
      // Those that were left by a preset or the browser's back button are over.
      while (step !== undefined && !isEqualRange(step.to, range)) step = steps.pop()
      address.go({ range: step?.from ?? widerRange(range, Date.now()), line: null })
    },
  }
}
