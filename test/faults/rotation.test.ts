/** Faults of rotation, F01 to F20: real files, a real database, answers over HTTP. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withFaultNode } from '../support/fault-node.ts'

test('F01 what was written before a rename and after it is found once, in order', () =>
  withFaultNode(async ({ node, texts }) => {
    node.append('0.log', node.line('one'))
    await node.pass()
    node.append('0.log', node.line('two'))
    node.rename('0.log', '0.log.20261122-101112')
    node.append('0.log', node.line('three'))
    await node.pass(3_000)
    assert.deepEqual(await texts(), ['one', 'two', 'three'])
    node.kill()
    await node.pass(3_000)
    assert.deepEqual(await texts(), ['one', 'two', 'three'])
  }))
