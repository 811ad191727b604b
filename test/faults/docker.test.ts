/**
 * Faults of Docker's json-file lines, F71 to F76: a real file behind kubelet's link, a real database, answers
 * over HTTP.
 */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { NodeFolder } from '../collector/node-folder.ts'
import type { Entry } from '../support/client.ts'
import { type FaultNode, withFaultNode } from '../support/fault-node.ts'

const id = 'c'.repeat(64)
/** Where Docker cuts, in bytes of what the container has written. */
const partBytes = 16_384

type DockerNode = FaultNode & {
  /** Appends to Docker's file, byte for byte. */
  readonly append: (...lines: (string | Buffer)[]) => void
  /** A line as Docker writes it: Go's JSON, which escapes `<`, `>`, `&`, U+2028 and U+2029 too. */
  readonly line: (log: string, stream?: string, time?: string) => string
}

function withDocker(work: (docker: DockerNode) => Promise<void>): Promise<void> {
  return withFaultNode(async (fault) => {
    const { node } = fault
    const folder = path.join(node.base, 'docker', id)
    const file = path.join(folder, `${id}-json.log`)
    fs.mkdirSync(folder, { recursive: true })
    fs.symlinkSync(file, node.file('0.log'))
    node.allow([node.root, path.join(node.base, 'docker')])
    await work({
      ...fault,
      append: (...lines) => {
        for (const line of lines) fs.appendFileSync(file, line)
      },
      line: (log, stream = 'stdout', time = node.time()) =>
        `${JSON.stringify({ log, stream, time }).replace(/[<>&\u2028\u2029]/g, escaped)}\n`,
    })
  })
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

const told = (entries: readonly Entry[]): unknown[] => entries.map(({ line, flags }) => [line, ...flags])
const record = (node: NodeFolder, json: string): string =>
  `{"log":${json},"stream":"stdout","time":"${node.time()}"}\n`

async function rawOf({ get }: FaultNode): Promise<string> {
  return String(await get('/logs?format=raw&direction=forward&limit=5000'))
}

test('F71 escapes are decoded once, exactly; half a surrogate pair is the sign of a lost character', () =>
  withDocker(async (docker) => {
    const { node, append, entries } = docker
    const texts = [
      '<a href="x">&amp;</a>',
      'say \\"hi\\" C:\\\\new\\table',
      'ls \u2028 ps \u2029',
      'tab \t cr \r bell \u0007 nul \0 esc \u001b[31m',
      '€ 😀 é',
      '\\u003c stays',
      '/',
      '',
    ]
    append(...texts.map((text) => docker.line(`${text}\n`)))
    append(
      record(node, '"\\ud83d\\ude00 \\uD83D\\uDE00 \\/ \\b\\f\\u0041\\n"'),
      record(node, '"half \\ud83d end\\n"'),
      record(node, '"other \\ude00\\ud83d\\u000a"'),
      record(node, '"twice \\\\n\\\\u0041\\n"'),
    )
    const more = ['😀 😀 / \b\fA', 'half \ufffd end', 'other \ufffd\ufffd', 'twice \\n\\u0041']
    await node.pass(4_000)
    assert.deepEqual(
      told(await entries()),
      [...texts, ...more].map((text) => [text]),
    )
    assert.equal(await rawOf(docker), [...texts, ...more].map((text) => `${text}\n`).join(''))
  }))

test('F72 keys in any order, missing ones and attrs of any kind: the line is read', () =>
  withDocker(async ({ node, append, entries }) => {
    const time = (): string => `"time":"${node.time()}"`
    append(
      `{${time()},"stream":"stderr","log":"order\\n"}\n`,
      `{"log":"none behind stderr\\n",${time()}}\n`,
      `{"log":"attrs\\n","stream":"stdout","attrs":{"tag":"x","log":"no","n":{"a":[1,"}"]}},${time()}}\n`,
      `{"attrs":{},"log":"attrs first\\n",${time()}}\n`,
      `{"log":"no stream\\n",${time()}}\n`,
      `{ "log" : "spaces\\n" , "stream" : "stdout" , ${time()} }\r\n`,
      `{"log":null,"stream":"stdout",${time()}}\n`,
      `{"stream":"stdout",${time()}}\n`,
      `{"log":"behind two without a log\\n","stream":"stdout",${time()}}\n`,
    )
    const timeless = '{"log":"no time\\n","stream":"stdout"}\n'
    append(timeless)
    await node.pass(4_000)
    const found = await entries()
    assert.deepEqual(
      found.map(({ line, stream, flags }) => [line, stream, ...flags]),
      [
        ['order', 'stderr'],
        ['none behind stderr', 'stdout'],
        ['attrs', 'stdout'],
        ['attrs first', 'stdout'],
        ['no stream', 'stdout'],
        ['spaces', 'stdout'],
        ['behind two without a log', 'stdout'],
        ['no time', 'stdout', 'clock'],
      ],
    )
    assert.ok(Math.abs(Date.parse(found.at(-1)?.time ?? '') - node.now) < 5_000)
  }))

test('F73 a line that a crash has cut is kept whole and flagged; those behind it are fine', () =>
  withDocker(async ({ node, append, line, entries }) => {
    const whole = line('cut\n').trimEnd()
    const cuts = [1, 5, 12, whole.indexOf('stream'), whole.length - 10, whole.length - 1]
    for (const to of cuts) append(`${whole.slice(0, to)}\n`, line(`after ${to}\n`))
    // Cut where the next begins: what cannot be told apart stays together.
    append(whole.slice(0, 20), line('glued\n'), line('last\n'))
    await node.pass(4_000)
    const found = await entries()
    const isOdd = ({ flags }: Entry): boolean => flags.join() === 'malformed'
    assert.deepEqual(
      found.filter((entry) => !isOdd(entry)).map(({ line: text }) => text),
      [...cuts.map((to) => `after ${to}`), 'last'],
    )
    const odd = found.filter(isOdd).map(({ line: text }) => text)
    assert.deepEqual(
      odd.slice(0, -1),
      cuts.map((to) => whole.slice(0, to)),
    )
    assert.ok(odd.at(-1)?.startsWith(whole.slice(0, 20)) && odd.at(-1)?.includes('glued'))
  }))

test('F73 a last line that was cut by a crash and never completed comes out when the file is over', () =>
  withDocker(async ({ node, append, line, entries }) => {
    append(line('a\n'), line('begun, ').trimEnd().slice(0, 25))
    await node.pass(20_000)
    assert.deepEqual(told(await entries()), [['a']])
    const file = fs.readlinkSync(node.file('0.log'))
    fs.renameSync(file, `${file}.1`)
    append(line('b\n'))
    await node.pass(20_000)
    const found = await entries()
    assert.deepEqual(told(found.filter(({ flags }) => flags.length === 0)), [['a'], ['b']])
    assert.deepEqual(
      found.filter(({ flags }) => flags.length > 0).map(({ flags }) => flags),
      [['malformed', 'unfinished']],
    )
  }))

test('F74 parts are joined per iostream up to the line feed, over rotations and kills, at the first’s time', () =>
  withDocker(async (docker) => {
    const { node, append, line, entries } = docker
    const [one, other] = [node.time(), node.time()]
    const x = 'x'.repeat(partBytes)
    append(line(x, 'stdout', one), line('err ', 'stderr', other), line(x, 'stdout', one))
    await node.pass(4_000)
    node.kill()
    const file = fs.readlinkSync(node.file('0.log'))
    fs.renameSync(file, `${file}.1`)
    append(line('or\n', 'stderr'), line('whole\n', 'stderr'), line('end\n', 'stdout'))
    await node.pass(20_000)
    const found = await entries()
    assert.deepEqual(
      found.map(({ line: text, stream, time, flags }) => [text.length, stream, time, ...flags]),
      [
        [2 * partBytes + 3, 'stdout', one],
        [6, 'stderr', other],
        [5, 'stderr', found[2]?.time],
      ],
    )
    assert.deepEqual([found[0]?.line, found[1]?.line], [`${x}${x}end`, 'err or'])
  }))

test('F74 a line as long as a part, and one whose line feed is a part of its own, are one line each', () =>
  withDocker(async ({ node, append, line, entries }) => {
    const x = 'x'.repeat(partBytes)
    append(
      line(`${x}\n`),
      line(x),
      line('\n'),
      line('tab\t'),
      line('end\n'),
      line('no line feed at the exit'),
    )
    await node.pass(4_000)
    node.append('1.log', line('next instance\n'))
    await node.pass(20_000)
    assert.deepEqual(
      (await entries()).map(({ line: text, flags }) => [text.length, ...flags]),
      [[partBytes], [partBytes], [7], [24, 'unfinished'], [13]],
    )
  }))

test('F75 the signs that Docker left of a character on its cut are kept, as many as there are', () =>
  withDocker(async (docker) => {
    const { node, append, line, entries } = docker
    // Of a euro sign two bytes are in the first part, each one sign; the third is alone in the second.
    const text = `${'x'.repeat(partBytes - 2)}\ufffd\ufffd\ufffd${'y'.repeat(20)}`
    append(line(text.slice(0, partBytes)), line(`${text.slice(partBytes)}\n`))
    append(`{"log":"\\ttab \ufffd\\n","stream":"stdout","time":"${node.time()}"}\n`)
    append(`{"log":"escaped \\ufffd\\n","stream":"stdout","time":"${node.time()}"}\n`)
    await node.pass(4_000)
    assert.deepEqual(told(await entries()), [[text], ['\ttab \ufffd'], ['escaped \ufffd']])
    assert.equal(await rawOf(docker), `${text}\n\ttab \ufffd\nescaped \ufffd\n`)
  }))

test('F76 a line of 100 KiB and more, all escapes and with attributes, is read, also over kills in it', () =>
  withDocker(async ({ node, append, entries }) => {
    const part = '\\u0001'.repeat(partBytes)
    const attrs = JSON.stringify(
      Object.fromEntries([...Array(800).keys()].map((key) => [`label ${key}`, 'x'.repeat(60)])),
    )
    const long = `{"log":"${part}","stream":"stdout","attrs":${attrs},"time":"${node.time()}"}\n`
    assert.ok(long.length > 150_000)
    const end = `{"log":"end\\n","stream":"stdout","attrs":${attrs},"time":"${node.time()}"}\n`
    for (let from = 0; from < long.length; from += 60_000) {
      append(long.slice(from, from + 60_000))
      await node.pass(4_000)
      node.kill()
    }
    append(end, `{"log":"next\\n","stream":"stdout","time":"${node.time()}"}\n`)
    await node.pass(4_000)
    const text = `${'\u0001'.repeat(partBytes)}end`
    assert.deepEqual(told(await entries()), [[text], ['next']])
  }))
