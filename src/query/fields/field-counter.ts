/** What counting names and counting the values of one name have in common. */

import type { Sample } from './sample.ts'

export type FieldCounter = {
  /** Counts the fields of one line; false where it has none. Of a field that comes again the last counts. */
  readonly addLine: (body: Buffer, leftOut: Sample['leftOut']) => boolean
  /** The answer's own members, the most frequent first, ties by name. */
  readonly members: (limit: number, sample: Sample) => object
  /** What was counted, to go on from in the next slice. */
  readonly entries: () => readonly (readonly [string, unknown])[]
}
