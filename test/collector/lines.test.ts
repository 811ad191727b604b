/**
 * What becomes of bytes: fragments, long lines, malformed ones, clocks, and what commits say of unfinished
 * lines.
 */

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

const { clock, cut, malformed, stderr, unfinished } = attribute
const rowsOf = (node: NodeFolder): unknown[] =>
  node.writer.entries().map(({ text, attributes }) => [text, attributes])

test('F39 F65 F66 fragments of stdout and stderr are joined apart, with the time of the first', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('a', 'P'), node.line('x', 'P', 'stderr'), node.line('b', 'P'))
    node.append('0.log', node.line('y', 'F', 'stderr'), node.line('c', 'F'))
    await node.pass()
    assert.deepEqual(
      node.writer.entries().map(({ text, attributes, ns }) => [text, attributes, ns]),
      [
        ['xy', stderr, 2000],
        ['abc', 0, 1000],
      ],
    )
  }))

test('F40 F43 F44 fragments are joined over rotations, pauses and kills, and stored once', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('a', 'P'))
    await node.pass(70_000)
    node.kill()
    await node.pass()
    node.append('0.log', node.line('b', 'P'))
    node.rename('0.log', '0.log.20261122-101112')
    node.append('0.log')
    await node.pass(4000)
    assert.deepEqual(
      node.writer.fragments.map(({ bytes }) => String(bytes)),
      ['a', 'b'],
    )
    node.kill()
    node.append('0.log', node.line('c', 'F'), node.line('d'))
    await node.pass(4000)
    assert.deepEqual(node.writer.texts(), ['abc', 'd'])
    assert.deepEqual(node.writer.fragments, [])
  }))

test('F45 endless fragments come out in flagged pieces at the cap; memory and store keep only the rest', () =>
  withNode(
    async (node) => {
      for (let index = 0; index < 10; index += 1) {
        node.append('0.log', node.line('0123456789'.repeat(3), 'P'))
        await node.pass()
      }
      const held = node.writer.fragments.reduce((sum, { bytes }) => sum + bytes.length, 0)
      assert.ok(held <= 100)
      node.kill()
      node.append('0.log', node.line('end'), node.line('next'))
      await node.pass()
      const entries = node.writer.entries()
      assert.equal(
        entries
          .slice(0, -1)
          .map(({ text }) => text)
          .join(''),
        `${'0123456789'.repeat(30)}end`,
      )
      assert.deepEqual(
        entries.map(({ text, attributes }) => [text.length, attributes]),
        [
          [100, cut],
          [100, cut],
          [100, cut],
          [3, cut],
          [4, 0],
        ],
      )
      assert.deepEqual(node.writer.fragments, [])
    },
    new NodeFolder({ lineBytesMax: 100 }),
  ))

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

test('F48 F49 a physical line longer than a read is one entry up to the cap, also over a kill', () =>
  withNode(async (node) => {
    const long = 'x'.repeat(700_000)
    const line = node.line(long)
    node.append('0.log', line.slice(0, 400_000))
    await node.pass()
    node.kill()
    await node.pass()
    node.append('0.log', line.slice(400_000), node.line('next'))
    await node.pass()
    assert.deepEqual(
      node.writer.entries().map(({ text, attributes }) => [text.length, attributes]),
      [
        [700_000, 0],
        [4, 0],
      ],
    )
  }))

test('F48 above the cap a long physical line comes in pieces, the next line is intact', () =>
  withNode(async (node) => {
    const long = Array.from({ length: 400_000 }, (_, index) => String(index % 10_000).padStart(6, '.')).join(
      '',
    )
    node.append('0.log', node.line(long, 'F', 'stderr'), node.line('next'))
    await node.pass()
    const entries = node.writer.entries()
    const pieces = entries.slice(0, -1)
    assert.equal(pieces.map(({ text }) => text).join(''), long)
    assert.deepEqual(new Set(pieces.map(({ attributes }) => attributes)), new Set([cut | stderr]))
    assert.ok(pieces.every(({ text }) => text.length <= 1024 * 1024))
    assert.deepEqual(rowsOf(node).at(-1), ['next', 0])
  }))

test('F48 a long line that is no log line comes out whole, in flagged pieces', () =>
  withNode(async (node) => {
    const long = 'no log line '.repeat(60_000)
    node.append('0.log', `${long}\n`, node.line('next'))
    await node.pass()
    const entries = node.writer.entries()
    assert.equal(
      entries
        .slice(0, -1)
        .map(({ text }) => text)
        .join(''),
      long,
    )
    assert.ok(entries.slice(0, -1).every(({ attributes }) => attributes === (cut | malformed)))
    assert.deepEqual(rowsOf(node).at(-1), ['next', 0])
  }))

test('F52 F60 F61 lines that are neither CRI nor Docker are stored whole; formats may mix', () =>
  withNode(async (node) => {
    node.append(
      '0.log',
      'first\n',
      node.line('a'),
      '{"log":"b\\n","stream":"stderr","time":"2026-11-22T10:11:12Z"}\n',
    )
    node.append('0.log', '{"log":\n', node.line('c'))
    await node.pass()
    assert.deepEqual(rowsOf(node), [
      ['first', malformed],
      ['a', 0],
      ['b', stderr],
      ['{"log":', malformed],
      ['c', 0],
    ])
    assert.ok(Math.abs((node.writer.entries()[0]?.sec ?? 0) - node.now / 1000) < 5)
    assert.equal(node.core.status().linesMalformed, 2)
  }))

test('F53 F54 F55 F56 all bytes of a line are stored as they are, carriage returns too', () =>
  withNode(async (node) => {
    const odd = 'a\0b\xff\xfe\x0b\x0c\x85\xe2\x80\xa8 c\r\r'
    node.append('0.log', node.line(odd), node.line(''), node.line('\r'))
    await node.pass()
    assert.deepEqual(node.writer.texts(), [odd, '', '\r'])
  }))

test('F68 times that are far off are kept and flagged', () =>
  withNode(async (node) => {
    node.append(
      '0.log',
      '2999-01-01T00:00:00Z stdout F a\n',
      '0001-01-01T00:00:00Z stdout F b\n',
      node.line('c'),
    )
    await node.pass()
    assert.deepEqual(rowsOf(node), [
      ['a', clock],
      ['b', clock],
      ['c', 0],
    ])
  }))

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

test('F41 F42 what never ended comes out when its files are gone, also while nobody looked', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('begun', 'P'))
    await node.pass()
    node.core.close()
    fs.rmSync(path.dirname(node.container), { recursive: true })
    node.kill()
    await node.pass(10_000)
    assert.deepEqual(rowsOf(node), [['begun', unfinished]])
    assert.deepEqual(node.writer.fragments, [])
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
