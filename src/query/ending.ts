/** Says which bound ends an answer that is not finished: to programs by a word, to people in a sentence. */

import type { EndReason } from './contract.ts'
import { DeadlineReached } from './deadline.ts'
import type { TaskTimeout } from './lanes.ts'

/** What one query may spend. */
export type QueryBounds = { readonly queryDeadlineMs: number; readonly scannedBytesMax: number }

/** `warning` ends without a stop: whoever sends it adds what is to be done. */
export type Ending = { readonly reason: EndReason; readonly warning: string }

const expressionEnding: Ending = {
  reason: 'expression',
  warning: 'ended: an expression took too long on one block; simplify it',
}

export function answerEnding(answerBytesMax: number): Ending {
  return { reason: 'answer_bytes', warning: `ended: the answer reached ${answerBytesMax} bytes` }
}

/** The ending with what is to be done about it. */
export function withAdvice({ reason, warning }: Ending, advice: string): Ending {
  const joint = reason === 'expression' ? ', or' : ';'
  return { reason, warning: `${warning}${joint} ${advice}` }
}

/** Of a step that was given up. */
export function timeoutEnding(error: TaskTimeout, bounds: QueryBounds): Ending {
  return error instanceof DeadlineReached ? deadlineEnding(bounds) : expressionEnding
}

function deadlineEnding({ queryDeadlineMs }: QueryBounds): Ending {
  return { reason: 'deadline', warning: `ended: the deadline of ${queryDeadlineMs} ms was reached` }
}

/** Asked after a slice that did not finish; null: it may go on. */
export function spentEnding(
  { elapsedMs, scannedBytes }: { readonly elapsedMs: number; readonly scannedBytes: number },
  bounds: QueryBounds,
): Ending | null {
  const { queryDeadlineMs, scannedBytesMax } = bounds
  if (elapsedMs >= queryDeadlineMs) return deadlineEnding(bounds)
  if (scannedBytes < scannedBytesMax) return null
  return { reason: 'scanned_bytes', warning: `ended: ${scannedBytesMax} bytes were scanned` }
}
