/**
 * Looks into the newest lines for fields: what json and logfmt find in them, of which type, and their
 * values.
 */

import { logqlLimits } from '../../limits/logql.ts'
import { queryLimits } from '../../limits/query.ts'
import { JsonScanner, JsonSyntaxError } from '../../logql/stages/json-scanner.ts'
import { cleanKey } from '../../logql/stages/label-names.ts'
import { errorDetailsLabel, errorLabel, LineState } from '../../logql/stages/line-state.ts'
import { createLogfmtStage } from '../../logql/stages/logfmt-stage.ts'
import { parseGoDuration, parseSize } from '../../logql/syntax/units.ts'
import type { Cursor } from '../../model/cursor.ts'
import { attribute, type Iostream } from '../../model/entry.ts'
import type { Snapshot } from '../../store/reader.ts'
import type { CompiledPlan } from '../compiled-plan.ts'
import type { HeldLines } from '../held-lines.ts'
import { walkHistory } from '../history.ts'
import { rangeOf } from '../walk-cursor.ts'
import { createHitReader } from '../write-hits.ts'
import { createEntryLabels, type EntryLabels } from './entry-labels.ts'
import type { SampledField, SampleResult, SampleTask } from './tasks.ts'

type Field = {
  readonly values: Set<string>
  /** Null: metadata. */
  readonly parsers: Set<string> | null
  /** Names of members that lead to it; null: no line had it in JSON. */
  jsonPath: readonly string[] | null
}

/** Different values that are told apart: the rest is an estimate anyway. */
const valuesMax = 1_000
const fieldsMax = 1_000

export function answerSample(
  snapshot: Snapshot,
  compiled: CompiledPlan,
  { task, held }: { readonly task: SampleTask; readonly held: HeldLines },
  cursor: Cursor,
): SampleResult {
  const started = performance.now()
  const { hits } = walkHistory(
    snapshot,
    compiled,
    {
      direction: 'backward',
      limit: task.lines,
      commit: cursor.commit,
      range: rangeOf(cursor, 'backward'),
      isOver: () => performance.now() - started > queryLimits.listMs,
    },
    { scannedBytes: 0, scannedLines: 0, blocks: 0 },
  )
  const fields = new Map<string, Field>()
  const look = createLook(compiled, fields)
  createHitReader(
    snapshot,
    ({ stream, sec, ns, level, attributes, bytes, start, end }) => {
      if ((attributes & attribute.gap) !== 0) return true
      look(
        stream,
        (attributes & attribute.stderr) as Iostream,
        level,
        { sec, ns },
        bytes.toString('utf8', start, end),
      )
      return performance.now() - started <= 2 * queryLimits.listMs
    },
    held,
  )(hits)
  if (task.name !== null) {
    const values = [...(fields.get(task.name)?.values ?? [])].sort()
    return { fields: [], values: values.slice(0, task.limit) }
  }
  const found = Array.from(fields, ([label, field]) => describe(label, field))
  found.sort((one, other) => (one.label < other.label ? -1 : 1))
  return { fields: found.slice(0, task.limit), values: [] }
}

/** Stages that take labels out of lines, under the names of Loki's API. */
const parsers: ReadonlySet<string> = new Set(['json', 'logfmt', 'pattern', 'regexp', 'unpack'])

function isError(name: string): boolean {
  return name === errorLabel || name === errorDetailsLabel
}

/** Adds the fields of one line: those of its metadata, of the query's own stages, and of json or logfmt. */
function createLook({ logql }: CompiledPlan, fields: Map<string, Field>) {
  const labels = createEntryLabels()
  const state = new LineState()
  const parsed = new LineState()
  const logfmt = createLogfmtStage({ isStrict: false, keepEmpty: false })
  const own = (logql?.rest ?? []).map(({ kind }) => kind as string).filter((kind) => parsers.has(kind))
  const add = (
    name: string,
    value: string,
    by: readonly string[] | null,
    path: readonly string[] | null = null,
  ): void => {
    let field = fields.get(name)
    if (field === undefined) {
      if (fields.size >= fieldsMax) return
      field = { values: new Set(), parsers: by === null ? null : new Set(), jsonPath: null }
      fields.set(name, field)
    }
    if (field.values.size < valuesMax) field.values.add(value)
    for (const parser of by ?? []) field.parsers?.add(parser)
    field.jsonPath ??= path
  }
  return (
    stream: Parameters<EntryLabels['ofStream']>[0],
    iostream: Iostream,
    level: number,
    time: LineState['time'],
    line: string,
  ): void => {
    const metadata = labels.metadata[level] as EntryLabels['metadata'][number]
    const streamLabels = labels.ofStream(stream, iostream)
    state.begin(streamLabels, metadata, time, line)
    for (const [name, value] of metadata) add(name, value, null)
    logql?.write?.(state)
    for (const [name, value] of state.parsedLabels()) if (!isError(name)) add(name, value, own)
    // What looks like an object is read as one, all else as pairs.
    const isObject = /^\s*\{/.test(state.line)
    parsed.begin(streamLabels, metadata, time, state.line)
    if (isObject) {
      for (const [name, value, path] of jsonMembers(state.line))
        add(parsed.nameOf(name), value, ['json'], path)
      return
    }
    logfmt(parsed)
    for (const [name, value] of parsed.parsedLabels()) add(name, value, ['logfmt'])
  }
}

/** Names as `json` gives them, values and the names that lead there; none of a line that is no JSON. */
function jsonMembers(line: string): [name: string, value: string, path: readonly string[]][] {
  const found: [string, string, readonly string[]][] = []
  const scanner = new JsonScanner(line)
  const visit = (prefix: string, path: readonly string[]): void => {
    if (path.length > logqlLimits.jsonDepthMax) throw new JsonSyntaxError('the line is nested too deeply')
    scanner.members((key) => {
      const cleaned = cleanKey(key, prefix === '')
      const name = prefix === '' || cleaned === '' ? prefix + cleaned : `${prefix}_${cleaned}`
      const kind = scanner.kind()
      if (kind === 'object') visit(name, [...path, key])
      else if (kind === 'array') scanner.skip(path.length)
      else {
        const value = kind === 'string' ? scanner.string() : scanner.word()
        if (kind !== 'null' && name !== '') found.push([name, value, [...path, key]])
      }
    })
  }
  try {
    scanner.skipBlank()
    visit('', [])
    return found
  } catch (error) {
    if (error instanceof JsonSyntaxError) return []
    throw error
  }
}

function describe(label: string, { values, parsers, jsonPath }: Field): SampledField {
  return {
    label,
    type: typeOf(values),
    cardinality: values.size,
    parsers: parsers === null ? null : [...parsers].sort(),
    ...(jsonPath !== null && { jsonPath }),
  }
}

const tests: readonly (readonly [type: SampledField['type'], test: (value: string) => boolean])[] = [
  ['int', (value) => /^-?\d+$/.test(value)],
  ['float', (value) => /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(value)],
  ['boolean', (value) => /^(?:true|false)$/i.test(value)],
  ['duration', (value) => parseGoDuration(value) !== null],
  ['bytes', (value) => parseSize(value) !== null],
]

/** The type that all values have. */
function typeOf(values: ReadonlySet<string>): SampledField['type'] {
  for (const [type, test] of tests) if ([...values].every(test)) return type
  return 'string'
}
