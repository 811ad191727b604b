/**
 * Names of directories, files and links as kubelet, conmon and Docker make them, and names that are none of
 * these.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  parseDockerFile,
  parseInstanceFile,
  parseLegacyLink,
  parsePodDirectory,
} from '../../src/collector/pod-path.ts'

const id = '0123456789abcdef'.repeat(4)

test('S-PATH-01 F93 F95 a pod directory is split at its first and its last underscore', () => {
  assert.deepEqual(parsePodDirectory('shop_api-7d9f.x_0f8b-41'), {
    namespace: 'shop',
    pod: 'api-7d9f.x',
    podUid: '0f8b-41',
  })
  assert.deepEqual(parsePodDirectory('a_b_c_d'), { namespace: 'a', pod: 'b_c', podUid: 'd' })
  const name = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?$/)
  fc.assert(
    fc.property(name, name, name, (namespace, pod, podUid) => {
      assert.deepEqual(parsePodDirectory(`${namespace}_${pod}_${podUid}`), { namespace, pod, podUid })
    }),
  )
  for (const other of ['', 'a', 'a_b', '_b_c', 'a__c', 'a_b_', '__', '_'])
    assert.equal(parsePodDirectory(other), null, other)
})

test('S-PATH-02 F96 F98 a file of a container: restart, rotation, compressed or still being written', () => {
  const live = { restart: 0, suffix: '', gzip: false, temporary: false }
  const rotated = { ...live, suffix: '20261122-101112' }
  assert.deepEqual(parseInstanceFile('0.log'), live)
  assert.deepEqual(parseInstanceFile('12.log'), { ...live, restart: 12 })
  assert.deepEqual(parseInstanceFile('0.log.20261122-101112'), rotated)
  assert.deepEqual(parseInstanceFile('0.log.20261122-101112.gz'), { ...rotated, gzip: true })
  assert.deepEqual(parseInstanceFile('0.log.20261122-101112.tmp'), { ...rotated, temporary: true })
  assert.deepEqual(parseInstanceFile('0.log.20261122-101112.gz.tmp'), {
    ...rotated,
    gzip: true,
    temporary: true,
  })
  assert.deepEqual(parseInstanceFile('0.log.tmp'), { ...live, temporary: true })
  assert.deepEqual(parseInstanceFile('0.log.1'), { ...live, suffix: '1' })
  for (const other of [
    '',
    'log',
    '.log',
    'a.log',
    '-1.log',
    '00.log',
    '01.log',
    '1e3.log',
    '0.log.',
    '0.log.gz',
    '0.log.x',
  ])
    assert.equal(parseInstanceFile(other), null, other)
  for (const other of [
    '1234567890.log',
    '0.log.2026112-101112',
    '0.log.20261122-101112.zip',
    '0.log\n',
    'x0.log',
  ])
    assert.equal(parseInstanceFile(other), null, other)
})

test('S-PATH-03 a file of Docker: container, number of rotation, compressed or not', () => {
  assert.deepEqual(parseDockerFile(`${id}-json.log`), { containerId: id, index: 0, gzip: false })
  assert.deepEqual(parseDockerFile('x-json.log.1'), { containerId: 'x', index: 1, gzip: false })
  assert.deepEqual(parseDockerFile('x-json.log.12.gz'), { containerId: 'x', index: 12, gzip: true })
  for (const other of [
    '',
    '-json.log',
    'x.log',
    'x-json.log.0',
    'x-json.log.gz',
    'x-json.log.1.tmp',
    'x-json.logs',
  ])
    assert.equal(parseDockerFile(other), null, other)
})

test('S-PATH-04 F94 a legacy link names the pod first; a name that was cut leaves container and id open', () => {
  assert.deepEqual(parseLegacyLink(`api-7d9f.x_shop_side-car-${id}.log`), {
    pod: 'api-7d9f.x',
    namespace: 'shop',
    container: 'side-car',
    containerId: id,
  })
  const cut = (pod: string) => `${`${pod}_shop_side-car-${id}`.slice(0, 251)}.log`
  for (const length of [178, 200, 240, 243]) {
    const pod = 'p'.repeat(length)
    assert.deepEqual(parseLegacyLink(cut(pod)), {
      pod,
      namespace: 'shop',
      container: null,
      containerId: null,
    })
  }
  const fits = 'p'.repeat(251 - `_shop_side-car-${id}`.length)
  assert.equal(parseLegacyLink(cut(fits))?.container, 'side-car')
  assert.equal(parseLegacyLink(cut(`${fits}p`))?.container, null)
  for (const other of [
    '',
    '.log',
    'a_b_c.log',
    `a_b-${id}.log`,
    `a_b_c-${id}`,
    `a_b_c-${id.slice(1)}.log`,
    cut('p'.repeat(246)),
  ])
    assert.equal(parseLegacyLink(other), null, other)
})
