/** The log tree as the collector sees it, over real folders: states, lag, errors, pages, text. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import test from 'node:test'
import { LogkeepError } from '../../src/errors.ts'
import { collectorLimits } from '../../src/limits/collector.ts'
import { asOther } from '../support/as-other.ts'
import { fileIn, textOf, tree } from './log-tree.ts'
import { NodeFolder } from './node-folder.ts'

async function withNode(
  body: (node: NodeFolder) => void | Promise<void>,
  node = new NodeFolder(),
): Promise<void> {
  try {
    await body(node)
  } finally {
    node.close()
  }
}

/** Ten files in five pods, one of each namespace. */
function fillPods(node: NodeFolder): void {
  for (let pod = 0; pod < 5; pod += 1) {
    const folder = path.join(node.root, `team-${pod}_web-${pod}_uid-${pod}`, 'app')
    fs.mkdirSync(folder, { recursive: true })
    for (const name of ['0.log', '1.log']) fs.writeFileSync(path.join(folder, name), node.line('one'))
  }
}

test('S-FILES-01 every file is shown with its labels, its size and how far it is read', () =>
  withNode(async (node) => {
    const line = node.line('one')
    node.append('0.log', line)
    await node.pass()
    const { files, next, root, rootError, totals } = tree(node)
    const modified = new Date(Math.floor(fs.statSync(node.file('0.log')).mtimeMs)).toISOString()
    assert.deepEqual(files, [
      {
        path: 'shop_api_uid-1/app/0.log',
        name: '0.log',
        namespace: 'shop',
        pod: 'api',
        podUid: 'uid-1',
        container: 'app',
        restart: 0,
        size: line.length,
        position: line.length,
        lagBytes: 0,
        lagSec: 0,
        state: 'live',
        gzip: false,
        modified,
        error: null,
      },
    ])
    assert.deepEqual([root, rootError, next], [node.root, null, null])
    assert.deepEqual(totals, { files: 1, bytes: line.length, lagBytes: 0 })
  }))

test('S-FILES-02 unread bytes show at once, how long they wait from the next look a second later', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('one'))
    await node.pass()
    node.append('0.log', 'half a line')
    assert.deepEqual([fileIn(tree(node), '0.log').lagBytes, tree(node).totals.lagBytes], [11, 0])
    await node.pass()
    node.core.status()
    node.now += 3000
    const { lagBytes, lagSec, position, size } = fileIn(tree(node), '0.log')
    assert.deepEqual([lagBytes, lagSec, Number(size) - position], [11, 3, 11])
    assert.equal(tree(node).totals.lagBytes, 11)
    node.append('0.log', '\n')
    await node.pass()
    node.core.status()
    assert.deepEqual([fileIn(tree(node), '0.log').lagBytes, fileIn(tree(node), '0.log').lagSec], [0, 0])
  }))

test('S-FILES-03 states: live, rotated while read to its end, waiting behind an older file, done', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('one'))
    await node.pass()
    node.rename('0.log', '0.log.20261122-101112')
    node.append('0.log', node.line('two'))
    node.core.scan(node.now)
    const states = () => tree(node).files.map(({ name, state }) => `${name} ${state}`)
    assert.deepEqual(states(), ['0.log waiting', '0.log.20261122-101112 rotated'])
    await node.pass(5000)
    assert.deepEqual(states(), ['0.log live', '0.log.20261122-101112 done'])
    node.remove('0.log.20261122-101112')
    assert.deepEqual(states(), ['0.log live'])
  }))

test('S-FILES-04 of a gzip file the size is compressed, the position is not, the lag known at its end', () =>
  withNode(async (node) => {
    const lines = Array.from({ length: 500 }, () => node.line('much the same')).join('')
    node.append('0.log.20261122-101112', lines)
    node.append('0.log', node.line('live'))
    node.gzip('0.log.20261122-101112')
    node.core.scan(node.now)
    const before = fileIn(tree(node), '0.log.20261122-101112.gz')
    assert.deepEqual(
      [before.state, before.lagBytes, before.position, before.gzip],
      ['waiting', null, 0, true],
    )
    await node.settle()
    await node.pass()
    const { lagBytes, lagSec, position, size, state } = fileIn(tree(node), '0.log.20261122-101112.gz')
    assert.deepEqual([lagBytes, lagSec, position, state], [0, 0, lines.length, 'done'])
    assert.equal(size, fs.statSync(node.file('0.log.20261122-101112.gz')).size)
  }))

