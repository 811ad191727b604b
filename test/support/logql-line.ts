/** Runs the stages of a query over one line, for tests of stages. */

import { LineState, metadataBeside } from '../../src/logql/stages/line-state.ts'
import { compileStages } from '../../src/logql/stages/pipeline.ts'
import { parseQuery } from '../../src/logql/syntax/parse-query.ts'

export type LineOptions = {
  readonly labels?: Readonly<Record<string, string>>
  readonly metadata?: Readonly<Record<string, string>>
  readonly time?: { readonly sec: number; readonly ns: number }
}

export type PassedLine = { readonly line: string; readonly labels: Readonly<Record<string, string>> }

/**
 * `stages` as they stand behind a selector. Null: the line is dropped. Labels without the error's details.
 */
export function passLine(stages: string, line: string, options: LineOptions = {}): PassedLine | null {
  const query = parseQuery(`{app="x"} ${stages}`)
  if (query.kind !== 'log') throw new TypeError('stages of a log query are expected')
  const state = new LineState()
  const stream = new Map(Object.entries(options.labels ?? {}))
  const metadata = metadataBeside(stream, new Map(Object.entries(options.metadata ?? {})))
  state.begin(stream, metadata, options.time ?? { sec: 0, ns: 0 }, line)
  if (!compileStages(query.stages)(state)) return null
  const labels = state.allLabels().filter(([name]) => name !== '__error_details__')
  return { line: state.line, labels: Object.fromEntries(labels) }
}

export function labelsOf(
  stages: string,
  line: string,
  options: LineOptions = {},
): Readonly<Record<string, string>> | null {
  return passLine(stages, line, options)?.labels ?? null
}
