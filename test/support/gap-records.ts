/** Gap records of answers in one line each, to be compared. */

import type { GapRecord } from '../../src/model/entry.ts'
import type { Entry } from './client.ts'

/** `<reason> <file> <bytes> of <pod>/<restart>` of each; `?` for a number of bytes that is not known. */
export function gapsTold(entries: readonly Entry[]): string[] {
  return entries
    .filter(({ kind }) => kind === 'gap')
    .map((entry) => {
      const { reason, file, bytes } = entry as unknown as GapRecord
      return `${reason} ${file ?? '?'} ${bytes ?? '?'} of ${entry.pod}/${entry.restart}`
    })
}
