/** Faults of Kubernetes' names, F93 to F100: folders and links as kubelets make them, answers over HTTP. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { Entry } from '../support/client.ts'
import { type FaultNode, withFaultNode } from '../support/fault-node.ts'

/** Writes to a log anywhere below the log root. */
function writeLog({ node }: FaultNode, file: string, ...texts: readonly string[]): void {
  const place = path.join(node.root, file)
  fs.mkdirSync(path.dirname(place), { recursive: true })
  fs.appendFileSync(place, texts.map((text) => node.line(text)).join(''))
}

const labelsOf = ({ namespace, pod, podUid, container, restart, line }: Entry): unknown[] => [
  namespace,
  pod,
  podUid,
  container,
  restart,
  line,
]

test('F93 pod names with dots and the longest that there are, namespaces and containers with dashes', () =>
  withFaultNode(async (fault) => {
    const uid = '0f8b41d2-7a52-4d8e-9c55-61b2f0a4c001'
    // 255 bytes are the longest name of a folder.
    const longest = `p${'.x'.repeat(103)}`
    writeLog(fault, `kube-system_dns-7.1-x.y_${uid}/side-car/0.log`, 'a')
    writeLog(fault, `my-shop_${longest}_${uid}/app/0.log`, 'b')
    await fault.node.pass(4000)
    assert.deepEqual((await fault.entries()).map(labelsOf), [
      ['kube-system', 'dns-7.1-x.y', uid, 'side-car', 0, 'a'],
      ['my-shop', longest, uid, 'app', 0, 'b'],
    ])
    assert.deepEqual(await fault.texts({ pod: 'dns-7.1-*' }), ['a'])
  }))

test('F94 a link whose name was cut gives the labels of the folder that it leads to', () =>
  withFaultNode(async (fault) => {
    const { node } = fault
    const flat = path.join(node.base, 'containers')
    fs.mkdirSync(flat)
    node.allow([node.root, flat], flat)
    const pod = `api-${'x'.repeat(180)}`
    const folder = `shop_${pod}_uid-9`
    writeLog(fault, `${folder}/the-container/2.log`, 'a')
    const name = `${pod}_shop_the-container-${'c'.repeat(64)}`.slice(0, 251)
    assert.ok(!name.endsWith('c'.repeat(64)), 'the name is cut')
    fs.symlinkSync(path.join(node.root, folder, 'the-container', '2.log'), path.join(flat, `${name}.log`))
    await node.pass(5000)
    assert.deepEqual((await fault.entries()).map(labelsOf), [['shop', pod, 'uid-9', 'the-container', 2, 'a']])
  }))

test('F95 a static pod is known by the uid in its folder’s name, whatever it looks like, and comes back as itself', () =>
  withFaultNode(async (fault) => {
    const hash = '1b5c1a9e0f1d4c6b8a7e6d5c4b3a2918'
    const etcd = `kube-system_etcd-n1_${hash}`
    writeLog(fault, `${etcd}/etcd/0.log`, 'a')
    writeLog(fault, 'kube-system_odd-n1_set by hand/app/0.log', 'b')
    await fault.node.pass(4000)
    // The manifest is taken away and put back unchanged: the same folder again.
    fs.rmSync(path.join(fault.node.root, etcd), { recursive: true })
    await fault.node.pass(10_000)
    writeLog(fault, `${etcd}/etcd/0.log`, 'c')
    await fault.node.pass(4000)
    assert.deepEqual((await fault.entries()).map(labelsOf), [
      ['kube-system', 'etcd-n1', hash, 'etcd', 0, 'a'],
      ['kube-system', 'odd-n1', 'set by hand', 'app', 0, 'b'],
      ['kube-system', 'etcd-n1', hash, 'etcd', 0, 'c'],
    ])
    assert.equal((await fault.gaps()).length, 0)
  }))

test('F96 after a restart of the container both logs are read, the old one to its end, each under its number', () =>
  withFaultNode(async ({ node, entries }) => {
    node.append('0.log', node.line('a'))
    await node.pass()
    node.append('0.log', node.line('b'))
    node.append('1.log', node.line('c'))
    await node.pass(500)
    node.append('0.log', node.line('late'), node.line('never ended', 'P'))
    await node.pass(5000)
    node.kill()
    await node.pass(5000)
    assert.deepEqual(
      (await entries()).map(({ restart, line }) => [restart, line]),
      [
        [0, 'a'],
        [0, 'b'],
        [1, 'c'],
        [0, 'late'],
        [0, 'never ended'],
      ],
    )
  }))

test('F97 a number that is used again after a reboot: what is appended goes on, what is begun anew is read whole', () =>
  withFaultNode(async ({ node, texts, gaps }) => {
    node.append('0.log', node.line('a'))
    node.append('1.log', node.line('b'))
    await node.pass(4000)
    node.core.close()
    node.append('0.log', node.line('after the reboot'))
    fs.truncateSync(node.file('1.log'))
    node.append('1.log', node.line('anew'), node.line('and longer than before'))
    node.kill()
    await node.pass(40_000)
    assert.deepEqual(await texts({ restart: 0 }), ['a', 'after the reboot'])
    assert.deepEqual(await texts({ restart: 1 }), ['b', 'anew', 'and longer than before'])
    // What came to the second one between the last look and the reboot is not known.
    assert.deepEqual(
      (await gaps()).map(({ restart }) => restart),
      [1],
    )
  }))

test('F98 numbers jump, 10 comes after 9, and names that are none are left alone', () =>
  withFaultNode(async ({ node, entries }) => {
    const foreign = ['previous.log', '01.log', '-1.log', '1e3.log', '.log', '7.log.swp', '7.log.bak', '7.txt']
    for (const name of foreign) node.append(name, node.line(`foreign ${name}`))
    node.append('9.log', node.line('nine'), node.line('never ended', 'P'))
    node.append('10.log', node.line('ten'))
    node.append('4321.log', node.line('far'), node.line('goes on', 'P'))
    await node.pass(5000)
    const found = (await entries()).map(({ restart, line, flags }) => [restart, line, ...flags])
    assert.deepEqual(found, [
      [9, 'nine'],
      [9, 'never ended', 'unfinished'],
      [10, 'ten'],
      [4321, 'far'],
    ])
  }))

test('F99 a pod of the same name with another uid is another stream; the old one is still read to its end', () =>
  withFaultNode(async (fault) => {
    const { node } = fault
    writeLog(fault, 'shop_db-0_uid-old/db/0.log', 'a')
    await node.pass()
    writeLog(fault, 'shop_db-0_uid-old/db/0.log', 'last words')
    fs.rmSync(path.join(node.root, 'shop_db-0_uid-old'), { recursive: true })
    writeLog(fault, 'shop_db-0_uid-new/db/0.log', 'b')
    await node.pass(5000)
    assert.deepEqual(
      (await fault.entries()).map(({ podUid, line }) => [podUid, line]),
      [
        ['uid-old', 'a'],
        ['uid-old', 'last words'],
        ['uid-new', 'b'],
      ],
    )
  }))

test('F100 init, side and debug containers are containers like others', () =>
  withFaultNode(async (fault) => {
    const names = ['init-schema', 'istio-proxy', 'debugger-x7k2p', 'app']
    for (const name of names) writeLog(fault, `shop_api_uid-1/${name}/0.log`, `of ${name}`)
    await fault.node.pass(4000)
    assert.deepEqual(
      (await fault.entries()).map(({ container, line }) => [container, line]),
      names.map((name) => [name, `of ${name}`]),
    )
  }))