test('S-FILES-05 a deleted file is shown as long as it is read', () =>
  withNode(async (node) => {
    const line = node.line('x'.repeat(1000))
    node.append('0.log', line.repeat(5000))
    node.core.scan(node.now)
    node.core.poll(node.now, { budgetMs: 0 })
    node.remove('0.log')
    const { lagBytes, position, size } = fileIn(tree(node), '0.log')
    assert.ok(position > 0 && lagBytes === line.length * 5000 - position && size === line.length * 5000)
    await node.pass(5000)
    assert.deepEqual(tree(node).files, [])
  }))

test('S-FILES-06 names behind which no log is read are shown with the reason: links, folders, copies', () =>
  withNode(async (node) => {
    const outside = path.join(node.base, 'secret')
    fs.writeFileSync(outside, 'secret')
    fs.symlinkSync(outside, node.file('0.log'))
    fs.symlinkSync(path.join(node.base, 'nothing'), node.file('1.log'))
    fs.symlinkSync('2.log', node.file('2.log'))
    fs.mkdirSync(node.file('3.log'))
    fs.symlinkSync(node.base, path.join(node.root, 'shop_lured_uid-9'))
    node.append('4.log', node.line('one'))
    const other = path.join(node.root, 'shop_other_uid-2', 'app', '0.log')
    fs.linkSync(node.file('4.log'), other)
    await node.pass()
    const { files } = tree(node)
    const shown = files.map(({ error, lagBytes, path, size, state }) => [
      path,
      state,
      size === null ? null : 'size',
      lagBytes,
      error?.message.replaceAll(fs.realpathSync(node.base), 'BASE') ?? null,
    ])
    const outsideRoots = 'its link leads outside LOGKEEP_LINK_ROOTS: to BASE'
    assert.deepEqual(shown, [
      ['shop_api_uid-1/app/0.log', 'unreadable', null, null, `${outsideRoots}/secret`],
      ['shop_api_uid-1/app/1.log', 'unreadable', null, null, 'its link leads to nothing: to BASE/nothing'],
      ['shop_api_uid-1/app/2.log', 'unreadable', null, null, 'its link leads in a circle'],
      ['shop_api_uid-1/app/3.log', 'unreadable', null, null, 'not a regular file'],
      ['shop_api_uid-1/app/4.log', 'live', 'size', 0, null],
      ['shop_lured_uid-9', 'unreadable', null, null, outsideRoots],
      ['shop_other_uid-2/app/0.log', 'done', 'size', 0, 'the same file is read under another name'],
    ])
    const hint = files[0]?.error?.hint
    assert.equal(
      hint,
      `if these are logs, add ${fs.realpathSync(node.base)} to LOGKEEP_LINK_ROOTS, and mount it`,
    )
    assert.equal(files[0]?.error?.mode, null)
    for (const name of ['0.log', '1.log', '2.log', '3.log']) node.remove(name)
    assert.deepEqual(tree(node, { state: ['unreadable'] }).files.length, 1)
  }))

test('S-FILES-06 a copy of what is read, and a gzip file beside what it was made of, are shown as done', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('one'), node.line('two'))
    await node.pass()
    fs.copyFileSync(node.file('0.log'), node.file('0.log.20261122-101112'))
    await node.pass()
    const copy = fileIn(tree(node), '0.log.20261122-101112')
    assert.deepEqual([copy.state, copy.lagBytes], ['done', 0])
    assert.equal(copy.error?.message, 'a copy of a file that is read beside it')
    assert.deepEqual(node.writer.texts(), ['one', 'two'])
  }))

