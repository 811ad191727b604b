/** Links that lead out of the allowed folders, also when they come between the look and the opening. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { Discovery } from '../../src/collector/discovery.ts'
import { LinkResolver } from '../../src/collector/links.ts'
import { OpenFiles } from '../../src/collector/open-files.ts'

function folders(t: TestContext) {
  const base = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-links-'))
  t.after(() => fs.rmSync(base, { recursive: true }))
  const root = path.join(base, 'pods')
  const outside = path.join(base, 'outside')
  const container = path.join(root, 'shop_api_uid-1', 'app')
  fs.mkdirSync(container, { recursive: true })
  fs.mkdirSync(path.join(outside, 'app'), { recursive: true })
  fs.writeFileSync(path.join(container, '0.log'), 'log')
  fs.writeFileSync(path.join(outside, '0.log'), 'secret')
  const refused: string[] = []
  const discovery = new Discovery({
    openFiles: new OpenFiles(),
    logRoot: root,
    linkRoots: [root],
    isNamespaceWanted: () => true,
    linkRefused: (link) => refused.push(link),
    folderRefused: (folder) => assert.fail(folder),
  })
  return { base, root, outside, container, refused, discovery }
}

const onLinux = process.platform === 'linux'

test('S-COL-23 a folder that becomes a link between the look and the opening leads nowhere', (t) => {
  const { container, discovery, outside, refused } = folders(t)
  const [place] = discovery.findPlaces(true).places
  assert.ok(place !== undefined)
  const listed = discovery.listFiles(place, true)
  assert.ok(typeof listed !== 'string')
  const file = listed.files.get(0)?.[0]?.path ?? ''
  const first = discovery.open(file)
  assert.ok(first !== null)
  fs.renameSync(container, `${container}-aside`)
  fs.symlinkSync(outside, container)
  assert.equal(fs.readFileSync(file, 'latin1'), 'secret')
  const second = discovery.open(file)
  if (second !== null) fs.closeSync(second.fd)
  // Other systems have no way to ask where an open file lies.
  if (onLinux) assert.deepEqual([second, refused], [null, [file]])
  fs.closeSync(first.fd)
})

test('S-COL-23 an open file stays allowed when it is renamed inside the folders, or deleted', (t) => {
  const { base, container, outside, root } = folders(t)
  const alias = path.join(base, 'alias')
  fs.symlinkSync(root, alias)
  const links = new LinkResolver([alias])
  links.refresh()
  const fd = fs.openSync(path.join(container, '0.log'), 'r')
  assert.ok(links.isOpenAllowed(fd))
  fs.renameSync(path.join(container, '0.log'), path.join(container, '0.log.20261122-101112'))
  assert.ok(links.isOpenAllowed(fd))
  fs.rmSync(container, { recursive: true })
  assert.ok(links.isOpenAllowed(fd))
  fs.closeSync(fd)
  const secret = fs.openSync(path.join(outside, '0.log'), 'r')
  assert.equal(links.isOpenAllowed(secret), !onLinux)
  fs.closeSync(secret)
})

test('S-COL-23 a pod folder that is a link to elsewhere is refused as a whole, until it is one of its own', (t) => {
  const { discovery, outside, refused, root } = folders(t)
  const link = path.join(root, 'shop_lured_uid-2')
  fs.symlinkSync(outside, link)
  const podsOf = () => discovery.findPlaces(false).places.map(({ labels }) => labels.pod)
  assert.deepEqual(podsOf(), ['api'])
  assert.deepEqual(refused, [link])
  fs.rmSync(link)
  fs.mkdirSync(path.join(link, 'app'), { recursive: true })
  assert.deepEqual(podsOf(), ['api', 'lured'])
})
