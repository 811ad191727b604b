/** Entry of the thread that encodes blocks ahead of their commit: takes slots as they are given. */

import { workerData } from 'node:worker_threads'
import { createBlockEncoder } from './block-encoding.ts'
import { EncodeSlots, type SharedSlots, slotState } from './encode-slots.ts'

export type EncodeWorkerData = {
  readonly shared: SharedSlots
  readonly countCellsMax: number
}

encodeForEver(workerData as EncodeWorkerData)

/** Ends with its thread. */
function encodeForEver({ shared, countCellsMax }: EncodeWorkerData): never {
  const slots = new EncodeSlots(shared)
  const encode = createBlockEncoder(countCellsMax)
  for (let next = 0; ; next = (next + 1) | 0) {
    slots.untilGiven(next)
    const slot = slots.slotGiven(next)
    if (!slots.change(slot, slotState.given, slotState.taken)) continue
    const lines = slots.lines(slot)
    const isPut = slots.put(slot, encode(lines, 0, lines.lineCount))
    slots.change(slot, slotState.taken, isPut ? slotState.done : slotState.free)
  }
}