test('S-FILES-07 what may not be read is shown with mode, owner and what to do, until it may be read', () =>
  withNode(async (node) => {
    fs.chmodSync(node.base, 0o755)
    fs.mkdirSync(path.join(node.root, 'shop_closed_uid-3', 'app'), { recursive: true })
    for (const name of ['0.log', '1.log']) node.append(name, node.line('one'))
    fs.chmodSync(node.file('0.log'), 0o200)
    fs.chmodSync(path.join(node.root, 'shop_closed_uid-3'), 0o300)
    fs.chmodSync(path.join(node.root, 'shop_other_uid-2', 'app'), 0o300)
    const shown = asOther(() => {
      node.core.scan(node.now, true)
      while (node.core.poll(node.now, { all: true })) {}
      return tree(node).files
    })
    const { gid, uid } = fs.statSync(node.file('0.log'))
    const found = shown.map(({ error, path, state }) => [path, state, error?.message, error?.mode])
    const denied = 'EACCES: permission denied'
    assert.deepEqual(found, [
      ['shop_api_uid-1/app/0.log', 'unreadable', denied, '0200'],
      ['shop_api_uid-1/app/1.log', 'live', undefined, undefined],
      ['shop_closed_uid-3/', 'unreadable', denied, '0300'],
      ['shop_other_uid-2/app/', 'unreadable', denied, '0300'],
    ])
    assert.equal(shown[0]?.error?.owner, `${uid}:${gid}`)
    const asRoot = 'run as root: the overlay deploy/overlays/crio'
    const hint = uid === 0 ? asRoot : `run as user ${uid} (runAsUser: ${uid}), or ${asRoot}`
    for (const { error } of shown) if (error !== null) assert.equal(error.hint, hint)
    assert.equal(node.core.status().counters.files.unreadable, 3)
    fs.chmodSync(node.file('0.log'), 0o600)
    fs.chmodSync(path.join(node.root, 'shop_closed_uid-3'), 0o700)
    fs.chmodSync(path.join(node.root, 'shop_other_uid-2', 'app'), 0o700)
    await node.pass(collectorLimits.rescanFullMs + 1000)
    assert.deepEqual(
      tree(node).files.map(({ error, state }) => [state, error]),
      [
        ['done', null],
        ['live', null],
      ],
    )
    assert.equal(node.core.status().counters.files.unreadable, 0)
  }))

test('S-FILES-08 a log root that cannot be listed is said to be so', () =>
  withNode((node) => {
    node.core.scan(node.now)
    const { files, rootError } = tree(node)
    assert.deepEqual(files, [])
    assert.equal(rootError?.message, 'ENOENT: no such file or directory')
    assert.match(rootError?.hint ?? '', /LOGKEEP_LOG_ROOT/)
    assert.deepEqual(textOf(node), [`${node.root}/  ${rootError?.message}; ${rootError?.hint}`])
    fs.mkdirSync(node.root)
    node.core.scan(node.now)
    assert.equal(tree(node).rootError, null)
  }, new NodeFolder({}, false)))

test('S-FILES-09 files are chosen by globs over labels and by state; excluded namespaces are left out', () =>
  withNode(
    async (node) => {
      fillPods(node)
      await node.pass()
      const pathsOf = (request: Parameters<typeof tree>[1]) =>
        tree(node, request).files.map(({ path }) => path)
      const second = ['team-1_web-1_uid-1/app/0.log', 'team-1_web-1_uid-1/app/1.log']
      assert.equal(pathsOf({}).length, 8)
      assert.deepEqual(pathsOf({ namespace: ['team-1'] }), second)
      assert.deepEqual(pathsOf({ namespace: ['team-4'] }), [])
      assert.deepEqual(pathsOf({ pod: ['web-?'], namespace: ['*-1', 'x'] }), second)
      assert.deepEqual(pathsOf({ container: ['sidecar'] }), [])
      assert.equal(pathsOf({ container: ['sidecar', 'a*'] }).length, 8)
      assert.equal(pathsOf({ state: ['live'] }).length, 8)
      assert.equal(tree(node, { namespace: ['team-1'], limit: 1 }).totals.files, 2)
      await node.pass(15_000)
      assert.deepEqual(pathsOf({ namespace: ['team-1'], state: ['done', 'waiting'] }), second.slice(0, 1))
    },
    new NodeFolder({ namespacesExcluded: ['team-4'] }),
  ))

test('S-FILES-10 pages in the order of paths show each file once while others come and go', () =>
  withNode(async (node) => {
    fillPods(node)
    await node.pass()
    const all = tree(node).files.map(({ path }) => path)
    assert.deepEqual(all, all.toSorted())
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page = tree(node, { limit: 3, cursor })
      seen.push(...page.files.map(({ path }) => path))
      cursor = page.next
      if (seen.length === 3) {
        fs.rmSync(path.join(node.root, 'team-0_web-0_uid-0'), { recursive: true })
        const folder = path.join(node.root, 'team-3_web-30_uid-30', 'app')
        fs.mkdirSync(folder, { recursive: true })
        fs.writeFileSync(path.join(folder, '0.log'), node.line('one'))
        await node.pass(5000)
      }
    } while (cursor !== null)
    assert.deepEqual(seen, [...all, 'team-3_web-30_uid-30/app/0.log'].toSorted())
    for (const damaged of ['x', '%', Buffer.from('no number').toString('base64url')]) {
      const isRefusal = (error: unknown) => error instanceof LogkeepError && error.code === 'BAD_CURSOR'
      assert.throws(() => tree(node, { cursor: damaged }), isRefusal)
    }
  }))

