/**
 * Faults of lines and their bytes, F47 to F62: real files, a real database, answers over HTTP. Texts are
 * latin1: a character is a byte.
 */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { NodeFolder } from '../collector/node-folder.ts'
import type { Entry } from '../support/client.ts'
import { type FaultNode, withFaultNode } from '../support/fault-node.ts'

const told = (entries: readonly Entry[]): unknown[] => entries.map(({ line, flags }) => [line, ...flags])
const utf8 = (text: string): string => Buffer.from(text).toString('latin1')
const decoded = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8')

/** Bytes of lines oldest first, as `format=raw` gives them. */
async function rawOf({ get }: FaultNode, params = ''): Promise<string> {
  return (await get(`/logs?format=raw&direction=forward&limit=5000${params}`)).toString('latin1')
}

/** Lines are stored and given back byte for byte, in journal and blocks; returns their JSON texts. */
async function storeAndGiveBack(fault: FaultNode, lines: readonly string[]): Promise<string[]> {
  const { node, seal, texts } = fault
  node.append('0.log', ...lines.map((line) => node.line(line)))
  await node.pass()
  const expected = lines.map((line) => `${line}\n`).join('')
  assert.equal(await rawOf(fault), expected)
  const asText = await texts()
  node.kill()
  await node.pass()
  seal()
  assert.equal(await rawOf(fault), expected)
  assert.deepEqual(await texts(), asText)
  assert.deepEqual(
    (await fault.entries()).map(({ flags }) => flags),
    lines.map(() => []),
  )
  return asText
}

/** An unlimited containerd's: one record, whatever its length. */
function longText(bytes: number): string {
  return Array.from({ length: bytes / 8 }, (_, index) => String(index).padStart(8, '.')).join('')
}

test('F47 lines as long as a runtime’s piece, one more, or twice that, are whole, whoever wrote them', () =>
  withFaultNode(async ({ node, entries }) => {
    const x = (length: number): string => 'x'.repeat(length)
    const containerd = [node.line(x(16_384)), node.line(x(16_384), 'P'), node.line('x')]
    const twice = [node.line(x(16_384), 'P'), node.line(x(16_384))]
    const conmon = [node.line(x(8_192), 'P'), node.line('')]
    node.append('0.log', ...containerd, ...twice, ...conmon)
    await node.pass()
    assert.deepEqual(
      (await entries()).map(({ line, flags }) => [line.length, ...flags]),
      [[16_384], [16_385], [32_768], [8_192]],
    )
  }))

test('F48 a physical line above what a read takes is one entry up to the longest, also over kills in it', () =>
  withFaultNode(async (fault) => {
    const { node, entries } = fault
    const text = longText(1024 * 1024)
    const line = node.line(text, 'F', 'stderr')
    for (let from = 0; from < line.length; from += 300_000) {
      node.append('0.log', line.slice(from, from + 300_000))
      await node.pass()
      node.kill()
      await node.pass()
    }
    node.append('0.log', node.line('next'))
    await node.pass()
    assert.equal(await rawOf(fault), `${text}\nnext\n`)
    const [first, second, ...rest] = await entries()
    assert.deepEqual([first?.flags, first?.stream, second?.line, rest], [[], 'stderr', 'next', []])
  }))

test('F48 a longer one comes in flagged pieces, and the next line is intact; no log line likewise', async () => {
  const text = longText(3_000_000)
  for (const flags of [['cut'], ['cut', 'malformed']]) {
    await withFaultNode(async (fault) => {
      const { node, entries } = fault
      node.append('0.log', flags.length === 1 ? node.line(text) : `${text}\n`)
      await node.pass()
      node.append('0.log', node.line('next'))
      await node.pass()
      const found = await entries()
      // What is no log line has the time of its arrival.
      const isNext = ({ line }: Entry): boolean => line === 'next'
      assert.deepEqual(told(found.filter(isNext)), [['next']])
      const pieces = found.filter((entry) => !isNext(entry))
      assert.equal(pieces.map(({ line }) => line).join(''), text)
      for (const piece of pieces) assert.deepEqual(piece.flags, flags)
      assert.ok(pieces.every(({ line }) => line.length <= 1024 * 1024))
    })
  }
})

