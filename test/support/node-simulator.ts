/**
 * A simulated Kubernetes node: pods whose containers write real log files, and the exact list of what was
 * written.
 */

import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'

import { type LogFormat, SimulatedContainer, type WrittenLine } from './container-simulator.ts'
import type { Nanos } from './log-formats.ts'
import { createRandom, type Random } from './random.ts'

/** The kubelet cuts legacy link names to this many characters before `.log`. */
const legacyNameChars = 251

export type NodeOptions = {
  /** Gets `pods`, `containers` and `docker` below it; default: a new folder that `remove` deletes. */
  readonly root?: string
  readonly seed?: number
  readonly format?: LogFormat
  /** Offset of the node's zone in the times it writes. */
  readonly zoneMinutes?: number
  /** Default: the real time in nanoseconds, never the same twice. */
  readonly now?: () => Nanos
  /** Called for each line; default: kept in `written`. */
  readonly onWritten?: (line: WrittenLine) => void
}

export type PodOptions = {
  readonly namespace: string
  readonly pod: string
  readonly uid?: string
  readonly containers: readonly string[]
  readonly firstRestart?: number
}

export type SimulatedPod = {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly containers: readonly SimulatedContainer[]
  readonly container: (name: string) => SimulatedContainer
  /** Removes its files, then its folders. */
  readonly delete: () => void
}

export type SimulatedNode = {
  readonly root: string
  /** `/var/log/pods` of this node. */
  readonly podsRoot: string
  /** `/var/log/containers`: one link per container instance. */
  readonly containersRoot: string
  readonly dockerRoot: string
  readonly written: readonly WrittenLine[]
  readonly startPod: (options: PodOptions) => SimulatedPod
  readonly pods: () => readonly SimulatedPod[]
  /** Completes half records and closes the files; they stay. */
  readonly close: () => void
  /** `close`, then deletes everything below `root`. */
  readonly remove: () => void
}

type Ground = Pick<SimulatedNode, 'podsRoot' | 'containersRoot' | 'dockerRoot'> & {
  readonly options: NodeOptions
  readonly random: Random
  readonly now: () => Nanos
  readonly onWritten: (line: WrittenLine) => void
  readonly onDeleted: (pod: SimulatedPod) => void
}

export function createNode(options: NodeOptions = {}): SimulatedNode {
  const root = options.root ?? fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-node-'))
  const podsRoot = path.join(root, 'pods')
  const containersRoot = path.join(root, 'containers')
  const dockerRoot = path.join(root, 'docker')
  for (const folder of [podsRoot, containersRoot, dockerRoot]) fs.mkdirSync(folder, { recursive: true })
  const written: WrittenLine[] = []
  const pods = new Set<SimulatedPod>()
  const ground: Ground = {
    podsRoot,
    containersRoot,
    dockerRoot,
    options,
    random: createRandom(options.seed ?? 1),
    now: options.now ?? createClock(),
    onWritten: options.onWritten ?? ((line) => void written.push(line)),
    onDeleted: (pod) => pods.delete(pod),
  }
  const close = (): void => {
    for (const pod of pods) for (const container of pod.containers) container.exit()
  }
  return {
    root,
    podsRoot,
    containersRoot,
    dockerRoot,
    written,
    startPod: (podOptions) => {
      const pod = startPod(ground, podOptions)
      pods.add(pod)
      return pod
    },
    pods: () => [...pods],
    close,
    remove: () => {
      close()
      fs.rmSync(root, { recursive: true, force: true })
    },
  }
}

function startPod(
  ground: Ground,
  { namespace, pod: name, containers: names, ...given }: PodOptions,
): SimulatedPod {
  const { options, now, onWritten, dockerRoot } = ground
  const hex = (length: number): string =>
    Array.from({ length }, () => ground.random.between(0, 15).toString(16)).join('')
  const uid = given.uid ?? [8, 4, 4, 4, 12].map(hex).join('-')
  const folder = path.join(ground.podsRoot, `${namespace}_${name}_${uid}`)
  const links: string[] = []
  const containers = names.map((container) => {
    const onStarted = (id: string, livePath: string): void => {
      const linkName = `${name}_${namespace}_${container}-${id}`.slice(0, legacyNameChars)
      links.push(path.join(ground.containersRoot, `${linkName}.log`))
      fs.symlinkSync(livePath, links.at(-1) ?? '')
    }
    return new SimulatedContainer({
      namespace,
      pod: name,
      podUid: uid,
      container,
      folder: path.join(folder, container),
      format: options.format ?? 'containerd',
      firstRestart: given.firstRestart ?? 0,
      zoneMinutes: options.zoneMinutes ?? 0,
      dockerRoot,
      nextId: () => hex(64),
      now,
      onWritten,
      onStarted,
    })
  })
  const pod: SimulatedPod = {
    namespace,
    name,
    uid,
    containers,
    container: (wanted) => {
      const found = containers.find((container) => container.name === wanted)
      if (found === undefined) throw new Error(`no container ${wanted} in ${name}`)
      return found
    },
    delete: () => {
      for (const container of containers) container.remove()
      for (const link of links) fs.rmSync(link, { force: true })
      fs.rmSync(folder, { recursive: true })
      ground.onDeleted(pod)
    },
  }
  return pod
}

/** Real time in nanoseconds; ascending, so that a line's place in its iostream is also its place in time. */
export function createClock(): () => Nanos {
  let last = 0n
  const offset = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint()
  return () => {
    const time = offset + process.hrtime.bigint()
    last = time > last ? time : last + 1n
    return last
  }
}
