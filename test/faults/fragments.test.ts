/** Faults of unfinished lines, F36 to F46: real files, a real database, answers over HTTP. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import type { Entry } from '../support/client.ts'
import { type FaultNode, withFaultNode } from '../support/fault-node.ts'

/** Until a file, or an instance, that has a successor is given up to nothing more. */
const drainMs = 4_000
/** What happens only after a pause would have happened by then. */
const longPauseMs = 120_000

const told = (entries: readonly Entry[]): unknown[] => entries.map(({ line, flags }) => [line, ...flags])

/** Bytes up to which the file is read, and its size. */
async function positionOf({ get }: FaultNode, name: string): Promise<[position: number, size: number]> {
  const { files } = JSON.parse(String(await get('/files'))) as {
    files: { path: string; position: number; size: number }[]
  }
  const file = files.find((one) => path.basename(one.path) === name)
  return [file?.position ?? -1, file?.size ?? -1]
}

test('F36 half a line at the end of a file waits however long, and no position goes past it', () =>
  withFaultNode(async (fault) => {
    const { node, texts } = fault
    const whole = node.line('whole')
    const half = node.line('slowly written')
    node.append('0.log', whole, half.slice(0, 10))
    await node.pass(longPauseMs)
    node.append('0.log', half.slice(10, -1))
    await node.pass(longPauseMs)
    assert.deepEqual(await texts(), ['whole'])
    assert.deepEqual(await positionOf(fault, '0.log'), [whole.length, whole.length + half.length - 1])
    node.append('0.log', '\n')
    await node.pass()
    assert.deepEqual(await texts(), ['whole', 'slowly written'])
  }))

test('F37 half a line that is completed after a kill, or while down, is one line', () =>
  withFaultNode(async ({ node, entries }) => {
    const lines = [node.line('one'), node.line('two'), node.line('three')]
    const bytes = lines.join('')
    // Cuts inside a time, a tag, a text, and right before a line feed.
    let from = 0
    for (const to of [7, 40, bytes.indexOf('two') + 1, bytes.indexOf('\n', 60), bytes.length]) {
      node.append('0.log', bytes.slice(from, to))
      await node.pass()
      node.kill()
      await node.pass()
      from = to
    }
    assert.deepEqual(told(await entries()), [['one'], ['two'], ['three']])
  }))

test('F38 half a line whose file is deleted comes out flagged, with or without a header', () =>
  withFaultNode(async ({ node, entries }) => {
    const other = path.join(node.root, 'shop_other_uid-2', 'app', '0.log')
    node.append('0.log', node.line('a'), node.line('half').slice(0, -1))
    fs.writeFileSync(other, '2026-11-22T10:1')
    await node.pass()
    node.remove('0.log')
    fs.rmSync(other)
    await node.pass(5_000)
    node.append('0.log', node.line('b'))
    await node.pass(5_000)
    node.kill()
    await node.pass()
    assert.deepEqual(told(await entries({ pod: 'api' })), [['a'], ['half', 'unfinished'], ['b']])
    assert.deepEqual(told(await entries({ pod: 'other' })), [['2026-11-22T10:1', 'malformed', 'unfinished']])
  }))

test('F39 fragments of stdout and stderr between each other are joined apart, at the time of the first', () =>
  withFaultNode(async ({ node, entries }) => {
    const fragments = [
      node.line('a', 'P'),
      node.line('x', 'P', 'stderr'),
      node.line('b', 'P'),
      node.line('y', 'F', 'stderr'),
      node.line('c', 'F'),
      node.line('z', 'F', 'stderr'),
    ]
    for (const fragment of fragments) {
      node.append('0.log', fragment)
      await node.pass()
    }
    const time = (index: number): string => (fragments[index] as string).split(' ')[0] as string
    assert.deepEqual(
      (await entries()).map((entry) => [entry.line, entry.stream, entry.time]),
      [
        ['abc', 'stdout', time(0)],
        ['xy', 'stderr', time(1)],
        ['z', 'stderr', time(5)],
      ],
    )
  }))

