/**
 * Which lines were written, and which were answered, where both are millions: a line is the hash of its time
 * and content, in its place in its iostream.
 */

import { hash } from 'node:crypto'
import * as fs from 'node:fs'
import type { Entry } from './client.ts'
import type { WrittenLine } from './container-simulator.ts'

type Line = Pick<Entry, 'namespace' | 'pod' | 'podUid' | 'container' | 'restart' | 'stream' | 'time' | 'line'>

/** Hashes of the lines of each iostream, in their order. */
export type Ledger = Map<string, number[]>

/** Two million lines of one iostream share a hash with a chance of one percent; only neighbours matter. */
const hashBytes = 6
/** Number of the iostream, hash. */
const recordBytes = 4 + hashBytes
const examplesMax = 5

/** Writes a ledger as the lines are written. */
export function createLedgerFile(file: string): {
  readonly add: (line: WrittenLine) => void
  readonly save: () => void
  readonly close: () => void
} {
  const fd = fs.openSync(file, 'w')
  const numbers = new Map<string, number>()
  let unsaved: Buffer[] = []
  return {
    add: (line) => {
      const iostream = iostreamOf(line)
      const number = numbers.get(iostream) ?? numbers.size
      numbers.set(iostream, number)
      const record = Buffer.allocUnsafe(recordBytes)
      record.writeUInt32LE(number, 0)
      record.writeUIntLE(hashOf(line), 4, hashBytes)
      unsaved.push(record)
    },
    save: () => {
      fs.writeSync(fd, Buffer.concat(unsaved))
      unsaved = []
    },
    close: () => {
      fs.closeSync(fd)
      fs.writeFileSync(namesOf(file), JSON.stringify([...numbers.keys()]))
    },
  }
}

export function readLedger(file: string): Ledger {
  const names: string[] = JSON.parse(fs.readFileSync(namesOf(file), 'utf8'))
  const hashes: number[][] = names.map(() => [])
  const bytes = fs.readFileSync(file)
  for (let at = 0; at < bytes.length; at += recordBytes) {
    hashes[bytes.readUInt32LE(at)]?.push(bytes.readUIntLE(at + 4, hashBytes))
  }
  return new Map(names.map((name, number) => [name, hashes[number] as number[]]))
}

export function linesIn(ledger: Ledger): number {
  return ledger.values().reduce((sum, hashes) => sum + hashes.length, 0)
}

/** What one door answered. */
export class Answered {
  readonly lines: Ledger = new Map()
  gaps = 0
  /** Places at which the time of entries goes against `order`. */
  turns = 0
  readonly #order: 'forward' | 'backward' | 'commit'
  #last: string | null = null

  /** `commit`: by arrival, so that times may go anywhere. */
  constructor(order: 'forward' | 'backward' | 'commit') {
    this.#order = order
  }

  readonly take = (entries: readonly Entry[]): void => {
    for (const entry of entries) {
      if (entry.kind === 'line') this.#add(entry)
      else this.gaps += 1
    }
  }

  /** The lines in the order in which they were written. */
  inOrder(): Ledger {
    if (this.#order !== 'backward') return this.lines
    return new Map(this.lines.entries().map(([iostream, hashes]) => [iostream, hashes.toReversed()]))
  }

  #add(entry: Entry): void {
    const iostream = iostreamOf(entry)
    const hashes = this.lines.get(iostream)
    if (hashes === undefined) this.lines.set(iostream, [hashOf(entry)])
    else hashes.push(hashOf(entry))
    const time = comparableTime(entry.time)
    if (this.#last !== null && time !== this.#last) {
      const isLater = time > this.#last
      if (this.#order !== 'commit' && isLater !== (this.#order === 'forward')) this.turns += 1
    }
    this.#last = time
  }
}

export type Comparison = {
  lost: number
  /** Answered twice, or not in the order in which they were written. */
  repeated: number
  /** Never written so. */
  foreign: number
  /** Missing at the beginning of each iostream, where that is allowed. */
  readonly missingFirst: Map<string, number>
  readonly examples: string[]
}

/** `mayMissFirst`: the first lines of an iostream may be missing, as retention deletes them. */
export function compareLedgers(
  written: Ledger,
  answered: Ledger,
  { mayMissFirst }: { readonly mayMissFirst: boolean },
): Comparison {
  const result: Comparison = { lost: 0, repeated: 0, foreign: 0, missingFirst: new Map(), examples: [] }
  for (const iostream of new Set([...written.keys(), ...answered.keys()])) {
    const wanted = written.get(iostream) ?? []
    const got = answered.get(iostream) ?? []
    const first = mayMissFirst ? firstPlace(wanted, got) : 0
    result.missingFirst.set(iostream, first)
    compareIostream(wanted, got, first, (kind, count, place) => {
      result[kind] += count
      if (result.examples.length < examplesMax)
        result.examples.push(`${count} ${kind} at place ${place} of ${wanted.length} in ${iostream}`)
    })
  }
  return result
}

function firstPlace(wanted: readonly number[], got: readonly number[]): number {
  const [first] = got
  return first === undefined ? wanted.length : Math.max(0, wanted.indexOf(first))
}

function compareIostream(
  wanted: readonly number[],
  got: readonly number[],
  first: number,
  report: (kind: 'lost' | 'repeated' | 'foreign', count: number, place: number) => void,
): void {
  let at = first
  for (const line of got) {
    if (wanted[at] === line) {
      at += 1
      continue
    }
    const later = wanted.indexOf(line, at)
    if (later !== -1) {
      report('lost', later - at, at)
      at = later + 1
    } else report(wanted.includes(line) ? 'repeated' : 'foreign', 1, at)
  }
  if (at < wanted.length) report('lost', wanted.length - at, at)
}

/** Container instance and iostream. */
function iostreamOf({ namespace, pod, podUid, container, restart, stream }: Line): string {
  return [namespace, pod, podUid, container, restart, stream].join('/')
}

function hashOf({ time, line }: Line): number {
  return hash('md5', `${comparableTime(time)} ${line}`, 'buffer').readUIntLE(0, hashBytes)
}

/** A time in UTC as a text that sorts as the time does: without the zone and what a fraction ends in. */
function comparableTime(time: string): string {
  if (!time.endsWith('Z')) throw new RangeError(`not in UTC: ${time}`)
  const local = time.slice(0, -1)
  return local.includes('.') ? local.replace(/\.?0+$/, '') : local
}

function namesOf(file: string): string {
  return `${file}.names`
}
