/** Compiles query strings into the requests of the layers below, one function per kind of question. */

import type { FilesRequest } from '../collector/contract.ts'
import type {
  ContextRequest,
  FieldsRequest,
  HistogramRequest,
  ListRequest,
  LogsRequest,
  TailStart,
} from '../query/contract.ts'
import type { Format, Plan } from '../query/plan.ts'
import { globsOf, parsePlan, parseStreams } from './filter-parameters.ts'
import { preferredFormat } from './negotiation.ts'
import type { ChoiceParameter } from './parameter.ts'
import { routeParameters } from './parameters.ts'
import { badParameter, oneOf, type Parameters, parseQueryString } from './query-string.ts'
import { readChoice, readChoices, readDurationMs, readRange, readTime, readWhole } from './values.ts'

export type TailRequest = { readonly plan: Plan; readonly start: TailStart }

/** What a query string is read against. */
export type Asking = {
  /** Relative times lie before it. */
  readonly nowMs: number
  /** The request's `Accept` header. */
  readonly accept: string | undefined
}

/** `until` stays null where it is absent. */
export function parseLogsRequest(query: string, { nowMs, accept }: Asking): LogsRequest {
  const accepted = routeParameters.logs
  const parameters = parseQueryString(query, accepted)
  const format = readFormat(parameters, accepted.format, accept)
  const isWhole = format === 'ndjson' && !parameters.has('limit')
  return {
    plan: parsePlan(parameters),
    range: readRange(parameters, nowMs),
    direction: readChoice(parameters, 'direction', accepted.direction) ?? 'backward',
    limit: isWhole ? null : readWhole(parameters, 'limit', accepted.limit),
    cursor: oneOf(parameters, 'cursor'),
    format,
  }
}

export function parseTailRequest(query: string, nowMs: number): TailRequest {
  const parameters = parseQueryString(query, routeParameters.tail)
  return { plan: parsePlan(parameters), start: readTailStart(parameters, nowMs) }
}

export function parseListRequest(kind: ListRequest['kind'], query: string): ListRequest {
  const accepted = routeParameters.list
  const parameters = parseQueryString(query, accepted)
  return {
    kind,
    streams: parseStreams(parameters),
    limit: readWhole(parameters, 'limit', accepted.limit) as number,
    cursor: oneOf(parameters, 'cursor'),
  }
}

export function parseHistogramRequest(query: string, nowMs: number): HistogramRequest {
  const accepted = routeParameters.histogram
  const parameters = parseQueryString(query, accepted)
  refuseTogether(parameters, ['step', 'buckets'])
  const stepMs = readDurationMs(parameters, 'step')
  const countMax = readWhole(parameters, 'buckets', accepted.buckets) as number
  return {
    plan: parsePlan(parameters),
    range: readRange(parameters, nowMs),
    bucket: stepMs === null ? { countMax } : { stepMs },
    by: readChoice(parameters, 'by', accepted.by),
  }
}

export function parseContextRequest(query: string, accept: string | undefined): ContextRequest {
  const accepted = routeParameters.context
  const parameters = parseQueryString(query, accepted)
  return {
    plan: parsePlan(parameters),
    cursor: oneOf(parameters, 'cursor') as string,
    scope: readChoice(parameters, 'scope', accepted.scope) ?? 'stream',
    before: readWhole(parameters, 'before', accepted.before) as number,
    after: readWhole(parameters, 'after', accepted.after) as number,
    format: readFormat(parameters, accepted.format, accept),
  }
}

export function parseFieldsRequest(query: string, nowMs: number): FieldsRequest {
  const accepted = routeParameters.fields
  const parameters = parseQueryString(query, accepted)
  return {
    plan: parsePlan(parameters),
    range: readRange(parameters, nowMs),
    sample: readWhole(parameters, 'sample', accepted.sample) as number,
    limit: readWhole(parameters, 'limit', accepted.limit) as number,
  }
}

export function parseFilesRequest(query: string, accept: string | undefined): FilesRequest {
  const accepted = routeParameters.files
  const parameters = parseQueryString(query, accepted)
  return {
    namespace: globsOf(parameters, 'namespace'),
    pod: globsOf(parameters, 'pod'),
    container: globsOf(parameters, 'container'),
    state: [...new Set(readChoices(parameters, 'state', accepted.state))],
    format: readFormat(parameters, accepted.format, accept),
    limit: readWhole(parameters, 'limit', accepted.limit) as number,
    cursor: oneOf(parameters, 'cursor'),
  }
}

function readTailStart(parameters: Parameters, nowMs: number): TailStart {
  refuseTogether(parameters, ['cursor', 'since', 'tail'])
  const cursor = oneOf(parameters, 'cursor')
  if (cursor !== null) return { kind: 'cursor', cursor }
  const since = readTime(parameters, 'since', nowMs)
  if (since !== null) return { kind: 'since', since }
  const count = readWhole(parameters, 'tail', routeParameters.tail.tail) ?? 0
  return count === 0 ? { kind: 'now' } : { kind: 'newest', count }
}

/** They mean the same in different ways. */
function refuseTogether(parameters: Parameters, names: readonly string[]): void {
  const [first, second] = names.filter((name) => parameters.has(name))
  if (first === undefined || second === undefined) return
  const accepted = `one of ${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
  throw badParameter(second, `is given together with "${first}"`, accepted)
}

function readFormat<Known extends Format>(
  parameters: Parameters,
  accepted: ChoiceParameter<Known>,
  accept: string | undefined,
): Known {
  return readChoice(parameters, 'format', accepted) ?? preferredFormat(accept, accepted.schema.enum)
}
