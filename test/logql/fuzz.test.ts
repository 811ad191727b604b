/** A short run of random queries over random lines; `npm run test:fuzz` has the long one. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import v8 from 'node:v8'
import { regexEngineFlags } from '../../src/regex/compile.ts'
import { fuzzLogql } from '../support/logql-fuzz.ts'

for (const flag of regexEngineFlags) v8.setFlagsFromString(flag)

test('S-LOGQL-60 whatever the query and the lines, nothing but the error of the language is thrown', (t) => {
  const { parsed, evaluated } = fuzzLogql(1, 5_000)
  t.diagnostic(`${parsed} of 5000 random queries could be read, ${evaluated} evaluated`)
  assert.ok(evaluated > 500)
})
