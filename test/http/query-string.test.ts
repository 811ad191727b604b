/** The strict reader of query strings. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogkeepError } from '../../src/errors.ts'
import { repeatable, required, text } from '../../src/http/parameter.ts'
import { parseQueryString } from '../../src/http/query-string.ts'
import { httpLimits } from '../../src/limits/http.ts'

const any = text('any')
const accepted = { namespace: repeatable(any), limit: any, q: repeatable(any) }

function refuses(act: () => unknown, code: string, ...parts: readonly string[]): void {
  assert.throws(act, (error) => {
    assert.ok(error instanceof LogkeepError, String(error))
    assert.equal(error.code, code)
    const text = `${error.message} ${error.hint}`
    for (const part of parts) assert.ok(text.includes(part), `"${text}" names ${part}`)
    return true
  })
}

test('S-HTTP-01 parameters are decoded as forms are, repeatable ones keep their order', () => {
  const read = parseQueryString('namespace=a+b&&namespace=%C3%BC%2B&limit=5&q=a=b', accepted)
  assert.deepEqual(
    [...read],
    [
      ['namespace', ['a b', 'ü+']],
      ['limit', ['5']],
      ['q', ['a=b']],
    ],
  )
  assert.equal(parseQueryString('', accepted).size, 0)
})

test('S-HTTP-02 an unknown parameter is refused with the nearest known one and the list', () => {
  refuses(
    () => parseQueryString('namespce=a', accepted),
    'BAD_PARAMETER',
    '"namespce"',
    '"namespace"',
    'limit, q',
  )
  refuses(() => parseQueryString('=a', accepted), 'BAD_PARAMETER', '""', 'unknown')
  refuses(() => parseQueryString('toString=a', accepted), 'BAD_PARAMETER', 'unknown')
  refuses(() => parseQueryString('a=b', {}), 'BAD_PARAMETER', 'none are accepted')
  refuses(() => parseQueryString(`${'x'.repeat(5000)}=1`, accepted), 'BAD_PARAMETER', 'x…')
})

test('S-HTTP-03 empty, repeated and undecodable and missing values are refused by name', () => {
  refuses(() => parseQueryString('namespace=', accepted), 'BAD_PARAMETER', '"namespace"', 'empty')
  refuses(() => parseQueryString('q', accepted), 'BAD_PARAMETER', '"q"', 'empty')
  refuses(() => parseQueryString('limit=1&limit=1', accepted), 'BAD_PARAMETER', '"limit"', 'once')
  refuses(() => parseQueryString('q=100%', accepted), 'BAD_PARAMETER', '"q"', '%25')
  refuses(() => parseQueryString('q=%FF', accepted), 'BAD_PARAMETER', '"q"', 'UTF-8')
  refuses(() => parseQueryString('%zz=1', accepted), 'BAD_PARAMETER', 'percent')
  refuses(() => parseQueryString('q=a', { q: any, id: required(any) }), 'BAD_PARAMETER', '"id"', 'missing')
})

test('S-HTTP-04 a repeatable parameter has a bound', () => {
  const times = (count: number): string => Array.from({ length: count }, () => 'q=x').join('&')
  assert.equal(
    parseQueryString(times(httpLimits.parameterValuesMax), accepted).get('q')?.length,
    httpLimits.parameterValuesMax,
  )
  refuses(
    () => parseQueryString(times(httpLimits.parameterValuesMax + 1), accepted),
    'BAD_PARAMETER',
    '"q"',
    'too often',
  )
})
