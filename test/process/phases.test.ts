/**
 * Kills that are aimed: the program dies while it reads, commits and migrates. A small form of the long run
 * in `test/kills`.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCourse } from '../kills/course.ts'
import { phasePlaces, recordPhases } from '../support/phase-places.ts'
import { chooseSeed } from '../support/random.ts'
import { readText } from '../support/source-tree.ts'

const testMsMax = 120_000

test('S-KILL-03 killed while it reads, commits and migrates, every door gives every line exactly once', {
  timeout: testMsMax,
}, async (t) => {
  const seed = chooseSeed()
  t.diagnostic(`repeat with TEST_SEED=${seed}`)
  const { faults, tally, written } = await runCourse({
    name: 'aimed kills',
    seed,
    linesPerSec: 2000,
    containers: 20,
    phases: ['reading', 'mid-commit', 'migrating'],
    hitsMin: 1,
    killsMin: 5,
    killsMax: 30,
    aimedInTurn: 3,
    tell: (message) => t.diagnostic(message),
  })
  assert.deepEqual(faults, [])
  assert.ok(written > 0 && tally.kills >= 5)
})

test('S-KILL-04 every place at which a phase begins or ends is found once in the sources', () => {
  for (const { file } of phasePlaces) assert.notEqual(recordPhases(file, readText(file)), readText(file))
  assert.throws(() => recordPhases('src/store/writer.ts', ''), /0 times, not once: const number = committer/)
})
