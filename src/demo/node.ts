/**
 * A simulated Kubernetes node: a handful of pods in three namespaces that write, rotate, restart and come and
 * go.
 */

import fs from 'node:fs'
import path from 'node:path'
import { type ContainerLog, createContainerLog } from './container-log.ts'
import { createLineSource, type LineKind, type LineSource } from './lines.ts'
import { createRandom, type Random } from './random.ts'

type Program = {
  readonly namespace: string
  /** Without what its controller appends. */
  readonly pod: string
  readonly container: string
  readonly kind: LineKind
  /** Events per second while the demo runs. */
  readonly rate: number
  /**
   * Suffix of the pod's name: of a ReplicaSet, a DaemonSet, a StatefulSet, or of a Job that is followed by
   * others.
   */
  readonly controller: 'replicas' | 'daemon' | 'stateful' | 'job'
  /** It fails after about this long and is started again; null: it does not fail. */
  readonly lifeMs: number | null
}

const minuteMs = 60_000
const historyMs = 60 * minuteMs
/** The hour before the start is written thinner than the present: a few thousand lines in all. */
const historyShare = 0.035
const tickMs = 100
/** After the machine slept, no more than this is made up for. */
const catchUpMs = 5000
/** The kubelet looks at sizes this often. */
const rotationCheckMs = 10_000
/** Small, so that a newcomer sees rotations within minutes. */
const rotationBytes = 384 * 1024
/** A job's pod is deleted this long after its end, with its files. */
const jobKeptMs = 2 * minuteMs

const programs: readonly Program[] = [
  {
    namespace: 'shop',
    pod: 'api',
    container: 'api',
    kind: 'json',
    rate: 11,
    controller: 'replicas',
    lifeMs: 4 * minuteMs,
  },
  {
    namespace: 'shop',
    pod: 'web',
    container: 'nginx',
    kind: 'nginx',
    rate: 8,
    controller: 'replicas',
    lifeMs: null,
  },
  {
    namespace: 'shop',
    pod: 'payments',
    container: 'payments',
    kind: 'java',
    rate: 4,
    controller: 'replicas',
    lifeMs: null,
  },
  {
    namespace: 'infra',
    pod: 'ingress',
    container: 'controller',
    kind: 'ingress',
    rate: 7,
    controller: 'daemon',
    lifeMs: null,
  },
  {
    namespace: 'infra',
    pod: 'dns',
    container: 'dns',
    kind: 'klog',
    rate: 2,
    controller: 'replicas',
    lifeMs: null,
  },
  {
    namespace: 'infra',
    pod: 'db',
    container: 'postgres',
    kind: 'postgres',
    rate: 3,
    controller: 'stateful',
    lifeMs: null,
  },
  {
    namespace: 'infra',
    pod: 'db',
    container: 'exporter',
    kind: 'logfmt',
    rate: 1,
    controller: 'stateful',
    lifeMs: null,
  },
  {
    namespace: 'jobs',
    pod: 'import',
    container: 'import',
    kind: 'job',
    rate: 2,
    controller: 'replicas',
    lifeMs: minuteMs,
  },
  {
    namespace: 'jobs',
    pod: 'report',
    container: 'report',
    kind: 'job',
    rate: 3,
    controller: 'job',
    lifeMs: 1.5 * minuteMs,
  },
]

/** One instance of a program: a container of a pod, with its files. */
type Running = {
  readonly program: Program
  readonly log: ContainerLog
  readonly source: LineSource
  /** Time of the next event, and of the next failure or end; milliseconds since 1970. */
  nextMs: number
  endMs: number
}

export type SimulatedNode = {
  /** Writes everything up to now; the demo calls it on its own timer, tests by hand. */
  readonly advance: (nowMs: number) => void
  readonly linesWritten: () => number
  readonly close: () => void
}

export type SimulatedNodeOptions = {
  /** Made here: `<namespace>_<pod>_<uid>/<container>/<n>.log` below it. */
  readonly podsFolder: string
  readonly seed: number
  /** The hour before is written at once, with two rotations behind it. */
  readonly startMs: number
}

