/**
 * The places in `src/` at which phases begin and end, and what stands there in a run that records them. The
 * program as it is delivered knows nothing of it.
 */

import type { Phase } from './phases.ts'

/** What the recorder puts into the global scope; the places call it by `recorderName`. */
export type PhaseRecorder = {
  /** The phase lasts as long as the work. */
  readonly during: <T>(phase: Phase, work: () => T) => T
  /** The phase begins; `leave` or the end of `during` ends it. */
  readonly enter: (phase: Phase) => void
  readonly leave: (phase: Phase) => void
  /** The phase lasts while anything is held that was not let go. */
  readonly hold: (phase: Phase, what: object) => void
  readonly letGo: (phase: Phase, what: object) => void
}

export const recorderName = 'recordedPhases'

type Place = {
  /** Path from the project's root. */
  readonly file: string
  /** Text that stands there once. */
  readonly text: string
  readonly becomes: string
}

export const phasePlaces: readonly Place[] = [
  {
    file: 'src/collector/instance.ts',
    text: 'readOn(active, this.#host.context, this.#target, budget)',
    becomes: during('reading', 'readOn(active, this.#host.context, this.#target, budget)'),
  },
  {
    file: 'src/store/writer.ts',
    text: 'const number = committer.commit(commit)',
    becomes: `const number = ${during('mid-commit', 'committer.commit(commit)')}`,
  },
  // Most looks for blocks to merge find none: the phase begins where there are some, and ends with
  // the commit.
  {
    file: 'src/store/merging.ts',
    text: 'if (group === null) return false',
    becomes: `if (group === null) return false; ${call('enter', 'merging')}`,
  },
  {
    file: 'src/store/upkeep.ts',
    text: 'if (changes.run((version) => merging.mergeOne(streamId, version))) counts.merges += 1',
    becomes: `const isMerged = changes.run((version) => merging.mergeOne(streamId, version));
      ${call('leave', 'merging')}; if (isMerged) counts.merges += 1`,
  },
  {
    file: 'src/store/retention.ts',
    text: 'change((version) => sweeping.sweep(beforeSec, version))',
    becomes: during('sweeping', 'change((version) => sweeping.sweep(beforeSec, version))'),
  },
  // A renamed file that is read to its end, until that end is certain.
  {
    file: 'src/collector/instance.ts',
    text: 'active.successorSinceMs ??= now',
    becomes: `active.successorSinceMs ??= now; ${call('hold', 'draining', 'active')}`,
  },
  {
    file: 'src/collector/generation.ts',
    text: 'this.#log?.close()',
    becomes: `${call('letGo', 'draining', 'this')}; this.#log?.close()`,
  },
  {
    file: 'src/collector/open-log.ts',
    text: 'this.#gzip = new GzipSource(this.fd, from, wake)',
    becomes: `this.#gzip = new GzipSource(this.fd, from, wake); ${call('hold', 'inside a gz', 'this')}`,
  },
  {
    file: 'src/collector/open-log.ts',
    text: 'this.#gzip?.close()',
    becomes: `${call('letGo', 'inside a gz', 'this')}; this.#gzip?.close()`,
  },
  {
    file: 'src/store/migrate.ts',
    text: "connection.exec('BEGIN IMMEDIATE')",
    becomes: `${call('enter', 'migrating')}; connection.exec('BEGIN IMMEDIATE')`,
  },
  {
    file: 'src/store/migrate.ts',
    text: "connection.exec('COMMIT')",
    becomes: `connection.exec('COMMIT'); ${call('leave', 'migrating')}`,
  },
]

/** The text of a file with its places changed. Throws where one is not there, or more than once. */
export function recordPhases(file: string, text: string): string {
  let changed = text
  for (const place of phasePlaces) {
    if (place.file !== file) continue
    const parts = changed.split(place.text)
    if (parts.length !== 2)
      throw new Error(`${file} has ${parts.length - 1} times, not once: ${place.text} (phase-places.ts)`)
    changed = parts.join(place.becomes)
  }
  return changed
}

function during(phase: Phase, work: string): string {
  return `globalThis.${recorderName}.during('${phase}', () => ${work})`
}

function call(method: keyof PhaseRecorder, phase: Phase, what?: string): string {
  return `globalThis.${recorderName}.${method}('${phase}'${what === undefined ? '' : `, ${what}`})`
}
