/**
 * Loaded into the program before it starts (`node --import`), in each of its threads: changes its sources as
 * they are loaded, so that they note which phases are under way.
 */

import assert from 'node:assert'
import * as fs from 'node:fs'
import { registerHooks } from 'node:module'
import * as path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type PhaseRecorder, phasePlaces, recorderName, recordPhases } from './phase-places.ts'
import { offsetOf, type Phase, phaseFileVariable } from './phases.ts'

const root = path.join(import.meta.dirname, '../..')
const files = new Set(phasePlaces.map((place) => path.join(root, place.file)))

Object.assign(globalThis, { [recorderName]: createRecorder() })

registerHooks({
  load: (url, context, nextLoad) => {
    const loaded = nextLoad(url, context)
    const file = url.startsWith('file:') ? fileURLToPath(url) : ''
    if (!files.has(file)) return loaded
    const text = Buffer.from(loaded.source as Uint8Array).toString()
    return { ...loaded, source: recordPhases(path.relative(root, file), text) }
  },
})

function createRecorder(): PhaseRecorder {
  const file = process.env[phaseFileVariable]
  assert(file !== undefined, `${phaseFileVariable} is not set`)
  const fd = fs.openSync(file, 'r+')
  const byte = Buffer.alloc(1)
  const set = (phase: Phase, count: number): void => {
    byte[0] = Math.min(count, 255)
    fs.writeSync(fd, byte, 0, 1, offsetOf(phase))
  }
  const held = new Map<Phase, Set<object>>()
  const heldOf = (phase: Phase): Set<object> => {
    const things = held.get(phase) ?? new Set()
    held.set(phase, things)
    return things
  }
  return {
    during: (phase, work) => {
      set(phase, 1)
      try {
        return work()
      } finally {
        set(phase, 0)
      }
    },
    enter: (phase) => set(phase, 1),
    leave: (phase) => set(phase, 0),
    hold: (phase, what) => {
      const things = heldOf(phase)
      if (things.has(what)) return
      things.add(what)
      set(phase, things.size)
    },
    letGo: (phase, what) => {
      const things = heldOf(phase)
      if (things.delete(what)) set(phase, things.size)
    },
  }
}
