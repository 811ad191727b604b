/**
 * One container's log files as its runtime writes and the kubelet keeps them; from containerd, conmon, Docker
 * and kubelet sources.
 */

import * as fs from 'node:fs'
import * as path from 'node:path'

import {
  criRecord,
  cutPieces,
  decodeAsGo,
  dockerRecord,
  formatConmonTime,
  formatGoTime,
  type Iostream,
  type Nanos,
} from './log-formats.ts'
import { rotateAsDocker, rotateAsKubelet } from './rotation-simulator.ts'

/** Dead instances of a container that the kubelet keeps. */
const deadInstancesKept = 1
const logMode = 0o640

/** What was written: the truth that answers are compared with. `line` is the text without its line feed. */
export type WrittenLine = {
  readonly namespace: string
  readonly pod: string
  readonly podUid: string
  readonly container: string
  readonly restart: number
  readonly stream: Iostream
  /** RFC 3339 in UTC; of the first piece. */
  readonly time: string
  readonly line: string
  /** True for pieces whose end never came. */
  readonly unfinished: boolean
}

export type LogFormat = 'containerd' | 'conmon' | 'docker'

export type ContainerOptions = {
  readonly namespace: string
  readonly pod: string
  readonly podUid: string
  readonly container: string
  /** The container's folder below the pod's. */
  readonly folder: string
  readonly format: LogFormat
  readonly firstRestart: number
  readonly zoneMinutes: number
  /** Docker only: folder of `<id>/<id>-json.log`. */
  readonly dockerRoot: string
  /** A new container id per instance. */
  readonly nextId: () => string
  readonly now: () => Nanos
  readonly onWritten: (line: WrittenLine) => void
  /** Called with the container's id when a new instance has its live file, for the legacy link. */
  readonly onStarted: (id: string, livePath: string) => void
}

export type WriteOptions = {
  /** Default: now. */
  readonly time?: Nanos
  /**
   * Write only the first part of the last record's bytes; the next action on this container writes the rest.
   */
  readonly half?: boolean
}

type OpenLine = { readonly time: Nanos; text: string }

export class SimulatedContainer {
  readonly name: string
  readonly #options: ContainerOptions
  readonly #openLines = new Map<Iostream, OpenLine>()
  /** Docker: the file that each instance's link leads to. */
  readonly #targets = new Map<number, string>()
  #restart: number
  #fd = -1
  #rest: Buffer | null = null
  #lastStampSec = 0

  constructor(options: ContainerOptions) {
    this.name = options.container
    this.#options = options
    this.#restart = options.firstRestart
    fs.mkdirSync(options.folder, { recursive: true })
    this.#start()
  }

  get restartCount(): number {
    return this.#restart
  }

  /** `<n>.log` of the present instance (a link in the Docker layout). */
  get livePath(): string {
    return this.#instancePath(this.#restart)
  }

  isLineOpen(iostream: Iostream): boolean {
    return this.#openLines.has(iostream)
  }

