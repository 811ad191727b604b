/** Compiles the parameters that select entries into a plan: names, levels and the small grammar of `q`. */

import { LogkeepError } from '../errors.ts'
import { httpLimits } from '../limits.ts'
import { type Iostream, iostreamNames, levelNames } from '../model/entry.ts'
import { lookUpName } from '../model/level-names.ts'
import { nearestName } from '../model/nearest-name.ts'
import type { LineFilter, Plan, StreamSelector } from '../query/plan.ts'
import { parseRegex } from '../query/regex/parse.ts'
import {
  type AcceptedParameters,
  allOf,
  badParameter,
  badValue,
  oneOf,
  type Parameters,
} from './query-string.ts'

export const streamParameters = {
  namespace: 'repeatable',
  pod: 'repeatable',
  container: 'repeatable',
  node: 'repeatable',
  restart: 'repeatable',
} as const satisfies AcceptedParameters

export const filterParameters = {
  ...streamParameters,
  stream: 'once',
  level: 'repeatable',
  q: 'repeatable',
  ignoreCase: 'once',
  gaps: 'once',
} as const satisfies AcceptedParameters

/** Equal requests give equal plans: values are sorted and single. */
export function parsePlan(parameters: Parameters): Plan {
  return {
    streams: parseStreams(parameters),
    iostream: parseIostream(oneOf(parameters, 'stream')),
    levels: parseLevels(allOf(parameters, 'level')),
    lines: parseLines(allOf(parameters, 'q'), parseBoolean(parameters, 'ignoreCase', false)),
    gaps: parseBoolean(parameters, 'gaps', true),
  }
}

export function parseStreams(parameters: Parameters): StreamSelector {
  const globs = (name: string): readonly string[] => [...new Set(allOf(parameters, name))].sort()
  const restart = allOf(parameters, 'restart').map((value) => {
    if (!/^\d{1,9}$/.test(value)) throw badValue('restart', value, 'a whole number from 0')
    return Number(value)
  })
  return {
    namespace: globs('namespace'),
    pod: globs('pod'),
    container: globs('container'),
    node: globs('node'),
    restart: [...new Set(restart)].sort((a, b) => a - b),
  }
}

function parseIostream(value: string | null): Iostream | null {
  if (value === null) return null
  const index = iostreamNames.findIndex((name) => name === value)
  if (index === -1) throw badValue('stream', value, 'stdout or stderr')
  return index as Iostream
}

function parseBoolean(parameters: Parameters, name: string, absent: boolean): boolean {
  const value = oneOf(parameters, name)
  if (value === null) return absent
  if (value !== 'true' && value !== 'false') throw badValue(name, value, 'true or false')
  return value === 'true'
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
  if (values.length > httpLimits.lineFiltersMax) {
    throw badParameter('q', 'is given too often', `at most ${httpLimits.lineFiltersMax} times`)
  }
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
    throw new LogkeepError(error.code, `parameter "q": ${error.message}`, error.hint, { cause: error })
  }
}
