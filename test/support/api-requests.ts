/**
 * Makes up requests from the OpenAPI document: allowed ones, nearly allowed ones and nonsense, all from one
 * seed.
 */

import type { ApiParameter, Operation } from './api-document.ts'
import type { Random } from './random.ts'

type Pair = readonly [name: string, value: string]

export type MadeRequest = {
  readonly operation: Operation
  readonly method: string
  /** Ready to send. */
  readonly target: string
  /** As they are meant, decoded; null where the encoding says no such thing. */
  readonly pairs: readonly Pair[] | null
  readonly headers: Readonly<Record<string, string>>
}

export type Sources = {
  readonly random: Random
  readonly operations: readonly Operation[]
  /** Cursors of earlier answers. */
  readonly cursors: readonly string[]
}

const nonsense = [
  ['', ' ', '0', '-1', '1e9', '1.5', '+5', '007', '99999999999999999999', 'NaN', 'null', 'true', 'undefined'],
  ['*', '?', '**', 'shop', 'Shop', '%', '%zz', '\\', '"', "'", '<script>', '../../etc/passwd', '__proto__'],
  ['\u0000', '\n', '\r\n', '\u2028', 'ü', '日本語', '😀', '\u202e', 'e\u0301', '٣', 'x'.repeat(300)],
  [
    'constructor',
    'toString',
    '[object Object]',
    'a=b&c',
    '#',
    '$',
    '{name}',
    '(',
    '[',
    'a,b',
    ',',
    ';',
    '--',
  ],
].flat()
const patterns = [
  '/(/',
  '/a|b/',
  '/(a+)+$/',
  '/^.*$/',
  '/\\d+/',
  '/(?i)ERROR/',
  '/(?=x)/',
  '/\\p{L}{3}/',
  '/x{1001}/',
  '//',
]

const times = [
  ['1h', '0s', '1s', '7d', '1w2d3h4m5s6ms', '1h1h', '-1h', 'now', '99999d', '9999999999999999d'],
  ['2026-11-22T10:11:12Z', '2026-02-30T00:00:00Z', '2026-11-22T10:11:12.123456789+01:00', '2026-11-22'],
  [
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999999999Z',
    '1969-12-31T23:59:59Z',
    '0001-01-01T00:00:00-23:59',
  ],
  ['0', '1795342272', '1795342272.5', '1795342272000', '9999999999999999999', '17953422720000000001'],
].flat()

/** Texts that a schema can only describe by a pattern, good ones and bad ones. */
const known: Readonly<Record<string, readonly string[]>> = {
  level: [
    'error',
    'warn+',
    'warn ',
    'info,error',
    'WARNING',
    'err',
    'unknown+',
    'errro',
    ',',
    'warn,',
    '+',
    'trace+',
  ],
  q: ['n', 'plain', '!n', '"n"', '!"n"', '!', '""', '!""', '"', '!/n/', 'msg', ...patterns],
  query: [
    '{namespace="shop"}',
    '{pod=~".+"} | json | n > 5',
    '{container="api"} |= "n" != "x" | logfmt',
    '{',
    'rate({a="b"}[1m])',
    '{}',
    '{a="b"} | line_format "{{"',
  ],
  since: times,
  until: times,
  step: ['1s', '1m', '1h30m', '0s', '1ms', '9999999w', '1', '1y', '0.5s', '99999999999999999999s'],
}

export function makeRequest(sources: Sources): MadeRequest {
  const { random } = sources
  const operation = random.pick(sources.operations)
  const method = random.chance(0.95)
    ? operation.method
    : random.pick(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'OPTIONS'])
  const pairs = makePairs(operation, sources)
  const path = makePath(operation, random)
  const isOdd = random.chance(0.05)
  const query = isOdd ? oddQuery(pairs, random) : pairs.map((pair) => encodePair(pair, random)).join('&')
  return {
    operation,
    method,
    target: query === '' ? path : `${path}?${query}`,
    pairs: isOdd ? null : pairs,
    headers: makeHeaders(random),
  }
}