test('F49 of a line above the cap nothing is left out, its position passes all of it, nothing is read again', () =>
  withFaultNode(
    async (fault) => {
      const { node, entries, get } = fault
      const text = longText(1_000)
      node.append('0.log', node.line(text), node.line('next').slice(0, -1))
      for (let round = 0; round < 3; round += 1) {
        await node.pass()
        node.kill()
      }
      node.append('0.log', '\n')
      await node.pass(30_000)
      const size = fs.statSync(node.file('0.log')).size
      const { files } = JSON.parse(String(await get('/files'))) as { files: { position: number }[] }
      assert.deepEqual(
        files.map(({ position }) => position),
        [size],
      )
      const found = await entries()
      const lengths = [...Array.from({ length: 10 }, () => 100), 4]
      assert.deepEqual(
        found.map(({ line }) => line.length),
        lengths,
      )
      assert.equal(found.map(({ line }) => line).join(''), `${text}next`)
      assert.deepEqual(
        found.map(({ flags }) => flags.join()),
        lengths.map((length) => (length === 100 ? 'cut' : '')),
      )
      const noLine = 'no log line '.repeat(20)
      node.append('0.log', `${noLine}\n`)
      await node.pass()
      const odd = (await entries()).filter(({ flags }) => flags.join() === 'cut,malformed')
      assert.deepEqual([odd.length, odd.map(({ line }) => line).join('')], [3, noLine])
    },
    { collector: { lineBytesMax: 100 } },
  ))

test('F50 empty lines are kept, with and without the space before their content', () =>
  withFaultNode(async (fault) => {
    const { node, entries } = fault
    const header = (): string => `${node.time()} stdout`
    node.append('0.log', `${header()} F \n`, `${header()} F\n`, `${header()} \n`, `${header()}\n`)
    node.append('0.log', `${header()} F  \n`, `${header()} P\n`, `${header()} F\n`)
    await node.pass()
    assert.deepEqual(told(await entries()), [[''], [''], [''], [''], [' '], ['']])
    assert.equal(await rawOf(fault), '\n\n\n\n \n\n')
  }))

test('F51 the first of several tags counts; without a tag, or with one that is none, all is content', () =>
  withFaultNode(async ({ node, entries }) => {
    for (const rest of ['P:x a', 'F:y:z b', 'P:F c', 'F d', 'no tag at all', 'X unknown', 'Fine', 'P99 ms']) {
      node.append('0.log', `${node.time()} stdout ${rest}\n`)
    }
    await node.pass()
    const found = [['ab'], ['cd'], ['no tag at all'], ['X unknown'], ['Fine'], ['P99 ms']]
    assert.deepEqual(told(await entries()), found)
  }))

/** Headers without a head, cut short, glued to the next, and none: all kept whole, at their arrival. */
const torn = [
  'tdout F no head',
  '2026-11-22T10:11:12.0012026-11-22T10:11:12.002Z stdout F two times',
  '2026-11-22T10:11:12.001Z std2026-11-22T10:11:12.002Z stdout F two heads',
  '2026-11-22T10:11:12.001Z stdin F no such stream',
  '2026-11-22T10:11:12.001Z',
  '10:11:12 stderr F no date',
  '',
  ' ',
]

test('F52 lines with torn headers are kept whole and flagged; those between them are fine', () =>
  withFaultNode(async (fault) => {
    const { node, entries, status } = fault
    for (const line of torn) node.append('0.log', `${line}\n`, node.line(`after ${line}`))
    await node.pass()
    const found = await entries()
    assert.deepEqual(
      found.filter(({ flags }) => flags.length === 0).map(({ line }) => line),
      torn.map((line) => `after ${line}`),
    )
    const kept = found.filter(({ flags }) => flags.join() === 'malformed')
    assert.deepEqual(
      kept.map(({ line }) => line),
      torn,
    )
    assert.equal(kept.length + torn.length, found.length)
    for (const { time } of kept) assert.ok(Math.abs(Date.parse(time) - node.now) < 5_000, time)
    assert.equal(status().linesMalformed, torn.length)
  }))

test('F53 carriage returns are stored and given back raw; JSON and text leave one at the end out', () =>
  withFaultNode(async (fault) => {
    const lines = ['dos\r', 'two\r\r', '\r', 'in\rside', '\rbefore', '50%\r100%\r']
    const texts = ['dos', 'two\r', '', 'in\rside', '\rbefore', '50%\r100%']
    assert.deepEqual(await storeAndGiveBack(fault, lines), texts)
    const shown = (await fault.get('/logs?format=text')).toString('latin1')
    const prefix = /^\[pod\/api\/app\] \S+ /
    assert.deepEqual(
      shown.split('\n').map((line) => line.replace(prefix, '')),
      [...texts, ''],
    )
  }))

