/** Compiles the parameters that select entries into a plan: names, levels and the small grammar of `q`. */

import { LogkeepError } from '../errors.ts'
import { levelNames } from '../model/entry.ts'
import { lookUpName } from '../model/level-names.ts'
import { nearestName } from '../model/nearest-name.ts'
import { normalLogQuery } from '../query/logql/compile-selection.ts'
import type { LineFilter, Plan, StreamChoice, StreamSelector } from '../query/plan.ts'
import { parseRegex } from '../regex/parse.ts'
import { filterParameters, streamParameters } from './parameters.ts'
import { allOf, badValue, oneOf, type Parameters } from './query-string.ts'
import { readBoolean, readChoice, readWholes } from './values.ts'

/** Equal requests give equal plans: values are sorted and single. */
export function parsePlan(parameters: Parameters): Plan {
  const { stream, ignoreCase, gaps } = filterParameters
  const iostream = readChoice(parameters, 'stream', stream)
  const query = oneOf(parameters, 'query')
  return {
    streams: parseStreams(parameters),
    iostream: iostream === null ? null : iostream === 'stdout' ? 0 : 1,
    levels: parseLevels(allOf(parameters, 'level')),
    lines: parseLines(allOf(parameters, 'q'), readBoolean(parameters, 'ignoreCase', ignoreCase)),
    gaps: readBoolean(parameters, 'gaps', gaps),
    ...(query !== null && { logql: parseLogql(query) }),
  }
}

function parseLogql(query: string): string {
  try {
    return normalLogQuery(query)
  } catch (error) {
    if (!(error instanceof LogkeepError)) throw error
    throw new LogkeepError(error.code, `parameter "query": ${error.message}`, error.hint, { cause: error })
  }
}

export function parseStreams(parameters: Parameters): StreamSelector {
  const restart = readWholes(parameters, 'restart', streamParameters.restart)
  return {
    namespace: globsOf(parameters, 'namespace'),
    pod: globsOf(parameters, 'pod'),
    container: globsOf(parameters, 'container'),
    node: globsOf(parameters, 'node'),
    restart: [...new Set(restart)].sort((a, b) => a - b),
    ...readChoices(globsOf(parameters, 'select')),
  }
}

/** `namespace`, `namespace/pod` or `namespace/pod/container`. Absent where nothing is selected. */
function readChoices(paths: readonly string[]): { choices?: readonly StreamChoice[] } {
  if (paths.length === 0) return {}
  const choices = paths.map((path) => {
    const [namespace = '', pod = '*', container = '*', ...rest] = path.split('/')
    if (rest.length > 0 || [namespace, pod, container].includes(''))
      throw badValue('select', path, 'namespace, namespace/pod or namespace/pod/container, as names or globs')
    return { namespace, pod, container }
  })
  return { choices }
}

export function globsOf(parameters: Parameters, name: string): readonly string[] {
  return [...new Set(allOf(parameters, name))].sort()
}

/** `error,fatal`, or `warn+` for a level and all above it. All levels together ask nothing: null. */
function parseLevels(values: readonly string[]): number | null {
  if (values.length === 0) return null
  let mask = 0
  for (const item of values.flatMap((value) => value.split(','))) {
    // A form reads `warn+` as `warn `: the plus must have stood there.
    const match = /^([a-z]+)([+ ]?)$/i.exec(item)
    const code = match === null ? null : levelCode(match[1] as string)
    if (code === null) throw unknownLevel(item)
    mask |= match?.[2] === '' ? 1 << code : allLevels & ~((1 << code) - 1)
  }
  return mask === allLevels ? null : mask
}

/** Takes the same names as the detector of levels in lines. */
function levelCode(name: string): number | null {
  if (name.toLowerCase() === levelNames[0]) return 0
  const bytes = Buffer.from(name)
  return lookUpName(bytes, 0, bytes.length) & levelCodeBits || null
}

const levelCodeBits = 0x0f
const allLevels = (1 << levelNames.length) - 1

function unknownLevel(item: string): LogkeepError {
  const nearest = nearestName(item.replace(/[+ ]$/, ''), levelNames)
  const guess = nearest === null ? '' : `; did you mean ${nearest}?`
  return badValue('level', item, `${levelNames.join(', ')}, or one with + for it and all above${guess}`)
}

function parseLines(values: readonly string[], ignoreCase: boolean): readonly LineFilter[] {
  const filters = new Map(
    values.map((value) => parseLine(value, ignoreCase)).map((f) => [JSON.stringify(f), f]),
  )
  return [...filters.keys()].sort().map((key) => filters.get(key) as LineFilter)
}

/**
 * `text`, `"literal"` (for text that begins like another form) and `/regex/`, each with `!` before it for
 * lines that do not have it. A slash or quote at one end only is text.
 */
function parseLine(value: string, ignoreCase: boolean): LineFilter {
  const negate = value.startsWith('!')
  const rest = negate ? value.slice(1) : value
  const enclosed = (mark: string): boolean => rest.length >= 2 && rest.startsWith(mark) && rest.endsWith(mark)
  if (enclosed('/')) {
    const pattern = rest.slice(1, -1)
    if (pattern === '')
      throw badValue('q', value, '"//" in quotes for two slashes, or a pattern between them')
    checkRegex(pattern, ignoreCase)
    return { kind: 'regex', pattern, ignoreCase, negate }
  }
  const text = enclosed('"') ? rest.slice(1, -1) : rest
  if (text === '') throw badValue('q', value, 'text, !text, "literal", /regex/ or !/regex/')
  return { kind: 'substring', text, ignoreCase, negate }
}

function checkRegex(pattern: string, ignoreCase: boolean): void {
  try {
    parseRegex(pattern, ignoreCase)
  } catch (error) {
    if (!(error instanceof LogkeepError)) throw error
    const limit = error.limit === null ? {} : { limit: error.limit }
    throw new LogkeepError(error.code, `parameter "q": ${error.message}`, error.hint, {
      ...limit,
      cause: error,
    })
  }
}
