/**
 * Random life of a simulated node: what is written when, which containers rotate, restart or go; from one
 * seed.
 */

import type { SimulatedContainer } from './container-simulator.ts'
import { fragmentBytes } from './log-formats.ts'
import type { SimulatedNode, SimulatedPod } from './node-simulator.ts'
import type { Random } from './random.ts'

export type WorkloadOptions = {
  readonly node: SimulatedNode
  readonly random: Random
  readonly containers: number
  /** Each container rotates after a random time in this range, and so on. */
  readonly rotateMs: readonly [least: number, most: number]
  readonly restartMs: readonly [least: number, most: number]
  /**
   * Time from a pod's last line to its deletion; another pod of its name takes its place at once. Null: no
   * deletions.
   */
  readonly deleteAfterMs: number | null
  /** How long a pod writes, where pods are deleted. */
  readonly podLifeMs?: readonly [least: number, most: number]
  /** Some containers write much and most little, instead of all the same. */
  readonly isUneven?: boolean
  /** Text that hardly compresses, so long, at the end of each line. */
  readonly paddingChars?: number
}

export type Workload = {
  /** Writes `lines` lines over all containers, and does what is due at `nowMs`. */
  readonly step: (nowMs: number, lines: number) => void
  /**
   * Ends open and half lines, then writes one line holding `mark` to both iostreams of every container; their
   * number.
   */
  readonly finish: (mark: string) => number
  readonly counts: () => Readonly<Record<'rotations' | 'restarts' | 'deletions', number>>
}

const containersPerPod = 2
const podLifeMsUsual: readonly [number, number] = [12_000, 25_000]
/** Characters that the padding of lines is cut out of. */
const paddingPoolChars = 2 ** 20
const lateChance = 0.2
/** The first restart of a container may come early: it deletes nothing yet. */
const firstRestartMsMin = 3000
const words = [
  'order',
  'Zahlung',
  'ночь',
  '支払い',
  'cache',
  'retry',
  '🚚',
  'timeout=30s',
  '<b>&"x"',
  '\ttab',
  'a\\b',
]
const levels = ['DEBUG', 'INFO', 'INFO', 'INFO', 'WARN', 'ERROR']

type Slot = {
  readonly container: SimulatedContainer
  readonly pod: SimulatedPod
  rotateAtMs: number
  restartAtMs: number
}