test('F54 NULs are stored and given back, and what stands behind them is found', () =>
  withFaultNode(async (fault) => {
    const lines = ['a\0b', '\0', '\0\0before', 'after\0\0', `${'\0'.repeat(20_000)}far behind`]
    assert.deepEqual(await storeAndGiveBack(fault, lines), lines)
    assert.equal(await rawOf(fault, '&q=far%20behind'), `${lines.at(-1)}\n`)
    assert.equal(await rawOf(fault, '&q=%22b%22'), `a\0b\n\0\0before\n${lines.at(-1)}\n`)
  }))

test('F54 NULs where reads of a long line meet are stored too: they are no hole', () =>
  withFaultNode(async (fault) => {
    const { node } = fault
    const text = `no log line ${'\0'.repeat(999)}`.repeat(700)
    node.append('0.log', node.line('a'), `${text}\n`, node.line('b'), text)
    await node.pass()
    node.append('1.log', node.line('c'))
    await node.pass(5_000)
    assert.ok((await rawOf(fault, '&restart=0')).replaceAll('\n', '') === `ab${text}${text}`)
  }))

test('F55 bytes that are not UTF-8 are given back raw; JSON replaces them, line by line', () =>
  withFaultNode(async (fault) => {
    const lines = [
      'lone \xff\xfe',
      'cut \xe2\x82',
      'surrogate \xed\xa0\x80',
      'overlong \xc0\xaf',
      'beyond \xf4\x90\x80\x80',
      'latin1 caf\xe9 au lait',
      '\x80',
      utf8('fine €'),
    ]
    const texts = await storeAndGiveBack(fault, lines)
    assert.deepEqual(texts, lines.map(decoded))
    assert.ok(texts.slice(0, -1).every((text) => text.includes('\ufffd')))
    const json = await fault.get('/logs')
    assert.doesNotThrow(() => new TextDecoder('utf-8', { fatal: true }).decode(json))
    const shown = await fault.get('/logs?format=text')
    assert.ok(shown.toString('latin1').includes('latin1 caf\xe9 au lait\n'))
    assert.equal(await rawOf(fault, '&q=au%20lait'), 'latin1 caf\xe9 au lait\n')
  }))

test('F56 what other programs take for the end of a line is content', () =>
  withFaultNode(async (fault) => {
    const lines = [
      'ls \u2028 ps \u2029',
      'vt \v ff \f',
      'nel \u0085',
      'fs \x1c gs \x1d rs \x1e',
      '\u2028',
    ].map(utf8)
    assert.deepEqual(await storeAndGiveBack(fault, lines), lines.map(decoded))
    const ndjson = String(await fault.get('/logs?format=ndjson&direction=forward'))
    const entries = ndjson
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Entry)
    assert.deepEqual(
      entries.slice(0, -1).map(({ line }) => line),
      lines.map(decoded),
    )
    assert.equal(String(await fault.get('/logs?format=text')).split('\n').length, lines.length + 1)
  }))

test('F57 a byte order mark is kept; before a header it costs neither the time nor the next line', () =>
  withFaultNode(async (fault) => {
    const { node, entries } = fault
    const mark = '\xef\xbb\xbf'
    const [first, second] = [node.line('hello'), node.line(`${mark}in the content`)]
    const docker = `{"log":"docker\\n","stream":"stdout","time":"${node.time()}"}\n`
    node.append('0.log', mark, first, second, mark, docker, `${mark}none\n`)
    await node.pass()
    const found = await entries()
    assert.deepEqual(told(found), [
      [`\ufeff${first.slice(0, -1)}`, 'malformed'],
      ['\ufeffin the content'],
      [`\ufeff${docker.slice(0, -1)}`, 'malformed'],
      ['\ufeffnone', 'malformed'],
    ])
    assert.equal(found[0]?.time, first.split(' ')[0])
    assert.equal(await rawOf(fault), `${mark}${first}${mark}in the content\n${mark}${docker}${mark}none\n`)
  }))

test('F57 a file that begins with a byte order mark is read in its order', () =>
  withFaultNode(async ({ node, texts }) => {
    const [first, second, both] = [node.line('first'), node.line('second'), node.time()]
    const names = ['0.log.20261122-101113', '0.log.20261122-101112'] as const
    node.append(names[0], `\xef\xbb\xbf${first}`, `${both} stdout F older\n`)
    node.append(names[1], second, `${both} stdout F newer\n`)
    // Names go by a clock that may be set back, times of change by whoever copied them.
    node.append('0.log')
    await node.pass(10_000)
    assert.deepEqual(await texts({ q: '/^(older|newer)$/' }), ['older', 'newer'])
  }))

