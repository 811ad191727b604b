/**
 * Compiles the matchers of a LogQL selector into a filter over stored streams, and into the iostream they
 * ask for.
 */

import { compileMatcher, exactValues } from '../../logql/regexes.ts'
import type { Matcher } from '../../logql/syntax/tree.ts'
import { type Iostream, iostreamNames } from '../../model/entry.ts'
import type { NamedStream, StreamFilter } from '../../store/stream-finder.ts'

/** Where names stand in a row of the index over streams. */
const columnOf = { namespace: 1, pod: 2, container: 4, service_name: 4, restart: 5, node: 6 } as const
const exactLabelOf = { pod: 'pod', container: 'container', service_name: 'container', node: 'node' } as const

const anyStream: StreamFilter = {
  isNamespace: null,
  pod: null,
  container: null,
  node: null,
  restart: null,
  holds: [],
  test: null,
}

export type MatchedStreams = {
  readonly filter: StreamFilter
  /** Null: both. */
  readonly iostream: Iostream | null
}

/** `base`: what else is asked of streams; null: nothing. Throws `LogqlError`. */
export function matchStreams(matchers: readonly Matcher[], base: StreamFilter | null): MatchedStreams {
  let filter = base ?? anyStream
  const wanted = new Set<Iostream>([0, 1])
  for (const matcher of matchers) {
    const { name } = matcher
    const test = compileMatcher(matcher)
    if (name === 'stream') {
      for (const iostream of [0, 1] as const) if (!test(iostreamNames[iostream])) wanted.delete(iostream)
    } else filter = withMatcher(filter, matcher, test)
  }
  if (wanted.size === 0) filter = withTest(filter, () => false)
  const [only = null] = wanted.size === 1 ? wanted : []
  return { filter, iostream: only }
}

function withMatcher(filter: StreamFilter, matcher: Matcher, test: (text: string) => boolean): StreamFilter {
  const { name } = matcher
  if (name === 'namespace') {
    const { isNamespace } = filter
    return { ...filter, isNamespace: (text) => (isNamespace?.(text) ?? true) && test(text) }
  }
  if (!isKnown(name)) return test('') ? filter : withTest(filter, () => false)
  const column = columnOf[name]
  const exact = name === 'restart' ? null : exactLabelOf[name as keyof typeof exactLabelOf]
  const values = exact === null || filter[exact] !== null ? null : exactValues(matcher)
  if (exact !== null && values !== null) return { ...filter, [exact]: values }
  return withTest(filter, (stream) => test(String(stream[column])))
}

function isKnown(name: string): name is keyof typeof columnOf {
  return Object.hasOwn(columnOf, name)
}

function withTest(filter: StreamFilter, further: (stream: NamedStream) => boolean): StreamFilter {
  const { test } = filter
  return { ...filter, test: (stream) => (test?.(stream) ?? true) && further(stream) }
}