export function createSimulatedNode({ podsFolder, seed, startMs }: SimulatedNodeOptions): SimulatedNode {
  const random = createRandom(seed)
  const ended: { readonly folder: string; readonly removeMs: number }[] = []
  const podIds = new Map<string, string>()
  let written = 0
  let checkMs = startMs + rotationCheckMs

  const start = (program: Program, atMs: number): Running => {
    const folder = path.join(podsFolder, podFolder({ program, random, podIds }), program.container)
    return {
      program,
      log: createContainerLog(folder, () => random.between(0, 999_999)),
      source: createLineSource(program.kind, random.between(0, 0xffff_ffff)),
      nextMs: atMs + pause(program, random),
      endMs: program.lifeMs === null ? Number.POSITIVE_INFINITY : atMs + random.spread(program.lifeMs),
    }
  }
  const emit = (running: Running, atMs: number): void => {
    const lines = running.source.next(atMs)
    running.log.write(lines, atMs)
    written += lines.length
  }
  const end = (running: Running, atMs: number): Running => {
    if (running.program.controller !== 'job') {
      running.log.restart()
      running.endMs = atMs + random.spread(running.program.lifeMs ?? historyMs)
      return running
    }
    running.log.close()
    const pod = podIds.get(podKey(running.program)) ?? ''
    ended.push({ folder: path.join(podsFolder, pod), removeMs: atMs + jobKeptMs })
    podIds.delete(podKey(running.program))
    return start(running.program, atMs)
  }

  fs.mkdirSync(podsFolder, { recursive: true })
  let all = programs.map((program) => start(program, startMs))
  for (const running of all) writeHistory({ running, emit, startMs })
  return {
    advance(nowMs) {
      all = all.map((running) => {
        running.nextMs = Math.max(running.nextMs, nowMs - catchUpMs)
        while (running.nextMs <= nowMs) {
          emit(running, running.nextMs)
          running.nextMs += pause(running.program, random)
        }
        return running.endMs <= nowMs ? end(running, nowMs) : running
      })
      while (ended[0] !== undefined && ended[0].removeMs <= nowMs) {
        fs.rmSync(ended.shift()?.folder ?? '', { recursive: true, force: true })
      }
      if (nowMs < checkMs) return
      checkMs = nowMs + rotationCheckMs
      for (const { log } of all) if (log.liveBytes() > rotationBytes) log.rotate(nowMs)
    },
    linesWritten: () => written,
    close: () => {
      for (const { log } of all) log.close()
    },
  }
}

/** Milliseconds to the next event, exponentially spread around the program's rate. */
function pause(program: Program, random: Random): number {
  return (-Math.log(1 - random.next()) * 1000) / program.rate
}

/** Oldest third in a gzip file, the next in a plain rotated one, the newest in the live file. */
function writeHistory(history: {
  readonly running: Running
  readonly emit: (running: Running, atMs: number) => void
  readonly startMs: number
}): void {
  const { running, emit, startMs } = history
  if (running.program.controller === 'job') return
  const stepMs = 1000 / (running.program.rate * historyShare)
  const rotations = [startMs - (historyMs * 2) / 3, startMs - historyMs / 3]
  for (let atMs = startMs - historyMs; atMs < startMs; atMs += stepMs) {
    while (rotations[0] !== undefined && atMs >= rotations[0]) running.log.rotate(rotations.shift() ?? atMs)
    emit(running, atMs)
  }
}

function podKey(program: Program): string {
  return `${program.namespace}/${program.pod}`
}

/** `<namespace>_<pod>_<uid>`, the same for all containers of a pod. */
function podFolder(wanted: {
  readonly program: Program
  readonly random: Random
  readonly podIds: Map<string, string>
}): string {
  const { program, random, podIds } = wanted
  const known = podIds.get(podKey(program))
  if (known !== undefined) return known
  const suffix = {
    replicas: `${random.hex(9)}-${random.hex(5)}`,
    daemon: random.hex(5),
    stateful: '0',
    job: `${random.between(29_380_000, 29_389_999)}-${random.hex(5)}`,
  }[program.controller]
  const variant = random.pick(['8', '9', 'a', 'b'])
  const uid = `${random.hex(8)}-${random.hex(4)}-4${random.hex(3)}-${variant}${random.hex(3)}-${random.hex(12)}`
  const folder = `${program.namespace}_${program.pod}-${suffix}_${uid}`
  podIds.set(podKey(program), folder)
  return folder
}

/** Lets the node live by the clock until it is closed. */
export function runSimulatedNode(node: SimulatedNode, now: () => number): { readonly close: () => void } {
  const timer = setInterval(() => node.advance(now()), tickMs)
  return {
    close: () => {
      clearInterval(timer)
      node.close()
    },
  }
}