export function createWorkload(options: WorkloadOptions): Workload {
  const { node, random, podLifeMs = podLifeMsUsual, isUneven = false, paddingChars = 0 } = options
  const pad = createPadding(random, paddingChars)
  const counts = { rotations: 0, restarts: 0, deletions: 0 }
  const doomed: { readonly pod: SimulatedPod; readonly atMs: number }[] = []
  const ends = new Map<SimulatedPod, number>()
  let slots: Slot[] = []
  let nextId = 0

  const line = (): string => {
    nextId += 1
    return randomLine(random, `id=${nextId.toString(36)}`) + pad()
  }

  function startPod(namespace: string, name: string, nowMs: number): void {
    const containers = ['main', 'sidecar'].slice(0, containersPerPod)
    const pod = node.startPod({ namespace, pod: name, containers })
    if (options.deleteAfterMs !== null) ends.set(pod, nowMs + random.between(...podLifeMs))
    for (const container of pod.containers) {
      slots.push({
        container,
        pod,
        rotateAtMs: nowMs + random.between(...options.rotateMs),
        restartAtMs: nowMs + random.between(firstRestartMsMin, options.restartMs[1]),
      })
    }
  }

  /** A line that began before a rotation or the container's end. */
  function leaveOpen(container: SimulatedContainer): void {
    if (random.chance(0.3) && !container.isLineOpen('stderr')) container.openLine('stderr', line())
  }

  function act(nowMs: number): void {
    for (const slot of slots) {
      if (nowMs >= slot.restartAtMs) {
        leaveOpen(slot.container)
        slot.container.restart()
        slot.restartAtMs = nowMs + random.between(...options.restartMs)
        // A fresh log is small: the kubelet does not rotate it at once.
        slot.rotateAtMs = nowMs + random.between(...options.rotateMs)
        counts.restarts += 1
      } else if (nowMs >= slot.rotateAtMs) {
        leaveOpen(slot.container)
        const isLate = random.chance(lateChance) && !slot.container.isLineOpen('stdout')
        slot.container.rotate(isLate ? { late: [line()] } : {})
        slot.rotateAtMs = nowMs + random.between(...options.rotateMs)
        counts.rotations += 1
      }
    }
    for (const [pod, endMs] of ends) {
      if (nowMs < endMs) continue
      ends.delete(pod)
      for (const container of pod.containers) {
        // An open line's end is certain only when its file is gone: not before this writer is done, perhaps.
        closeLines(container)
        container.exit()
      }
      slots = slots.filter((slot) => slot.pod !== pod)
      doomed.push({ pod, atMs: nowMs + (options.deleteAfterMs ?? 0) })
      startPod(pod.namespace, pod.name, nowMs)
    }
    while (doomed[0] !== undefined && nowMs >= doomed[0].atMs) {
      doomed.shift()?.pod.delete()
      counts.deletions += 1
    }
  }

  return {
    step: (nowMs, lines) => {
      if (slots.length === 0) {
        const namespaces = ['shop', 'ops', 'kube-system']
        for (let pod = 0; pod * containersPerPod < options.containers; pod += 1) {
          startPod(namespaces[pod % namespaces.length] ?? '', `app-${pod}`, nowMs)
        }
      }
      act(nowMs)
      for (let written = 0; written < lines; written += 1)
        writeOne((isUneven ? pickUnevenly(slots, random) : random.pick(slots)).container, random, line)
    },
    finish: (mark) => {
      for (const { container } of slots) {
        closeLines(container)
        for (const iostream of ['stdout', 'stderr'] as const) container.write(iostream, `${mark} ${line()}`)
      }
      return slots.length * 2
    },
    counts: () => counts,
  }
}

/** The first of a hundred is picked 22 times, the last 0.3 times in a hundred. */
function pickUnevenly(slots: readonly Slot[], random: Random): Slot {
  const share = random.between(0, 9_999) / 10_000
  return slots[Math.floor(slots.length * share ** 3)] as Slot
}

function createPadding(random: Random, chars: number): () => string {
  if (chars === 0) return () => ''
  const digits = Array.from({ length: paddingPoolChars }, () => random.between(0, 35).toString(36))
  const pool = digits.join('')
  return () => {
    const at = random.between(0, paddingPoolChars - chars)
    return ` ${pool.slice(at, at + chars)}`
  }
}

function closeLines(container: SimulatedContainer): void {
  for (const iostream of ['stdout', 'stderr'] as const) {
    if (container.isLineOpen(iostream)) container.closeLine(iostream, ' is over')
  }
}

function writeOne(container: SimulatedContainer, random: Random, line: () => string): void {
  const iostream = random.chance(0.25) ? 'stderr' : 'stdout'
  if (container.isLineOpen(iostream)) {
    if (random.chance(0.3)) container.openLine(iostream, ' goes on')
    else container.closeLine(iostream, ' and ends')
  } else if (random.chance(0.01)) {
    container.openLine(iostream, line())
  } else {
    container.write(iostream, line(), { half: random.chance(0.02) })
  }
}

/** Mostly short; now and then exactly a fragment, one byte beside it, or several. Always unique by its id. */
function randomLine(random: Random, id: string): string {
  let text = `${random.pick(levels)} ${id}`
  for (let count = random.between(2, 12); count > 0; count -= 1) {
    text += ` ${random.pick(words)} ${random.between(0, 99_999)}`
  }
  if (!random.chance(0.002)) return text
  const length = random.pick([fragmentBytes - 1, fragmentBytes, fragmentBytes + 1, 2 * fragmentBytes, 50_000])
  const filled = `${text} `.padEnd(length, `${random.between(0, 9)}é漢`)
  // By bytes, so that the sizes meet the runtime's limit exactly; the cut must not leave half a character.
  const cut = Buffer.from(filled)
    .subarray(0, length)
    .toString()
    .replace(/\ufffd+$/, '')
  return cut + 'x'.repeat(length - Buffer.byteLength(cut))
}
