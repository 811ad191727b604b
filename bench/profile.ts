/** Sums up the CPU profiles that V8 wrote for a program's threads: which functions the time went into. */

import * as fs from 'node:fs'
import * as path from 'node:path'

const functionsShown = 15
/** Threads that were sampled for less are left out: nothing happened in them. */
const busyMsMin = 20
/** Piscina's threads wait for work in the last one. */
const idleNames: ReadonlySet<string> = new Set(['(idle)', '(root)', 'atomicsWaitLoop'])

type Frame = { readonly functionName: string; readonly url: string; readonly lineNumber: number }
type Node = { readonly id: number; readonly callFrame: Frame; readonly children?: readonly number[] }
type Profile = {
  readonly nodes: readonly Node[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** One table per thread, the busiest first. */
export function profileTables(folder: string): string {
  const threads = fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.cpuprofile'))
    .map((name) => sumUp(path.join(folder, name)))
    .filter(({ busyMs }) => busyMs >= busyMsMin)
  return threads
    .toSorted((one, other) => other.busyMs - one.busyMs)
    .map(tablesOf)
    .join('\n\n')
}

type Times = ReadonlyMap<string, number>
type Thread = {
  readonly entry: string
  readonly busyMs: number
  /** Milliseconds in the function itself. */
  readonly self: Times
  /** The program's own functions, with the time of the builtins and packages that they called. */
  readonly own: Times
}

function sumUp(file: string): Thread {
  const { nodes, samples, timeDeltas } = JSON.parse(fs.readFileSync(file, 'utf8')) as Profile
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])))
  const self = new Map<string, number>()
  const own = new Map<string, number>()
  let busyMs = 0
  samples.forEach((id, index) => {
    const node = byId.get(id)
    if (node === undefined || idleNames.has(node.callFrame.functionName)) return
    const ms = (timeDeltas[index] ?? 0) / 1000
    busyMs += ms
    add(self, nameOf(node.callFrame), ms)
    let at: Node | undefined = node
    while (at !== undefined && !isOwn(at.callFrame)) at = byId.get(parents.get(at.id) ?? -1)
    add(own, at === undefined ? '(outside)' : nameOf(at.callFrame), ms)
  })
  return { entry: entryOf(nodes.map((node) => node.callFrame.url)), busyMs, self, own }
}

function add(times: Map<string, number>, name: string, ms: number): void {
  times.set(name, (times.get(name) ?? 0) + ms)
}

function isOwn({ url }: Frame): boolean {
  return url.includes('/src/') && !url.includes('/node_modules/')
}

function nameOf({ functionName, url, lineNumber }: Frame): string {
  const place = url.replace(/^.*\/(?=src\/|node_modules\/)/, '')
  const name = functionName === '' ? '(anonymous)' : functionName
  return place === '' ? `${name} (native)` : `${name} ${place}:${lineNumber + 1}`
}

/** Which thread it was, by the module that it began with. */
function entryOf(urls: readonly string[]): string {
  const isOf = (file: string): boolean => urls.some((url) => url.endsWith(file))
  if (isOf('src/main.ts')) return 'main thread'
  if (isOf('src/collector/worker.ts')) return 'collector thread'
  return isOf('src/query/worker.ts') ? 'query thread' : 'other thread'
}

function tablesOf({ entry, busyMs, self, own }: Thread): string {
  const rows = (times: Times): string[] =>
    [...times]
      .toSorted((one, other) => other[1] - one[1])
      .slice(0, functionsShown)
      .map(([name, ms]) => `${((ms / busyMs) * 100).toFixed(1).padStart(6)} %  ${name}`)
  return [
    `${entry}: busy for ${(busyMs / 1000).toFixed(2)} s; self time`,
    ...rows(self),
    "  the program's functions with the builtins and packages that they called",
    ...rows(own),
  ].join('\n')
}
