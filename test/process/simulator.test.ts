/** Checks the simulated node itself: what a simple reader makes of its files is what it says it wrote. */

import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { after, test } from 'node:test'
import { gunzipSync } from 'node:zlib'

import type { LogFormat } from '../support/container-simulator.ts'
import {
  criRecord,
  cutPieces,
  decodeAsGo,
  formatConmonTime,
  formatGoTime,
  parseNanos,
} from '../support/log-formats.ts'
import { createNode, type SimulatedNode } from '../support/node-simulator.ts'
import { createRandom } from '../support/random.ts'
import { createWorkload } from '../support/workload.ts'

const nodes: SimulatedNode[] = []

function newNode(format: LogFormat): SimulatedNode {
  const node = createNode({ format, seed: 7 })
  nodes.push(node)
  return node
}

after(() => {
  for (const node of nodes) node.remove()
})

type Read = { readonly stream: string; readonly time: bigint; readonly text: string; readonly ended: boolean }

/** Reads one instance's generations oldest first, joining pieces by iostream. */
function readInstance(folder: string, restart: number, format: LogFormat): Read[] {
  const live = `${restart}.log`
  const rotated = fs.readdirSync(folder).filter((name) => name.startsWith(`${live}.`))
  if (format === 'docker') {
    const target = fs.realpathSync(path.join(folder, live))
    const numbers = [4, 3, 2, 1].filter((number) => fs.existsSync(`${target}.${number}`))
    return readRecords(
      [...numbers.map((number) => fs.readFileSync(`${target}.${number}`)), fs.readFileSync(target)],
      format,
    )
  }
  const bytes = [...rotated.toSorted(), live].map((name) => {
    const content = fs.readFileSync(path.join(folder, name))
    return name.endsWith('.gz') ? gunzipSync(content) : content
  })
  return readRecords(bytes, format)
}

function readRecords(files: readonly Buffer[], format: LogFormat): Read[] {
  const open = new Map<string, { time: bigint; parts: Buffer[] }>()
  const lines: Read[] = []
  const records = Buffer.concat(files).toString('latin1').trimEnd().split('\n')
  for (const record of records) {
    const { stream, time, part, isLast } = format === 'docker' ? parseDocker(record) : parseCri(record)
    const line = open.get(stream) ?? { time, parts: [] }
    line.parts.push(part)
    open.set(stream, line)
    if (!isLast) continue
    open.delete(stream)
    lines.push({ stream, time: line.time, text: Buffer.concat(line.parts).toString(), ended: true })
  }
  for (const [stream, { time, parts }] of open) {
    lines.push({ stream, time, text: Buffer.concat(parts).toString(), ended: false })
  }
  return lines
}

function parseCri(record: string) {
  const [, time = '', stream = '', tag, content = ''] =
    /^(\S+) (stdout|stderr) ([PF]) (.*)$/s.exec(record) ?? []
  return { stream, time: parseNanos(time), part: Buffer.from(content, 'latin1'), isLast: tag === 'F' }
}

function parseDocker(record: string) {
  const { log, stream, time } = JSON.parse(Buffer.from(record, 'latin1').toString())
  const isLast = log.endsWith('\n')
  return { stream, time: parseNanos(time), part: Buffer.from(isLast ? log.slice(0, -1) : log), isLast }
}

for (const format of ['containerd', 'conmon', 'docker'] as const) {
  test(`S-SIM-01 a plain reader of the ${format} files finds the simulator's own list`, () => {
    const node = newNode(format)
    const workload = createWorkload({
      node,
      random: createRandom(11),
      containers: 4,
      // Three rotations at most: nothing is deleted before it is read here.
      rotateMs: [300, 400],
      restartMs: [100_000, 100_000],
      deleteAfterMs: null,
    })
    for (let ms = 0; ms < 1000; ms += 10) workload.step(ms, 20)
    for (const pod of node.pods()) for (const container of pod.containers) container.exit()
    assert.ok(workload.counts().rotations >= 8)
    for (const pod of node.pods()) {
      for (const container of pod.containers) {
        const found = readInstance(path.dirname(container.livePath), 0, format)
        const wanted = node.written.filter(
          ({ podUid, container: name }) => podUid === pod.uid && name === container.name,
        )
        for (const iostream of ['stdout', 'stderr']) {
          assert.deepEqual(
            found
              .filter(({ stream }) => stream === iostream)
              .map(({ time, text, ended }) => [time, text, ended]),
            wanted
              .filter(({ stream }) => stream === iostream)
              .map(({ time, line, unfinished }) => [parseNanos(time), line, !unfinished])
              // A late line stands in the older file, so before what went to the new one.
              .toSorted((a, b) => Number((a[0] as bigint) - (b[0] as bigint))),
          )
        }
      }
    }
  })
}

test('S-SIM-02 rotation leaves one plain file, older ones compressed, five in all; a restart keeps one dead instance', () => {
  const node = newNode('containerd')
  const pod = node.startPod({ namespace: 'shop', pod: 'api', containers: ['main'] })
  const container = pod.container('main')
  const folder = path.dirname(container.livePath)
  for (let round = 0; round < 7; round += 1) {
    container.write('stdout', `round ${round}`)
    container.rotate()
  }
  const names = fs.readdirSync(folder).toSorted()
  assert.equal(names.length, 5)
  assert.equal(names.filter((name) => name.endsWith('.gz')).length, 3)
  assert.match(names.at(-1) ?? '', /^0\.log\.\d{8}-\d{6}$/)
  container.restart()
  container.restart()
  assert.deepEqual(fs.readdirSync(folder).toSorted(), ['1.log', '2.log'])
  assert.equal(fs.readdirSync(node.containersRoot).length, 3)
  pod.delete()
  assert.deepEqual(fs.readdirSync(node.podsRoot), [])
  assert.deepEqual(fs.readdirSync(node.containersRoot), [])
})

test('S-SIM-03 times and pieces have the form in which runtimes write them', () => {
  const time = parseNanos('2026-11-22T10:11:12.12Z')
  assert.equal(formatGoTime(time), '2026-11-22T10:11:12.12Z')
  assert.equal(formatGoTime(time, 330), '2026-11-22T15:41:12.12+05:30')
  assert.equal(formatGoTime(parseNanos('2026-11-22T10:11:12Z')), '2026-11-22T10:11:12Z')
  assert.equal(formatConmonTime(time), '2026-11-22T10:11:12.120000000+00:00')
  assert.deepEqual(
    cutPieces(Buffer.alloc(16_384)).map(({ length }) => length),
    [16_384],
  )
  assert.deepEqual(
    cutPieces(Buffer.alloc(32_768)).map(({ length }) => length),
    [16_384, 16_384],
  )
  assert.deepEqual(
    cutPieces(Buffer.alloc(16_385)).map(({ length }) => length),
    [16_384, 1],
  )
  assert.equal(criRecord('T', 'stderr', 'F', Buffer.alloc(0)).toString(), 'T stderr F \n')
  assert.equal(decodeAsGo(Buffer.from('aé漢').subarray(0, 5)), 'aé\ufffd\ufffd')
})
