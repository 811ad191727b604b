/**
 * Process that writes the logs of a node's containers at a given rate, each line stamped when it is written;
 * it is told what to do by messages of its parent.
 */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { createCriWriter } from './cri-text.ts'
import { createKindSource, kindShares } from './kinds.ts'
import { createSelectionCounter, type Selection, type SelectionCounter } from './selections.ts'

/** What the writer does from now on. */
export type Pace = {
  /** Of all busy files together. */
  readonly linesPerSec: number
  /** Each of the quiet pods writes one line so often, one after the other; null: they are silent. */
  readonly quietMs: number | null
  /** A new pod with one line so often. */
  readonly newPodMs: number | null
  /** All busy files are renamed away and begun anew so often. */
  readonly rotateMs: number | null
}

export type Written = {
  readonly busy: number
  readonly quiet: number
  readonly newPods: number
  readonly bytes: number
  /** Lines of each of the selections. */
  readonly selected: readonly number[]
}

export type LogWriter = {
  /** Resolves with what was written since the pace before. */
  readonly pace: (pace: Pace) => Promise<Written>
  readonly close: () => Promise<void>
}

export const silence: Pace = { linesPerSec: 0, quietMs: null, newPodMs: null, rotateMs: null }

/** No divisor of the times between polls: their lines come at all moments between two. */
const quietPods = 41
const namespaceCount = 10
/** Namespaces of the busy files. */
export const writerNamespaces: readonly string[] = Array.from(
  { length: namespaceCount },
  (_, index) => `team-${index}`,
)
/** Lines that each file has before anything is measured. */
const linesBefore = 20
const tickMs = 5
/** Texts per kind: written again in turn. */
const poolLines = 2_000

type LogFile = {
  readonly path: string
  readonly texts: readonly string[]
  readonly count: SelectionCounter
  handle: number
  next: number
}

/** Resolves when the files are there. */
export async function startLogWriter(
  root: string,
  files: number,
  selections: readonly Selection[] = [],
): Promise<LogWriter> {
  const settings = [root, String(files), JSON.stringify(selections)]
  const child = fork(import.meta.filename, settings, { execArgv: [] })
  const exited = once(child, 'exit')
  await once(child, 'message')
  return {
    pace: async (pace) => {
      const answer = once(child, 'message')
      child.send(pace)
      const [written] = await answer
      return written as Written
    },
    close: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}

if (process.send !== undefined && process.argv[1] === import.meta.filename) {
  const [, , root = '', files, selections = '[]'] = process.argv
  runWriter(root, Number(files), JSON.parse(selections) as Selection[])
}

function runWriter(root: string, count: number, selections: readonly Selection[]): void {
  const cri = createCriWriter()
  const selected = selections.map(() => 0)
  const create = (pod: string, texts: readonly string[]): LogFile =>
    createLogFile(root, pod, texts, (stream) => createSelectionCounter(selections, selected, stream))
  const pools = kindShares.map(({ kind }) => textsOf(kind))
  const busy = Array.from({ length: count }, (_, index) =>
    create(`busy-${index}`, pools[index % pools.length] ?? []),
  )
  const quiet = Array.from({ length: quietPods }, (_, index) =>
    create(`quiet-${index}`, ['one line now and then']),
  )
  const nothing = { busy: 0, quiet: 0, newPods: 0, bytes: 0 }
  let written = { ...nothing }
  let pods = 0
  let quietTurns = 0

  const write = (file: LogFile): void => {
    const now = performance.timeOrigin + performance.now()
    const ms = Math.floor(now)
    const text = file.texts[file.next % file.texts.length] ?? ''
    file.next += 1
    file.count(text)
    const record = cri.record('stdout', text, ms, Math.floor((now - ms) * 1_000_000))
    written.bytes += fs.writeSync(file.handle, record)
  }
  for (const file of [...busy, ...quiet]) for (let line = 0; line < linesBefore; line += 1) write(file)

  let timers: NodeJS.Timeout[] = []
  const every = (ms: number | null, act: () => void): void => {
    if (ms !== null) timers.push(setInterval(act, ms))
  }
  process.on('message', (message) => {
    const { linesPerSec, quietMs, newPodMs, rotateMs } = message as Pace
    for (const timer of timers) clearInterval(timer)
    timers = []
    process.send?.({ ...written, selected })
    written = { ...nothing }
    selected.fill(0)
    const startedMs = performance.now()
    if (linesPerSec > 0) {
      every(tickMs, () => {
        const due = ((performance.now() - startedMs) / 1000) * linesPerSec
        for (; written.busy < due; written.busy += 1) write(busy[written.busy % count] as LogFile)
      })
    }
    every(quietMs === null ? null : quietMs / quietPods, () => {
      write(quiet[quietTurns++ % quietPods] as LogFile)
      written.quiet += 1
    })
    every(newPodMs, () => {
      pods += 1
      const file = create(`new-${pods}`, ['the first line'])
      write(file)
      fs.closeSync(file.handle)
      written.newPods += 1
    })
    every(rotateMs, () => {
      for (const file of busy) rotate(file)
    })
  })
  process.once('disconnect', () => process.exit())
  process.send?.({ ...written, selected })
}

function textsOf(kind: (typeof kindShares)[number]['kind']): string[] {
  const source = createKindSource(kind, 1)
  const texts: string[] = []
  while (texts.length < poolLines) texts.push(...source.next(Date.now()).map((line) => line.text))
  return texts
}

type Stream = { readonly namespace: string; readonly pod: string }

function createLogFile(
  root: string,
  pod: string,
  texts: readonly string[],
  counterOf: (stream: Stream) => SelectionCounter,
): LogFile {
  const number = Number(pod.slice(pod.indexOf('-') + 1))
  const uid = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
  const namespace = writerNamespaces[number % namespaceCount] as string
  const folder = path.join(root, `${namespace}_${pod}_${uid}`, 'main')
  fs.mkdirSync(folder, { recursive: true })
  const file = path.join(folder, '0.log')
  // Files of the same kind begin at different places of its texts.
  const count = counterOf({ namespace, pod })
  return { path: file, texts, count, handle: fs.openSync(file, 'a'), next: number * 37 }
}

/** As the kubelet does: a name with the time, then a new file. */
function rotate(file: LogFile): void {
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
  fs.renameSync(file.path, `${file.path}.${stamp}`)
  fs.closeSync(file.handle)
  file.handle = fs.openSync(file.path, 'a')
}
