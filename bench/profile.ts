/** Sums up the CPU profiles that V8 wrote for the threads of a program: which functions the time went into. */

import * as fs from 'node:fs'
import * as path from 'node:path'

const functionsShown = 15
/** Threads that were sampled for less are left out: nothing happened in them. */
const busyMsMin = 20

type Profile = {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** One table per thread, the busiest first. */
export function profileTables(folder: string): string {
  const threads = fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.cpuprofile'))
    .map((name) => selfTimes(path.join(folder, name)))
    .filter(({ busyMs }) => busyMs >= busyMsMin)
  return threads
    .toSorted((one, other) => other.busyMs - one.busyMs)
    .map(tableOf)
    .join('\n\n')
}

type Thread = {
  readonly entry: string
  readonly busyMs: number
  readonly functions: ReadonlyMap<string, number>
}

function selfTimes(file: string): Thread {
  const { nodes, samples, timeDeltas } = JSON.parse(fs.readFileSync(file, 'utf8')) as Profile
  const names = new Map(nodes.map((node) => [node.id, nameOf(node.callFrame)]))
  const functions = new Map<string, number>()
  let busyMs = 0
  samples.forEach((id, index) => {
    const name = names.get(id) ?? ''
    const ms = (timeDeltas[index] ?? 0) / 1000
    if (name === '(idle)' || name === '(root)') return
    busyMs += ms
    functions.set(name, (functions.get(name) ?? 0) + ms)
  })
  return { entry: entryOf(nodes.map((node) => node.callFrame.url)), busyMs, functions }
}

function nameOf({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string {
  const place = url.replace(/^.*\/(?=src\/|node_modules\/)/, '')
  const name = functionName === '' ? '(anonymous)' : functionName
  return place === '' ? name : `${name} ${place}:${lineNumber + 1}`
}

/** Which thread it was, by the module that it began with. */
function entryOf(urls: readonly string[]): string {
  const isOf = (file: string): boolean => urls.some((url) => url.endsWith(file))
  if (isOf('src/main.ts')) return 'main thread'
  if (isOf('src/collector/worker.ts')) return 'collector thread'
  return isOf('src/query/worker.ts') ? 'query thread' : 'other thread'
}

function tableOf({ entry, busyMs, functions }: Thread): string {
  const rows = [...functions].toSorted((one, other) => other[1] - one[1]).slice(0, functionsShown)
  const lines = rows.map(([name, ms]) => `${((ms / busyMs) * 100).toFixed(1).padStart(6)} %  ${name}`)
  return [`${entry}: busy for ${(busyMs / 1000).toFixed(2)} s; self time`, ...lines].join('\n')
}
