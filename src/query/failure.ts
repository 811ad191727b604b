/** What unexpected errors of query threads are told as; their causes are for the program's own log alone. */

import { LogkeepError } from '../errors.ts'

export function unreadable(cause: unknown): LogkeepError {
  const hint = "see /readyz and the program's own log for why"
  return new LogkeepError('STORE_UNAVAILABLE', 'the database cannot be read', hint, { cause })
}

/** A mistake of this program, or the death of a thread. */
export function failed(cause: unknown): LogkeepError {
  const hint = "try again; the program's own log has the cause"
  return new LogkeepError('INTERNAL', 'the query failed', hint, { cause })
}

/** What it is due to and where that happened, for the log; null for an error that says all itself. */
export function causeOf({ cause }: LogkeepError): string | null {
  if (cause === undefined) return null
  return cause instanceof Error ? (cause.stack ?? cause.message) : JSON.stringify(cause)
}
