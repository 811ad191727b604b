/** What the metrics offer to the doors and to `main`. */

import type { LimitName } from '../errors.ts'
import type { QueryService } from '../query/contract.ts'

export type Metrics = {
  /** Text in Prometheus' exposition format, and its media type. Never rejects for one part that is silent. */
  readonly render: () => Promise<{ readonly contentType: string; readonly text: string }>
  /** A request ran into a bound. */
  readonly limitReached: (limit: LimitName) => void
  /** A request was answered: by its route as registered, never by its address. */
  readonly answered: (route: string, status: number, seconds: number) => void
  /** The same service; kind, outcome and duration of each question are counted. */
  readonly observe: (query: QueryService) => QueryService
}