  /** A whole line, cut into pieces as the runtime does. */
  write(iostream: Iostream, line: string, options: WriteOptions = {}): void {
    const { time = this.#options.now(), half = false } = options
    const pieces = cutPieces(Buffer.from(line))
    let dockerText = ''
    pieces.forEach((piece, index) => {
      const isLast = index === pieces.length - 1
      const record = this.#record(iostream, piece, time, time + BigInt(index), isLast)
      this.#append(record, half && isLast)
      if (this.#options.format === 'docker') dockerText += decodeAsGo(piece)
    })
    this.#report(iostream, time, this.#options.format === 'docker' ? dockerText : line)
  }

  /** A piece of a line that goes on; `closeLine` ends it. */
  openLine(iostream: Iostream, piece: string): void {
    const now = this.#options.now()
    const open = this.#openLines.get(iostream) ?? { time: now, text: '' }
    this.#append(this.#record(iostream, Buffer.from(piece), open.time, now, false))
    open.text += piece
    this.#openLines.set(iostream, open)
  }

  closeLine(iostream: Iostream, piece: string): void {
    const open = this.#openLines.get(iostream)
    if (open === undefined) throw new Error(`no open line on ${iostream}`)
    this.#openLines.delete(iostream)
    this.#append(this.#record(iostream, Buffer.from(piece), open.time, this.#options.now(), true))
    this.#report(iostream, open.time, open.text + piece)
  }

  /** Writes the rest of a half record. */
  completeHalf(): void {
    if (this.#rest === null) return
    writeAll(this.#fd, this.#rest)
    this.#rest = null
  }

  /** Bytes that are no record, as they are; not part of the truth. */
  writeRaw(bytes: Uint8Array): void {
    this.#append(bytes)
  }

  /** `late`: lines of stdout that reach the renamed file after the new one is live; no line may be open. */
  rotate({ late = [] }: { readonly late?: readonly string[] } = {}): void {
    this.completeHalf()
    const { format, now } = this.#options
    const oldFd = this.#fd
    if (format === 'docker') {
      rotateAsDocker(this.#filePath())
    } else {
      // The stamp has a resolution of one second and must not repeat.
      this.#lastStampSec = Math.max(this.#lastStampSec + 1, Number(now() / 1_000_000_000n))
      rotateAsKubelet(this.livePath, this.#lastStampSec)
    }
    this.#fd = openLog(this.#filePath())
    for (const line of late) {
      const time = now()
      writeAll(oldFd, this.#record('stdout', Buffer.from(line), time, time, true))
      this.#report('stdout', time, line)
    }
    fs.closeSync(oldFd)
  }

  /**
   * The instance ends (open lines stay without their end) and the next begins; older dead ones are removed.
   */
  restart(): void {
    this.exit()
    this.#restart += 1
    this.#start()
    for (let n = this.#options.firstRestart; n < this.#restart - deadInstancesKept; n += 1)
      this.#removeInstance(n)
  }

  /** Ends the instance without a next one; its files stay. */
  exit(): void {
    if (this.#fd === -1) return
    this.completeHalf()
    for (const [iostream, line] of this.#openLines) this.#report(iostream, line.time, line.text, true)
    this.#openLines.clear()
    fs.closeSync(this.#fd)
    this.#fd = -1
  }

  /** Removes the files of all instances. */
  remove(): void {
    this.exit()
    for (let n = this.#options.firstRestart; n <= this.#restart; n += 1) this.#removeInstance(n)
  }

  #instancePath(n: number): string {
    return path.join(this.#options.folder, `${n}.log`)
  }

  #filePath(): string {
    return this.#targets.get(this.#restart) ?? this.livePath
  }

  #start(): void {
    const { format, dockerRoot, nextId, onStarted } = this.#options
    const id = nextId()
    if (format === 'docker') {
      const target = path.join(dockerRoot, id, `${id}-json.log`)
      fs.mkdirSync(path.dirname(target), { recursive: true })
      this.#targets.set(this.#restart, target)
      this.#fd = openLog(target)
      fs.symlinkSync(target, this.livePath)
    } else {
      this.#fd = openLog(this.livePath)
    }
    onStarted(id, this.livePath)
  }

  #report(stream: Iostream, time: Nanos, line: string, unfinished = false): void {
    const { namespace, pod, podUid, container, onWritten } = this.#options
    const restart = this.#restart
    onWritten({ namespace, pod, podUid, container, restart, stream, time: formatUtc(time), line, unfinished })
  }

  #append(bytes: Uint8Array, half = false): void {
    if (this.#fd === -1) throw new Error(`${this.livePath} has ended`)
    this.completeHalf()
    const cut = half ? Math.ceil(bytes.length / 2) : bytes.length
    writeAll(this.#fd, bytes.subarray(0, cut))
    if (cut < bytes.length) this.#rest = Buffer.from(bytes.subarray(cut))
  }

  /** Docker gives all pieces of a line the first one's time, CRI runtimes each its own. */
  #record(iostream: Iostream, piece: Uint8Array, lineTime: Nanos, pieceTime: Nanos, isLast: boolean): Buffer {
    const { format, zoneMinutes } = this.#options
    if (format === 'docker') {
      return dockerRecord(formatGoTime(lineTime), iostream, `${decodeAsGo(piece)}${isLast ? '\n' : ''}`)
    }
    const formatTime = format === 'conmon' ? formatConmonTime : formatGoTime
    return criRecord(formatTime(pieceTime, zoneMinutes), iostream, isLast ? 'F' : 'P', piece)
  }

  #removeInstance(n: number): void {
    for (const name of fs.readdirSync(this.#options.folder)) {
      if (name.startsWith(`${n}.log`)) fs.rmSync(path.join(this.#options.folder, name))
    }
    const target = this.#targets.get(n)
    if (target !== undefined) fs.rmSync(path.dirname(target), { recursive: true })
    this.#targets.delete(n)
  }
}

function openLog(file: string): number {
  return fs.openSync(file, fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_APPEND, logMode)
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += fs.writeSync(fd, bytes, at)
}

function formatUtc(time: Nanos): string {
  return formatConmonTime(time).replace('+00:00', 'Z')
}