test('F58 colours, bells and other control characters are stored and given back', () =>
  withFaultNode(async (fault) => {
    const lines = [
      '\x1b[31mred\x1b[0m',
      '\x1b]0;title\x07',
      '\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\',
      Array.from({ length: 32 }, (_, code) => String.fromCharCode(code))
        .join('')
        .replace('\n', ''),
      '\x7f\b\b',
      utf8('\u009b31m'),
    ]
    assert.deepEqual(await storeAndGiveBack(fault, lines), lines.map(decoded))
    // By itself, and not with its neighbours.
    assert.deepEqual(await fault.texts({ q: 'red' }), lines.slice(0, 1))
  }))

test('F59 content that looks like a header, or like a line of Docker, is content', () =>
  withFaultNode(async (fault) => {
    const lines = [
      '2026-11-22T10:11:12Z stderr P not a fragment',
      '{"log":"not docker\\n","stream":"stderr","time":"2026-11-22T10:11:12Z"}',
      'stdout F x',
      '[pod/other/app] 2026-11-22T10:11:12Z forged',
      '{"kind":"gap"}',
    ]
    assert.deepEqual(await storeAndGiveBack(fault, lines), lines)
    assert.deepEqual(await fault.gaps(), [])
    assert.deepEqual(
      (await fault.entries()).map(({ stream }) => stream),
      lines.map(() => 'stdout'),
    )
  }))

test('F60 a first line of no known form is kept, and the file goes on; so does the order of files', () =>
  withFaultNode(async ({ node, entries }) => {
    const write = (name: string, text: string): void => node.append('0.log', `${name}\n`, node.line(text))
    write('#!/bin/sh', 'a')
    await node.pass()
    node.rename('0.log', '0.log.20261122-101112')
    write('\x1f\x8b\x08 not gzip either', 'b')
    await node.pass(5_000)
    node.kill()
    await node.pass(5_000)
    const found = await entries()
    assert.deepEqual(
      found.filter(({ flags }) => flags.length === 0).map(({ line }) => line),
      ['a', 'b'],
    )
    const odd = found.filter(({ flags }) => flags.join() === 'malformed')
    assert.deepEqual(
      odd.map(({ line }) => line),
      ['#!/bin/sh', decoded('\x1f\x8b\x08 not gzip either')],
    )
  }))

const dockerLine = (node: NodeFolder, log: string, stream = 'stdout'): string =>
  `${JSON.stringify({ log, stream, time: node.time() })}\n`

test('F61 CRI and Docker lines in one file are both read, their fragments too', () =>
  withFaultNode(async ({ node, entries }) => {
    node.append('0.log', dockerLine(node, 'old runtime\n'), dockerLine(node, 'err\n', 'stderr'))
    node.append('0.log', node.line('new runtime'), dockerLine(node, 'old again\n'))
    node.append('0.log', dockerLine(node, 'begun by the old, '), node.line('ended by the new'))
    const other = path.join(node.root, 'shop_other_uid-2', 'app', '0.log')
    fs.writeFileSync(other, `${node.line('the new first')}${dockerLine(node, 'then the old\n')}`)
    await node.pass()
    assert.deepEqual(
      (await entries()).map(({ line, stream, flags }) => [line, stream, ...flags]),
      [
        ['old runtime', 'stdout'],
        ['err', 'stderr'],
        ['new runtime', 'stdout'],
        ['old again', 'stdout'],
        ['begun by the old, ended by the new', 'stdout'],
        ['the new first', 'stdout'],
        ['then the old', 'stdout'],
      ],
    )
  }))

test('F62 positions count bytes of the file, whatever is in the lines: a kill behind each repeats nothing', () =>
  withFaultNode(async (fault) => {
    const { node, get } = fault
    const texts = [
      '€ 😀',
      'dos\r',
      '\xff\xfe',
      'nul\0',
      '',
      '\ufeff',
      'é'.normalize('NFD'),
      '\u2028',
      'end',
    ].map((text) => (/[^\0-\xff]/.test(text) ? utf8(text) : text))
    for (const text of texts) {
      node.append('0.log', node.line(text))
      await node.pass()
      node.kill()
      await node.pass()
      const { files } = JSON.parse(String(await get('/files'))) as {
        files: { path: string; position: number }[]
      }
      const file = files.find((one) => path.basename(one.path) === '0.log')
      assert.equal(file?.position, fs.statSync(node.file('0.log')).size)
    }
    assert.equal(await rawOf(fault), texts.map((text) => `${text}\n`).join(''))
  }))
