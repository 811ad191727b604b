/** Parses a cursor that a client gave, or says what is wrong with it. */

import { LogkeepError } from '../errors.ts'
import { type Cursor, parseCursor } from '../model/cursor.ts'

/** Throws `LogkeepError` BAD_CURSOR where the text is no cursor of this program. */
export function requireCursor(text: string): Cursor {
  const cursor = parseCursor(text)
  if (cursor !== null) return cursor
  throw new LogkeepError(
    'BAD_CURSOR',
    'cursor: it is damaged',
    "give back `next`, `resume` or an entry's `cursor` exactly as it was",
  )
}