test('F40 a line in fragments is joined over rotations, compressed and unseen ones too', async () => {
  for (const isDown of [false, true]) {
    await withFaultNode(async ({ node, entries, gaps }) => {
      node.append('0.log', node.line('a'), node.line('b', 'P'))
      await node.pass()
      if (isDown) node.core.close()
      for (const [last, name, text] of [
        [null, '0.log.20261122-101112', 'c'],
        ['0.log.20261122-101112', '0.log.20261122-101113', 'd'],
        ['0.log.20261122-101113', '0.log.20261122-101114', 'e'],
      ] as const) {
        if (last !== null) node.gzip(last)
        node.rename('0.log', name)
        node.append('0.log', node.line(text, 'P'))
        if (!isDown) await node.pass(500)
      }
      node.append('0.log', node.line('f'), node.line('g'))
      if (isDown) node.kill()
      await node.pass(3 * drainMs)
      await node.settle()
      assert.deepEqual(told(await entries()), [['a'], ['bcdef'], ['g']], String(isDown))
      assert.deepEqual(await gaps(), [])
    })
  }
})

test('F40 a line in fragments over a rotation is whole also where its instance is over when it is read', () =>
  withFaultNode(async ({ node, entries }) => {
    node.append('0.log', node.line('begun ', 'P'))
    node.rename('0.log', '0.log.20261122-101112')
    node.append('0.log', node.line('and ended'), node.line('a'))
    node.append('1.log', node.line('b'))
    await node.pass(3 * drainMs)
    assert.deepEqual(told(await entries()), [['begun and ended'], ['a'], ['b']])
  }))

test('F41 a fragment without an end comes out when its instance is over, no sooner: a new one has begun', () =>
  withFaultNode(async ({ node, entries }) => {
    node.append('0.log', node.line('a'), node.line('last words', 'P'))
    await node.pass(longPauseMs)
    node.kill()
    await node.pass(longPauseMs)
    assert.deepEqual(told(await entries()), [['a']])
    node.append('1.log', node.line('b'))
    await node.pass(drainMs)
    assert.deepEqual(told(await entries({ restart: 0 })), [['a'], ['last words', 'unfinished']])
    assert.deepEqual(told(await entries({ restart: 1 })), [['b']])
  }))

test('F41 or its files are gone, with their folder or without it, also while nobody looked', async () => {
  for (const [isDown, isFolderGone] of [
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ] as const) {
    await withFaultNode(async ({ node, entries }) => {
      node.append('0.log', node.line('begun', 'P'), node.line('also', 'P', 'stderr'))
      await node.pass()
      if (isDown) node.core.close()
      if (isFolderGone) fs.rmSync(path.dirname(node.container), { recursive: true })
      else node.remove('0.log')
      if (isDown) node.kill()
      const both = [
        ['begun', 'unfinished'],
        ['also', 'unfinished'],
      ]
      await node.pass(10_000)
      assert.deepEqual(told(await entries()), both, `${isDown} ${isFolderGone}`)
      node.kill()
      await node.pass(10_000)
      assert.deepEqual(told(await entries()), both, `${isDown} ${isFolderGone}`)
    })
  }
})

test('F42 a fragment at the end of one instance is not joined with the next one’s first line', async () => {
  for (const isDown of [false, true]) {
    await withFaultNode(async ({ node, entries }) => {
      node.append('0.log', node.line('of the old ', 'P'))
      if (isDown) node.core.close()
      else await node.pass()
      node.append('1.log', node.line('of the new', 'F'))
      if (isDown) node.kill()
      await node.pass(3 * drainMs)
      assert.deepEqual(
        (await entries()).map(({ line, restart, flags }) => [line, restart, ...flags]),
        [
          ['of the old ', 0, 'unfinished'],
          ['of the new', 1],
        ],
      )
    })
  }
})

test('F43 a slow writer’s fragments, minutes apart, are one line', () =>
  withFaultNode(async ({ node, entries }) => {
    const append = (minute: number, tag: string, text: string): void =>
      node.append('0.log', `2026-11-22T10:1${minute}:00Z stdout ${tag} ${text}\n`)
    append(0, 'P', 'work')
    for (const [index, text] of ['ing', ' ... '].entries()) {
      await node.pass(longPauseMs)
      append(1 + index, 'P', text)
    }
    await node.pass(longPauseMs)
    assert.deepEqual(await entries(), [])
    append(9, 'F', 'done')
    await node.pass()
    assert.deepEqual(told(await entries()), [['working ... done']])
  }))

