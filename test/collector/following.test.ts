/** Following one container's files through rotation, truncation, restarts of the container and of the collector. */

import assert from 'node:assert/strict'
import test from 'node:test'
import { attribute } from '../../src/model/entry.ts'
import { NodeFolder, stream } from './node-folder.ts'

async function withNode(body: (node: NodeFolder) => Promise<void>, node = new NodeFolder()): Promise<void> {
  try {
    await body(node)
  } finally {
    node.close()
  }
}

test('S-COL-01 lines of a plain CRI file arrive once, in order, with time and iostream', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('one'), node.line('two', 'F', 'stderr'))
    await node.pass()
    node.append('0.log', node.line('three'))
    await node.pass()
    await node.pass()
    assert.deepEqual(node.writer.texts(`${stream}/0`), ['one', 'two', 'three'])
    const [one, two] = node.writer.entries()
    assert.deepEqual([one?.ns, one?.attributes, two?.attributes], [1000, 0, attribute.stderr])
  }))

test('S-COL-02 what was committed is not read again after a kill, what was not is', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('one'))
    await node.pass()
    node.append('0.log', node.line('two'))
    await node.step()
    node.kill()
    await node.pass()
    node.append('0.log', node.line('three'))
    await node.pass()
    assert.deepEqual(node.writer.texts(), ['one', 'two', 'three'])
  }))
