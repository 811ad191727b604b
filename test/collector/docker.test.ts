/**
 * Docker's layout: files behind links, rotated by number; and the flat folder of links that kubelet keeps.
 */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { gzipSync } from 'node:zlib'
import { attribute } from '../../src/model/entry.ts'
import { NodeFolder, stream } from './node-folder.ts'

const id = 'c'.repeat(64)

class DockerNode extends NodeFolder {
  readonly docker = path.join(this.base, 'docker', id)
  readonly log = path.join(this.docker, `${id}-json.log`)

  constructor() {
    super()
    fs.mkdirSync(this.docker, { recursive: true })
    fs.symlinkSync(this.log, this.file('0.log'))
  }

  write(text: string, iostream = 'stdout', file = this.log): void {
    fs.appendFileSync(file, `${JSON.stringify({ log: text, stream: iostream, time: this.time() })}\n`)
  }
}

async function withDocker(body: (node: DockerNode) => Promise<void>): Promise<void> {
  const base = new DockerNode()
  base.allow([base.root, path.join(base.base, 'docker')])
  try {
    await body(base)
  } finally {
    base.close()
  }
}

test('S-COL-20 F74 a Docker log is read through its link, its parts joined per iostream', () =>
  withDocker(async (node) => {
    node.write('one\n')
    node.write('tw')
    node.write('err\n', 'stderr')
    node.write('o\n')
    await node.pass(4000)
    assert.deepEqual(
      node.writer.entries(`${stream}/0`).map(({ text, attributes }) => [text, attributes]),
      [
        ['one', 0],
        ['err', attribute.stderr],
        ['two', 0],
      ],
    )
  }))

test('F14 F85 Docker rotation by number moves names, not content; the new file is followed', () =>
  withDocker(async (node) => {
    node.write('a\n')
    await node.pass(4000)
    node.write('b\n')
    fs.renameSync(node.log, `${node.log}.1`)
    node.write('c\n')
    await node.pass(4000)
    fs.renameSync(`${node.log}.1`, `${node.log}.2`)
    fs.renameSync(node.log, `${node.log}.1`)
    node.write('d\n')
    fs.writeFileSync(`${node.log}.2.gz`, gzipSync(fs.readFileSync(`${node.log}.2`)))
    fs.rmSync(`${node.log}.2`)
    await node.pass(6000)
    node.kill()
    await node.pass(6000)
    assert.deepEqual(node.writer.texts(), ['a', 'b', 'c', 'd'])
    assert.deepEqual(node.writer.gaps(), [])
  }))

test('F84 F77 a link that leads nowhere yet is picked up when its target comes', () =>
  withDocker(async (node) => {
    await node.pass(4000)
    node.write('a\n')
    await node.pass(4000)
    assert.deepEqual(node.writer.texts(), ['a'])
  }))

test('F86 F87 links out of the allowed folders, and to themselves, are refused and warned about once', () =>
  withDocker(async (node) => {
    const secret = path.join(node.base, 'secret')
    fs.writeFileSync(secret, node.line('secret'))
    fs.symlinkSync(secret, node.file('1.log'))
    fs.symlinkSync(node.file('2.log'), node.file('2.log'))
    fs.symlinkSync(node.base, node.file('3.log'))
    node.write('a\n')
    await node.pass(4000)
    await node.pass(40_000)
    assert.deepEqual(node.writer.texts(), ['a'])
    assert.deepEqual(node.warnings, ['link_refused', 'link_refused', 'link_refused'])
  }))

test('S-COL-21 F94 the flat folder of links yields the labels of pod folders, rotated files too', async () => {
  const node = new NodeFolder()
  const flat = path.join(node.base, 'containers')
  fs.mkdirSync(flat)
  node.allow([node.root, flat], flat)
  try {
    node.append('0.log', node.line('a'))
    node.rename('0.log', '0.log.20261122-101112')
    node.append('0.log', node.line('b'))
    fs.symlinkSync(node.file('0.log'), path.join(flat, `api_shop_app-${id}.log`))
    await node.pass(5000)
    assert.deepEqual(node.writer.texts(`${stream}/0`), ['a', 'b'])
  } finally {
    node.close()
  }
})

test('S-COL-22 F89 a flat link straight to a Docker file gives labels from its name', () =>
  withDocker(async (node) => {
    const flat = path.join(node.base, 'containers')
    fs.mkdirSync(flat)
    node.allow([flat, path.dirname(node.docker)], flat)
    node.write('a\n')
    fs.symlinkSync(node.log, path.join(flat, `api_shop_app-${id}.log`))
    await node.pass(5000)
    assert.deepEqual(node.writer.texts('shop/api//app/0'), ['a'])
  }))