test('S-FILES-11 as text it is a tree, folders end in a slash; a last line counts what is left out', () =>
  withNode(async (node) => {
    const docker = path.join(node.base, 'docker', 'abc')
    fs.mkdirSync(docker, { recursive: true })
    const dockerFile = path.join(docker, 'abc-json.log')
    fs.writeFileSync(dockerFile, `{"log":"one\\n","stream":"stdout","time":"2026-11-22T10:11:12Z"}\n`)
    const linked = path.join(node.root, 'shop_moby_uid-3', 'app')
    fs.mkdirSync(linked, { recursive: true })
    fs.symlinkSync(dockerFile, path.join(linked, '0.log'))
    node.allow([node.root, path.join(node.base, 'docker')])
    node.append('0.log', node.line('x'.repeat(1500)), 'half')
    node.append('1.log', node.line('x'.repeat(20_000)))
    fs.mkdirSync(node.file('0.log.1'))
    await node.pass(15_000)
    node.core.status()
    node.now += 61_000
    const real = fs.realpathSync(dockerFile)
    const { gid, uid } = fs.statSync(node.file('0.log.1'))
    const hint = 'only regular files are read; nothing to do if it is not meant to be a log'
    const expected = [
      `${node.root}/`,
      '  shop_api_uid-1/',
      '    app/',
      '      0.log  1.5 KiB  done',
      `      0.log.1  unreadable  not a regular file (mode 0755, owner ${uid}:${gid}); ${hint}`,
      '      1.log  20 KiB  live  100 % read',
      '  shop_moby_uid-3/',
      '    app/',
      `      ${real}  (shop/moby/app)  64 B  live  100 % read`,
    ]
    assert.deepEqual(textOf(node), expected)
    assert.deepEqual(textOf(node, { limit: 2 }), [...expected.slice(0, 5), '… and 2 more'])
    node.append('1.log', 'half a line')
    await node.pass()
    node.core.status()
    node.now += 61_000
    const [live] = textOf(node, { state: ['live'], pod: ['api'] }).slice(-1)
    assert.equal(live, '      1.log  20 KiB  live  99 % read  11 B behind for 1m1s')
  }))

test('S-FILES-12 names may hold anything: in text their control and format characters are escaped', () =>
  withNode(async (node) => {
    const pod = 'shop_a\n\u001b[31m\u202edetcurroc_uid-5'
    const folder = path.join(node.root, pod, 'c\u0085d')
    fs.mkdirSync(folder, { recursive: true })
    fs.writeFileSync(path.join(folder, '0.log'), node.line('one'))
    await node.pass()
    assert.equal(fileIn(tree(node), '0.log').path, `${pod}/c\u0085d/0.log`)
    const size = fs.statSync(path.join(folder, '0.log')).size
    assert.deepEqual(textOf(node), [
      `${node.root}/`,
      String.raw`  shop_a\u000a\u001b[31m\u202edetcurroc_uid-5/`,
      String.raw`    c\u0085d/`,
      `      0.log  ${size} B  live  100 % read`,
    ])
  }))

test('S-FILES-12 times and kinds of files that nobody expects are shown all the same', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('one'))
    fs.utimesSync(node.file('0.log'), 1, 1)
    const socket = createServer().listen(node.file('1.log'))
    await once(socket, 'listening')
    await node.pass()
    const { files } = tree(node)
    assert.deepEqual(
      files.map(({ modified, state }) => [state, modified?.slice(0, 4)]),
      [
        ['live', '1970'],
        ['unreadable', String(new Date().getUTCFullYear())],
      ],
    )
    socket.close()
  }))

test('S-FILES-13 with the folder of links as the root, files are shown where they lie', () =>
  withNode(async (node) => {
    const links = path.join(node.base, 'containers')
    fs.mkdirSync(links)
    const id = 'a'.repeat(64)
    node.append('0.log', node.line('one'))
    fs.symlinkSync(node.file('0.log'), path.join(links, `api_shop_app-${id}.log`))
    fs.symlinkSync('/etc/hostname', path.join(links, `lure_shop_app-${id}.log`))
    node.allow([node.root, links], links)
    await node.pass()
    const real = fs.realpathSync(node.container)
    const [refused, live] = tree(node).files
    assert.deepEqual([live?.path, live?.pod, live?.podUid], [`${real}/0.log`, 'api', 'uid-1'])
    assert.deepEqual([refused?.state, refused?.namespace, refused?.pod], ['unreadable', 'shop', 'lure'])
    const lines = textOf(node)
    assert.deepEqual([lines[0], lines.at(-2)], [`${links}/`, `${real}/`])
    assert.match(lines.at(-1) ?? '', /^ {2}0\.log {2}\d+ B {2}live/)
  }))
