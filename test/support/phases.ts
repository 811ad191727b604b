/**
 * Phases of the program's work, told apart to see where a kill hit it: a small file holds one byte for each,
 * which says how often the phase is under way. It is the page cache's, so that a SIGKILL leaves it as it was.
 */

import * as fs from 'node:fs'

export const phases = [
  'reading',
  'mid-commit',
  'merging',
  'sweeping',
  'draining',
  'inside a gz',
  'migrating',
] as const

export type Phase = (typeof phases)[number]

/** Variable by which the recorder in the program learns of the file. */
export const phaseFileVariable = 'PHASE_FILE'

/** Where the byte of a phase lies. */
export function offsetOf(phase: Phase): number {
  return phases.indexOf(phase)
}

/** No phase is under way. To be called before each start of the program. */
export function clearPhases(file: string): void {
  fs.writeFileSync(file, Buffer.alloc(phases.length))
}

/** The phases that are under way. */
export function readPhases(file: string): Phase[] {
  const bytes = fs.readFileSync(file)
  return phases.filter((_, offset) => (bytes[offset] ?? 0) > 0)
}
