/** The guess at what a mistyped name meant. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearestName } from '../../src/model/nearest-name.ts'

test('S-NEAR-01 the nearest name is found over replaced, missing, added and swapped letters, or none is offered', () => {
  const known = ['namespace', 'pod', 'container', 'since']
  assert.equal(nearestName('namespcae', known), 'namespace')
  assert.equal(nearestName('Pods', known), 'pod')
  assert.equal(nearestName('conainer', known), 'container')
  assert.equal(nearestName('sinec', known), 'since')
  assert.equal(nearestName('zzzzzzzz', known), null)
  assert.equal(nearestName('', ['abc']), null)
  assert.equal(nearestName('x'.repeat(10_000), known), null)
})
