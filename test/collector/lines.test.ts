/** What becomes of lines and of the folders that hold them: the cap, levels, foreign names, namespaces. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { attribute, levelNames } from '../../src/model/entry.ts'
import { NodeFolder, stream } from './node-folder.ts'

async function withNode(body: (node: NodeFolder) => Promise<void>, node = new NodeFolder()): Promise<void> {
  try {
    await body(node)
  } finally {
    node.close()
  }
}

const { cut, unfinished } = attribute

test('S-COL-30 a line of exactly the cap is whole, one byte more is cut', () =>
  withNode(
    async (node) => {
      node.append('0.log', node.line('x'.repeat(100)), node.line('y'.repeat(101)))
      await node.pass()
      assert.deepEqual(
        node.writer.entries().map(({ text, attributes }) => [text.length, attributes]),
        [
          [100, 0],
          [100, cut],
          [1, cut],
        ],
      )
    },
    new NodeFolder({ lineBytesMax: 100 }),
  ))

test('S-COL-31 continuation lines take the level of the line before in their iostream, over kills too', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('ERROR it broke'), node.line('INFO fine', 'F', 'stderr'))
    await node.pass()
    node.kill()
    node.append('0.log', node.line('\tat com.example.Main.run(Main.java:1)'))
    await node.pass()
    const levels = node.writer.entries().map(({ level }) => levelNames[level])
    assert.deepEqual(levels, ['error', 'info', 'error'])
  }))

test('F88 F98 folders and foreign names are passed over; numbers are compared as numbers', () =>
  withNode(async (node) => {
    fs.mkdirSync(node.file('3.log'))
    fs.writeFileSync(node.file('previous.log'), node.line('foreign'))
    node.append('9.log', node.line('nine').trimEnd())
    node.append('10.log', node.line('ten'))
    await node.pass(4000)
    assert.deepEqual(
      node.writer.entries().map((line) => [line.stream, line.text, line.attributes]),
      [
        [`${stream}/10`, 'ten', 0],
        [`${stream}/9`, 'nine', unfinished],
      ],
    )
  }))

test('S-COL-32 namespaces are chosen by globs, and positions outlive a time of exclusion', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('a'))
    const other = path.join(node.root, 'kube-system_dns_uid-3', 'app')
    fs.mkdirSync(other, { recursive: true })
    fs.writeFileSync(path.join(other, '0.log'), node.line('dns'))
    await node.pass()
    assert.deepEqual(node.writer.texts().toSorted(), ['a', 'dns'])
    node.choose(['*'], ['kube-*'])
    fs.appendFileSync(path.join(other, '0.log'), node.line('not wanted yet'))
    await node.pass(40_000)
    assert.deepEqual(node.writer.texts().toSorted(), ['a', 'dns'])
    node.choose(['shop', 'kube-*'], [])
    await node.pass(4000)
    assert.deepEqual(node.writer.texts().toSorted(), ['a', 'dns', 'not wanted yet'])
  }))

test('F90 an empty log root is taken for a mount that is still to come', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('a'))
    await node.pass()
    node.core.close()
    fs.renameSync(node.root, `${node.root}-away`)
    fs.mkdirSync(node.root)
    node.kill()
    await node.pass(60_000)
    fs.rmdirSync(node.root)
    fs.renameSync(`${node.root}-away`, node.root)
    node.append('0.log', node.line('b'))
    await node.pass(4000)
    assert.deepEqual(node.writer.texts(), ['a', 'b'])
  }))