test('F44 kills between fragments, stored and not, give one line once', () =>
  withFaultNode(async ({ node, entries }) => {
    node.append('0.log', node.line('a', 'P'))
    await node.pass()
    node.kill()
    node.append('0.log', node.line('b', 'P'))
    // Read, not stored: to be read again.
    node.core.scan(node.now)
    node.core.poll(node.now, { all: true })
    node.kill()
    await node.pass()
    node.kill()
    node.append('0.log', node.line('c', 'F'))
    node.core.scan(node.now)
    node.core.poll(node.now, { all: true })
    node.kill()
    await node.pass()
    node.append('0.log', node.line('d'))
    await node.pass()
    node.kill()
    await node.pass()
    // Were the fragments still there, they would be part of this.
    node.append('0.log', node.line('e'))
    await node.pass()
    assert.deepEqual(told(await entries()), [['abc'], ['d'], ['e']])
  }))

test('F45 a line that never ends comes out in flagged pieces; each of its bytes is stored as a fragment once', () =>
  withFaultNode(
    async ({ node, dataDir, entries, get }) => {
      const bar = (step: number): string => `\r[${'#'.repeat(step % 80).padEnd(80)}] ${step}`
      const database = new Database(path.join(dataDir, 'logkeep.db'), { readonly: true })
      const written = database.prepare('SELECT id, length(bytes) AS bytes FROM fragment WHERE id > ?')
      const held = database.prepare('SELECT total(length(bytes)) FROM fragment').pluck()
      let expected = ''
      let lastId = 0
      let storedBytes = 0
      for (let round = 0; round < 120; round += 1) {
        const texts = Array.from({ length: 40 }, (_, index) => bar(round * 40 + index))
        expected += texts.join('')
        node.append('0.log', ...texts.map((text) => node.line(text, 'P')))
        await node.pass(500)
        for (const row of written.all(lastId) as { id: number; bytes: number }[]) {
          lastId = row.id
          storedBytes += row.bytes
        }
        assert.ok((held.get() as number) <= capBytes)
        if (round % 50 === 40) node.kill()
      }
      database.close()
      // Behind each cut its rest is stored anew: less than what one round has brought.
      assert.ok(storedBytes < 2 * expected.length, `${storedBytes} of ${expected.length}`)
      node.append('0.log', node.line('end'), node.line('next'))
      await node.pass()
      const found = await entries()
      assert.deepEqual(told(found.slice(-1)), [['next']])
      const pieces = found.slice(0, -1)
      assert.equal(pieces.map(({ line }) => line).join(''), `${expected}end`)
      assert.ok(pieces.length > 5)
      for (const { line, flags } of pieces) {
        assert.deepEqual(flags, ['cut'])
        assert.ok(line.length <= capBytes)
      }
      const raw = String(await get('/logs?format=raw&direction=forward&limit=1000'))
      assert.equal(raw.replaceAll('\n', ''), `${expected}endnext`)
    },
    { collector: { lineBytesMax: capBytes } },
  ))

test('F46 a character that two fragments share is whole: bytes are joined, then read', () =>
  withFaultNode(async ({ node, texts, get }) => {
    const text = `${'x'.repeat(16_383)}€ and 😀${'y'.repeat(16_374)}é`
    const bytes = Buffer.from(text)
    const pieces = [bytes.subarray(0, 16_384), bytes.subarray(16_384, 32_768), bytes.subarray(32_768)]
    for (const [index, piece] of pieces.entries()) {
      node.append('0.log', node.line(piece.toString('latin1'), index === pieces.length - 1 ? 'F' : 'P'))
      await node.pass()
      node.kill()
    }
    await node.pass()
    assert.deepEqual(await texts(), [text])
    assert.deepEqual(await get('/logs?format=raw'), Buffer.concat([bytes, Buffer.from('\n')]))
  }))

/** Small enough that a few hundred kilobytes cross it often. */
const capBytes = 64 * 1024
