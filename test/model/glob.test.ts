/** Globs against a naive matcher; S-GLOB-01 to -03. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compileGlob, isLiteralGlob } from '../../src/model/glob.ts'

function matchesNaively(glob: readonly string[], name: readonly string[]): boolean {
  if (glob.length === 0) return name.length === 0
  const [sign, ...rest] = glob
  if (sign === '*')
    return name.some((_, index) => matchesNaively(rest, name.slice(index))) || matchesNaively(rest, [])
  return name.length > 0 && (sign === '?' || sign === name[0]) && matchesNaively(rest, name.slice(1))
}

test('S-GLOB-01 a glob covers the whole name: * any run, ? one character', () => {
  const characters = (extra: readonly string[]): fc.Arbitrary<string[]> =>
    fc.array(fc.constantFrom('a', 'b', '-', '.', 'é', '😀', '[', '\\', ...extra), { maxLength: 8 })
  const property = fc.property(characters(['*', '?', '*']), characters(['*']), (glob, name) => {
    assert.equal(compileGlob(glob.join(''))(name.join('')), matchesNaively(glob, name))
  })
  fc.assert(property, { numRuns: 3000 })
  assert.equal(compileGlob('api-*')('api-7d9f-x2x'), true)
  assert.equal(compileGlob('api')('api-7d9f'), false)
  assert.equal(compileGlob('*')(''), true)
  assert.equal(compileGlob('')('a'), false)
})

test('S-GLOB-02 only * and ? are special', () => {
  assert.equal(isLiteralGlob('kube.system[0]{a}\\+'), true)
  assert.equal(isLiteralGlob('a*'), false)
  assert.equal(isLiteralGlob('a?'), false)
})

test('S-GLOB-03 many stars over a long name take no time', () => {
  const startedMs = performance.now()
  assert.equal(compileGlob(`${'*a'.repeat(100)}b`)('a'.repeat(5000)), false)
  assert.ok(performance.now() - startedMs < 1000)
})