function makePairs(operation: Operation, sources: Sources): Pair[] {
  const { random } = sources
  const parameters = operation.parameters.filter((parameter) => parameter.in === 'query')
  const pairs: Pair[] = []
  for (const parameter of parameters) {
    if (!random.chance(parameter.required === true ? 0.95 : 0.25)) continue
    const times = random.chance(0.9)
      ? 1
      : random.chance(0.95)
        ? random.between(2, 4)
        : random.between(19, 102)
    for (let time = 0; time < times; time += 1) pairs.push([parameter.name, makeValue(parameter, sources)])
  }
  if (random.chance(0.05))
    pairs.push([random.pick(['nothing', 'Limit', 'q[]', '', 'tokens', ...nonsense]), 'x'])
  return pairs
}

function makeValue({ name, schema }: ApiParameter, { random, cursors }: Sources): string {
  if (random.chance(0.1)) return random.pick(nonsense)
  if (name === 'cursor')
    return random.chance(0.8) ? random.pick(cursors) : damaged(random.pick(cursors), random)
  const choices = known[name]
  if (choices !== undefined) return random.pick(choices)
  const value = (schema['type'] === 'array' ? schema['items'] : schema) as Readonly<Record<string, unknown>>
  if (value['type'] === 'boolean') return random.pick(['true', 'false', 'True', '1'])
  if (value['enum'] !== undefined) return random.pick(value['enum'] as string[])
  if (value['type'] === 'integer') {
    const [least, most] = [Number(value['minimum']), Number(value['maximum'])]
    return String(
      random.pick([least, most, least - 1, most + 1, random.between(least, Math.min(most, least + 100))]),
    )
  }
  return random.pick(['shop', 'sh*', 'api-?', 'api', 'side', 'n1', '*', 'nothing', 'ü*'])
}

function damaged(cursor: string, random: Random): string {
  const at = random.between(0, cursor.length - 1)
  return random.pick([
    cursor.slice(0, at),
    `${cursor.slice(0, at)}A${cursor.slice(at + 1)}`,
    `${cursor}=`,
    `${cursor}A`,
  ])
}

function makePath({ path }: Operation, random: Random): string {
  const name = random.chance(0.7) ? random.pick(['level', 'n', 'deep.a', 'msg']) : random.pick(nonsense)
  return path
    .replace('{name}', encodeURIComponent(name))
    .replace('{part}', random.pick(['start.js', 'swagger-ui.css', 'x']))
}

function encodePair([name, value]: Pair, random: Random): string {
  if (value === '' && random.chance(0.5)) return encodeURIComponent(name)
  const encoded = encodeURIComponent(value)
  if (!random.chance(0.1)) return `${encodeURIComponent(name)}=${encoded}`
  // The same text in other clothes: every byte encoded, and lower-case digits.
  const bytes = [...Buffer.from(value)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`)
  return `${encodeURIComponent(name)}=${bytes.join('')}`
}

/** Encodings that are none, and addresses that are too long. */
function oddQuery(pairs: readonly Pair[], random: Random): string {
  const text = pairs
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
    .replace(/[^!-~]/g, '+')
  const long = random.chance(0.3) ? `q=${'x'.repeat(random.between(8000, 9000))}` : ''
  const rest = random.pick(['%', '%F0%9F', 'q=%c0%80', '&&&', '=', '=&=', 'limit=1;pod=2', 'q=%u0041', long])
  return `${text}&${rest}`.replaceAll('#', '')
}

function makeHeaders(random: Random): Record<string, string> {
  const headers: Record<string, string> = {}
  if (random.chance(0.2))
    headers['accept'] = random.pick([
      'text/plain',
      'application/octet-stream',
      'application/x-ndjson',
      '*/*',
      ';;',
      'a/b;q=9',
      ',',
    ])
  if (random.chance(0.2))
    headers['accept-encoding'] = random.pick(['gzip', 'gzip;q=0', 'br, *', 'identity', ';q='])
  if (random.chance(0.02)) headers['origin'] = random.pick(['https://other.example', 'null', 'x'])
  if (random.chance(0.02)) headers['x-forwarded-for'] = '10.0.0.1'
  if (random.chance(0.02))
    headers['host'] = random.pick(['other.example', 'localhost:1', '[::1]', '127.0.0.1'])
  if (random.chance(0.02)) headers['cookie'] = 'logkeep_session=x; =; a'
  if (random.chance(0.02)) headers['authorization'] = random.pick(['Bearer x', 'Basic eDp4', 'Bearer'])
  if (random.chance(0.02)) headers['range'] = 'bytes=0-1'
  if (random.chance(0.02)) headers['expect'] = '100-continue'
  return headers
}
