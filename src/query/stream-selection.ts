/**
 * Which streams a selector selects: exact names go to the index over names, globs are tried on what it gives.
 */

import { compileGlob, isLiteralGlob, longestText } from '../model/glob.ts'
import type { Snapshot } from '../store/reader.ts'
import type { NamedStream, StreamFilter } from '../store/stream-finder.ts'
import { StreamIdSet, type StreamIds } from '../store/stream-ids.ts'
import type { Glob, StreamChoice, StreamSelector } from './plan.ts'

/** Where a stream's names stand in a row of the index. */
const columnOf = { pod: 2, container: 4, node: 6 } as const

type Exact = { -readonly [label in 'pod' | 'container' | 'node']: StreamFilter[label] }

/** Null where the selector selects every stream. */
export function compileSelector(selector: StreamSelector): StreamFilter | null {
  const { namespace, restart, choices = [] } = selector
  const exact: Exact = { pod: null, container: null, node: null }
  const holds: StreamFilter['holds'][number][] = []
  const tests: ((stream: NamedStream) => boolean)[] = []
  for (const label of ['pod', 'container', 'node'] as const) {
    const globs = selector[label]
    if (globs.length === 0) continue
    if (globs.every(isLiteralGlob)) {
      exact[label] = globs
      continue
    }
    const isWanted = compileGlobs(globs)
    tests.push((stream) => isWanted(stream[columnOf[label]]))
    const texts = globs.map(longestText)
    if (texts.length <= textsMax && !texts.includes('')) holds.push({ label, texts })
  }
  if (choices.length > 0) tests.push(compileChoices(choices))
  const isEvery = namespace.length + restart.length + tests.length === 0
  if (isEvery && Object.values(exact).every((names) => names === null)) return null
  return {
    isNamespace: namespaceTest(namespace, choices),
    ...exact,
    restart: restart.length === 0 ? null : restart,
    holds,
    test: tests.length === 0 ? null : (stream) => tests.every((test) => test(stream)),
  }
}

/** Namespaces that no choice names are passed over as a whole. */
function namespaceTest(
  namespaces: readonly Glob[],
  choices: readonly StreamChoice[],
): ((name: string) => boolean) | null {
  const named = namespaces.length === 0 ? null : compileGlobs(namespaces)
  if (choices.length === 0) return named
  const chosen = compileGlobs(choices.map(({ namespace }) => namespace))
  return named === null ? chosen : (name) => named(name) && chosen(name)
}

/** Where the names of a choice stand in a row of the index. */
const namespaceColumn = 1

function compileChoices(choices: readonly StreamChoice[]): (stream: NamedStream) => boolean {
  const tests = choices.map(({ namespace, pod, container }) => {
    const globs = [compileGlob(namespace), compileGlob(pod), compileGlob(container)] as const
    return (stream: NamedStream): boolean =>
      globs[0](stream[namespaceColumn]) &&
      globs[1](stream[columnOf.pod]) &&
      globs[2](stream[columnOf.container])
  })
  return (stream) => tests.some((matches) => matches(stream))
}

/** Texts that are looked for in each name: more of them cost more than they save. */
const textsMax = 8

/** Neighbours in the index carry the same names: the last answer often serves again. */
function compileGlobs(globs: readonly Glob[]): (name: string) => boolean {
  const tests = globs.map(compileGlob)
  let lastName: string | null = null
  let lastAnswer = false
  return (name) => {
    if (name !== lastName) {
      lastAnswer = tests.some((matches) => matches(name))
      lastName = name
    }
    return lastAnswer
  }
}

/** So many selected streams are looked up whenever streams were deleted: 1 ms. */
const lookedUpMax = 1000

/**
 * Keeps the selected streams from one snapshot to the next: only new streams are looked at, since their
 * numbers rise and their names never change. Deleted ones stay for a while where there are many: they do no
 * harm, and are dropped when as many have been added.
 */
export function createSelected(filter: StreamFilter): (snapshot: Snapshot) => StreamIds {
  let selected = new StreamIdSet()
  let structure = -1
  let lastId = 0
  /** Size and structure when deleted streams were dropped last. */
  let cleaned = { size: 0, structure: -1 }
  const make = (snapshot: Snapshot): void => {
    selected = new StreamIdSet()
    for (const { found } of snapshot.streams.inOrder(filter, null)) {
      for (const [id] of found) selected.add(id)
    }
  }
  const dropDeleted = (snapshot: Snapshot): void => {
    const { size } = selected
    if (size > lookedUpMax && size <= 2 * cleaned.size) return
    if (size > lookedUpMax) make(snapshot)
    else {
      const left = snapshot.streams.existing(selected)
      selected = new StreamIdSet()
      for (const id of left) selected.add(id)
    }
    cleaned = { size: selected.size, structure: snapshot.structure }
  }
  return (snapshot) => {
    if (structure === snapshot.structure) return selected
    if (structure < 0) {
      make(snapshot)
      cleaned = { size: selected.size, structure: snapshot.structure }
    } else {
      for (const rows of snapshot.streams.newer(filter, lastId)) for (const [id] of rows) selected.add(id)
      if (snapshot.streamRemoval() > cleaned.structure) dropDeleted(snapshot)
    }
    structure = snapshot.structure
    lastId = snapshot.streams.lastId()
    return selected
  }
}
