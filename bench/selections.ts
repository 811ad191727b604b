/** What many tails select, each something else, and how many lines of the writer that is. */

import { levelNames } from '../src/model/entry.ts'
import { LevelDetector } from '../src/model/level.ts'

/** Null: anything. */
export type Selection = {
  readonly namespace: string | null
  readonly pod: string | null
  readonly level: (typeof levelNames)[number] | null
  readonly text: string | null
}

const anything: Selection = { namespace: null, pod: null, level: null, text: null }
/** Of the writer's texts, from nearly every line of a kind to one now and then. */
const texts = ['session', 'payload', 'GET /', 'POST /', 'status=', 'error', 'Exception', 'Failed password']
const levels = ['unknown', 'debug', 'info', 'warn', 'error', 'fatal'] as const
const overEverything = 4

/** `count` of them over the writer's namespaces and pods: over everything, then ever narrower. */
export function mixedSelections(count: number, namespaces: readonly string[]): Selection[] {
  const inEach = (make: (namespace: string) => Selection): Selection[] => namespaces.map(make)
  const wide = [
    ...Array.from({ length: overEverything }, () => anything),
    ...levels.map((level) => ({ ...anything, level })),
    ...texts.map((text) => ({ ...anything, text })),
    ...inEach((namespace) => ({ ...anything, namespace })),
    ...inEach((namespace) => ({ ...anything, namespace, level: 'error' })),
    ...inEach((namespace) => ({ ...anything, namespace, text: 'session' })),
  ]
  const ofPods = Array.from({ length: Math.max(0, count - wide.length) }, (_, index) => ({
    ...anything,
    pod: `busy-${index}`,
  }))
  return [...wide, ...ofPods].slice(0, count)
}

/** As parameters of `/logs` and `/logs/tail`. */
export function queryOf({ namespace, pod, level, text }: Selection): string {
  const parameters = new URLSearchParams()
  if (namespace !== null) parameters.set('namespace', namespace)
  if (pod !== null) parameters.set('pod', pod)
  if (level !== null) parameters.set('level', level)
  if (text !== null) parameters.set('q', `"${text}"`)
  return parameters.toString()
}

/** Lines of one stream, counted for each selection that they belong to. */
export type SelectionCounter = (text: string) => void

/** `counts`: one per selection, added to. Lines are to be given in the order of the file. */
export function createSelectionCounter(
  selections: readonly Selection[],
  counts: number[],
  stream: { readonly namespace: string; readonly pod: string },
): SelectionCounter {
  const detector = new LevelDetector()
  let code = 0
  const ofStream = selections.flatMap((selection, index) => {
    const { namespace, pod } = selection
    const isOf = (namespace ?? stream.namespace) === stream.namespace && (pod ?? stream.pod) === stream.pod
    return isOf ? [{ ...selection, index }] : []
  })
  if (ofStream.length === 0) return () => {}
  return (line) => {
    const bytes = Buffer.from(line)
    code = detector.detect(bytes, 0, bytes.length, code)
    for (const { level, text, index } of ofStream) {
      if (level !== null && level !== levelNames[code]) continue
      if (text === null || line.includes(text)) counts[index] = (counts[index] ?? 0) + 1
    }
  }
}
