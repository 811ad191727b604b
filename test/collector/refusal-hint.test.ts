/** What a person is told to do about a file that the system refuses. */

import assert from 'node:assert/strict'
import test from 'node:test'
import { explainRefusal, type Ownership, type Reader, thisProcess } from '../../src/collector/refusal-hint.ts'
import { createRefusal } from '../../src/collector/refusals.ts'

const error = (code: string, errno: number): Error => Object.assign(new Error('long'), { code, errno })
const denied = createRefusal(error('EACCES', -13), 0, null)
const reader: Reader = { uid: 1000, groups: new Set([1000]) }
const asRoot = 'run as root: the overlay deploy/overlays/crio'
const [file, folder] = [0o100000, 0o040000]

function hintFor(mode: number, uid = 0, gid = 0, who = reader): string {
  return explainRefusal(denied, { mode, uid, gid }, who).hint
}

test('S-FILES-14 a file that a group may read asks for the group, one that its owner alone may read for root', () => {
  assert.equal(hintFor(file | 0o640), 'run with group 0 (runAsGroup: 0)')
  assert.equal(hintFor(file | 0o600), asRoot)
  assert.equal(hintFor(file | 0o600, 0, 1000), asRoot)
  assert.equal(hintFor(file | 0o600, 7, 7), `run as user 7 (runAsUser: 7), or ${asRoot}`)
  assert.equal(hintFor(file | 0o640, 7, 9), 'run with group 9 (runAsGroup: 9)')
  assert.equal(hintFor(folder | 0o750), 'run with group 0 (runAsGroup: 0)')
  assert.equal(hintFor(folder | 0o711), asRoot)
  assert.equal(hintFor(file, 7, 7), asRoot, 'its owner may not read it either')
  assert.equal(hintFor(file, 1000), asRoot, 'nor does being its owner help')
})

test('S-FILES-14 where the mode allows it, the folders above and policies are named; where nothing is seen, root', () => {
  const above = /^its mode allows it: a folder above it .* \(SELinux, AppArmor\)$/
  assert.match(hintFor(file | 0o644), above)
  assert.match(hintFor(file | 0o640, 0, 1000), above)
  assert.match(hintFor(file | 0o400, 1000), above)
  assert.match(hintFor(folder | 0o705), above)
  const { hint, mode, owner } = explainRefusal(denied, null, reader)
  assert.deepEqual([hint, mode, owner], [`a folder above it may not be entered: ${asRoot}`, null, null])
})

test('S-FILES-14 the message is in the words of the system, without the path; other errors have their own hint', () => {
  const owned: Ownership = { mode: file | 0o600, uid: 0, gid: 5 }
  const explained = explainRefusal(denied, owned, reader)
  assert.equal(explained.message, 'EACCES: permission denied')
  assert.deepEqual([explained.mode, explained.owner], ['0600', '0:5'])
  const hintOf = (code: string, errno: number): string =>
    explainRefusal(createRefusal(error(code, errno), 0, null), owned, reader).hint
  assert.match(hintOf('EMFILE', -24), /limit of open files/)
  assert.match(hintOf('EIO', -5), /disk/)
  assert.match(hintOf('ELOOP', -40), /link/)
  assert.match(hintOf('EBUSY', -16), /tried again/)
  const foreign = explainRefusal(createRefusal(new Error('strange'), 0, null), owned, reader)
  assert.deepEqual([foreign.message, foreign.hint], ['strange', hintOf('EBUSY', -16)])
  assert.ok(thisProcess().uid >= 0)
})
