/**
 * The log files of one container as its runtime and the kubelet treat them, and a model of what was in each.
 * Facts: kubelet's container_log_manager.go, Docker's logfile.go.
 */

import fs from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import type { FileCommand } from './commands.ts'
import { ModelFile } from './model-file.ts'
import { createRecord, type Format, isIdWritten, type RecordSpec } from './records.ts'

export type ContainerDeps = {
  /** Kubelet's folder of this container. */
  readonly folder: string
  /** Where Docker would keep its files. */
  readonly dockerFolder: string
  readonly format: Format
  readonly isWild: boolean
  /** The collector holds few descriptors. */
  readonly areFewOpen: boolean
  readonly nextId: () => number
  readonly nanos: () => bigint
  readonly isRunning: () => boolean
  /** The collector lists everything; reads and stores it too, unless `isListing` alone. */
  readonly look: (isListing: boolean) => void
  /** Told with each new file. */
  readonly created: (inode: string) => void
}

export class TortureContainer {
  /** By restart: contents in the order of writing. */
  readonly instances: ModelFile[][] = []
  restart = 0
  readonly #deps: ContainerDeps
  /** By path: files that hold log text, compressed or not. */
  readonly #names = new Map<string, ModelFile>()
  #stamp = 0

  constructor(deps: ContainerDeps) {
    this.#deps = deps
    fs.mkdirSync(deps.folder, { recursive: true })
  }

  run(command: FileCommand): void {
    switch (command.type) {
      case 'write':
        return this.#write(command.records)
      case 'half':
        return this.#begin(command.record, command.share)
      case 'rotate':
        return this.#rotate(command.isLate, command.kept)
      case 'crash':
        return this.#crash(command.stage)
      case 'copytruncate':
        return this.#copyTruncate(command.isWatched)
      case 'truncate':
        return this.#truncate(command.isSeen, command.hasHole)
      case 'delete':
        return this.#delete()
      case 'recreate':
        this.#delete()
        return this.#write([command.record])
      case 'restart':
        return this.#restart()
      case 'removeOld':
        return this.#remove((instance) => instance < this.restart)
      case 'removeFolder':
        this.#remove(() => true)
        fs.rmSync(this.#deps.folder, { recursive: true, force: true })
    }
  }

  /** Ends what is begun; writes the first line of a next instance. */
  end(): void {
    this.endHalf()
    this.#restart()
    this.#write([{ shape: 'line', isStderr: false, text: 'last', pad: 0, oddTime: null }])
  }

  /** Writes the rest of a record into the file where it was begun. */
  endHalf(): void {
    const name = this.#live
    const half = this.#names.get(name)?.half ?? null
    if (half === null) return
    fs.appendFileSync(name, Buffer.from(half.bytes.slice(half.written), 'latin1'))
    half.written = half.bytes.length
  }

  *files(): Generator<ModelFile> {
    for (const instance of this.instances) yield* instance
  }

  get hasGzip(): boolean {
    return [...this.#names.keys()].some((name) => name.endsWith('.gz'))
  }

  listed(): void {
    for (const file of this.#names.values()) file.listed()
  }

  looked(): void {
    for (const file of this.#names.values()) file.looked = file.records.length
  }

  get #isDocker(): boolean {
    return this.#deps.format === 'docker'
  }

  get #live(): string {
    return this.#liveOf(this.restart)
  }

  #liveOf(restart: number): string {
    const { dockerFolder, folder } = this.#deps
    return this.#isDocker
      ? path.join(dockerFolder, `id${restart}`, `id${restart}-json.log`)
      : path.join(folder, `${restart}.log`)
  }

  /** The live file's content so far; a new file where there is none. */
  #open(): ModelFile {
    const name = this.#live
    const known = this.#names.get(name)
    if (known !== undefined) return known
    const { created, folder } = this.#deps
    fs.mkdirSync(path.dirname(name), { recursive: true })
    fs.mkdirSync(folder, { recursive: true })
    fs.appendFileSync(name, '')
    const link = path.join(folder, `${this.restart}.log`)
    if (this.#isDocker && !fs.existsSync(link)) fs.symlinkSync(name, link)
    created(String(fs.statSync(name, { bigint: true }).ino))
    return this.#begins(name)
  }

  #begins(name: string): ModelFile {
    const file = new ModelFile()
    this.#names.set(name, file)
    while (this.instances.length <= this.restart) this.instances.push([])
    this.instances[this.restart]?.push(file)
    return file
  }

  #write(specs: readonly RecordSpec[]): void {
    const file = this.#open()
    this.endHalf()
    let bytes = ''
    for (const spec of this.#fit(specs, file)) {
      const record = this.#create(spec)
      file.records.push(record)
      bytes += record.bytes
    }
    fs.appendFileSync(this.#live, Buffer.from(bytes, 'latin1'))
  }

  #begin(spec: RecordSpec, share: number): void {
    const file = this.#open()
    this.endHalf()
    for (const fitting of this.#fit([spec], file)) {
      const record = this.#create(fitting)
      const whole = record.bytes.length - 1
      record.written = Math.max(1, Math.floor((whole * share) / 100))
      // Two files that both begin with a few bytes of a time cannot be told apart.
      const isTold = this.#deps.isWild || file.records.length === 0
      if (isTold && !isIdWritten(record)) record.written = whole
      file.records.push(record)
      fs.appendFileSync(this.#live, Buffer.from(record.bytes.slice(0, record.written), 'latin1'))
    }
  }

  #create(spec: RecordSpec) {
    const { format, nanos, nextId } = this.#deps
    return createRecord(spec, nextId(), nanos(), format)
  }

  /**
   * What this writer can have written here: a first line has its clock's time, for files are ordered by it;
   * where it has not, nothing that spans files. An empty line is followed by one that can be found again.
   */
  #fit(specs: readonly RecordSpec[], file: ModelFile): RecordSpec[] {
    const { isWild } = this.#deps
    const fitting = specs.map((spec, index): RecordSpec => {
      const isFirst = index === 0 && file.records.length === 0
      const pad = this.#isDocker || isWild ? Math.min(spec.pad, dockerPadMax) : spec.pad
      if (isWild) return { ...spec, pad, shape: spec.shape === 'raw' ? 'raw' : 'line' }
      const isHuge = pad >= hugeBytes
      if (!isFirst) return isHuge ? { ...spec, oddTime: null } : { ...spec, pad }
      return { ...spec, pad, oddTime: null, shape: spec.shape === 'part' ? 'part' : 'line' }
    })
    const last = fitting.at(-1)
    return last?.shape === 'empty' ? [...fitting, { ...last, shape: 'line' }] : fitting
  }

  #rotate(isLate: boolean, kept: number): void {
    const file = this.#names.get(this.#live)
    if (file === undefined) return
    if (!isLate) this.endHalf()
    const half = file.half
    const renamed = this.#isDocker ? this.#rotateAsDocker(kept) : this.#rotateAsKubelet(kept)
    this.#open()
    if (half !== null) {
      fs.appendFileSync(renamed, Buffer.from(half.bytes.slice(half.written), 'latin1'))
      half.written = half.bytes.length
    }
  }

  #rotateAsKubelet(kept: number): string {
    const live = this.#live
    this.#cleanUp()
    const rotated = this.#rotated()
    for (const name of rotated.slice(0, Math.max(0, rotated.length - kept + 1))) this.#unlink(name)
    for (const name of this.#rotated()) if (!name.endsWith('.gz')) this.#compress(name)
    const renamed = this.#nextStamp()
    this.#rename(live, renamed)
    return renamed
  }

  #rotateAsDocker(kept: number): string {
    const live = this.#live
    const numbered = this.#rotated()
    for (let number = numbered.length + 1; number > 0; number -= 1) {
      for (const suffix of ['', '.gz']) {
        const name = `${live}.${number}${suffix}`
        if (!this.#names.has(name)) continue
        if (number >= kept) this.#unlink(name)
        else this.#rename(name, `${live}.${number + 1}${suffix}`)
      }
    }
    this.#rename(live, `${live}.1`)
    const second = `${live}.2`
    if (this.#names.has(second) && numbered.length % 2 === 0) this.#compress(second)
    return `${live}.1`
  }

  /** What an earlier rotation left behind: temporary files, and plain ones that are compressed too. */
  #cleanUp(): void {
    const { folder } = this.#deps
    for (const name of fs.existsSync(folder) ? fs.readdirSync(folder) : []) {
      if (name.endsWith('.tmp')) fs.rmSync(path.join(folder, name))
    }
    for (const name of this.#rotated()) if (this.#names.has(`${name}.gz`)) this.#unlink(name)
  }

  #crash(stage: 'tmp' | 'twin' | 'renamed'): void {
    if (this.#isDocker) return
    this.endHalf()
    const plain = this.#rotated().findLast((name) => !name.endsWith('.gz'))
    if (stage === 'renamed') {
      if (this.#names.has(this.#live)) this.#rename(this.#live, this.#nextStamp())
    } else if (plain !== undefined && !this.#names.has(`${plain}.gz`)) {
      const compressed = gzipSync(fs.readFileSync(plain), { level: 1 })
      if (stage === 'tmp') fs.writeFileSync(`${plain}.tmp`, compressed.subarray(0, compressed.length / 2))
      else this.#writeTwin(plain, compressed)
    }
  }

  #writeTwin(plain: string, compressed: Buffer): void {
    fs.writeFileSync(`${plain}.tmp`, compressed)
    fs.renameSync(`${plain}.tmp`, `${plain}.gz`)
    this.#names.set(`${plain}.gz`, this.#at(plain))
  }

  #copyTruncate(isWatched: boolean): void {
    const live = this.#live
    const file = this.#names.get(live)
    if (file === undefined || file.records.length === 0 || this.#isDocker) return
    this.endHalf()
    const copy = this.#nextStamp()
    fs.copyFileSync(live, copy)
    this.#names.set(copy, file)
    if (isWatched) this.#deps.look(true)
    file.hasDescriptor = false
    file.isTruncated = true
    fs.truncateSync(live)
    this.#begins(live)
  }

  #truncate(isSeen: boolean, hasHole: boolean): void {
    const live = this.#live
    const file = this.#names.get(live)
    if (file === undefined || file.records.length === 0) return
    if (this.#deps.isWild) return this.#rotate(false, keepAll)
    if (file.isHalfNameless) this.endHalf()
    if (isSeen) this.#deps.look(false)
    const { size } = fs.statSync(live)
    fs.truncateSync(live)
    if (hasHole && size < holeBytesMax) fs.truncateSync(live, size)
    this.#names.delete(live)
    // A copy may be there still, if the program has cut off a file that was copied before.
    if ([...this.#names.values()].includes(file)) file.hasDescriptor = false
    else file.truncated(this.#deps.isRunning(), this.#deps.areFewOpen)
    this.#begins(live)
  }

  #delete(): void {
    if (!this.#names.has(this.#live)) return
    if (this.#deps.isWild) return this.#rotate(false, keepAll)
    this.#unlink(this.#live)
    // Docker with max-file=1 deletes and begins anew; without the file its link would lead nowhere.
    if (this.#isDocker) this.#open()
    this.#noteEmpty()
  }

  #restart(): void {
    const file = this.#names.get(this.#live)
    // The pieces of a line cannot be told to be without one that has no id.
    if (file?.isHalfNameless && file.half?.meaning(file.half.written).malformed === false) this.endHalf()
    this.restart += 1
    this.#open()
  }

  #remove(isWanted: (restart: number) => boolean): void {
    for (const [restart] of this.instances.entries()) {
      if (!isWanted(restart)) continue
      const live = this.#liveOf(restart)
      for (const name of this.#names.keys()) if (name.startsWith(live)) this.#unlink(name)
      fs.rmSync(path.join(this.#deps.folder, `${restart}.log`), { force: true })
    }
    this.#noteEmpty()
  }

  #unlink(name: string): void {
    const file = this.#at(name)
    if (file.isHalfNameless && name === this.#live) this.endHalf()
    fs.rmSync(name)
    this.#names.delete(name)
    if ([...this.#names.values()].includes(file)) return
    file.unlinked(this.#deps.isRunning(), this.#deps.areFewOpen)
  }

  /** Instances without any file: what was unfinished in them may have come out, and losses are silent. */
  #noteEmpty(): void {
    for (const [restart, files] of this.instances.entries()) {
      const live = this.#liveOf(restart)
      if ([...this.#names.keys()].some((name) => name.startsWith(live))) continue
      const last = files.at(-1)
      if (last !== undefined) last.maySplit = true
      for (const file of files) if (!file.isDecided) file.isSilent = true
    }
  }

  /** Rotated files of the live instance, oldest first. */
  #rotated(): string[] {
    const prefix = `${this.#live}.`
    return [...this.#names.keys()].filter((name) => name.startsWith(prefix)).toSorted()
  }

  #at(name: string): ModelFile {
    const file = this.#names.get(name)
    if (file === undefined) throw new Error(`No such file: ${name}`)
    return file
  }

  #rename(from: string, to: string): void {
    fs.renameSync(from, to)
    this.#names.set(to, this.#at(from))
    this.#names.delete(from)
  }

  #compress(plain: string): void {
    const file = this.#at(plain)
    if (!this.#names.has(`${plain}.gz`))
      this.#writeTwin(plain, gzipSync(fs.readFileSync(plain), { level: 1 }))
    fs.rmSync(plain)
    this.#names.delete(plain)
    file.hasDescriptor = false
  }

  #nextStamp(): string {
    this.#stamp += 1
    return `${this.#live}.20261122-${String(100_000 + this.#stamp)}`
  }
}

const keepAll = 99
/** A record that no reader knows is cut where its reads end: only those that have a time are as long. */
const hugeBytes = 100_000
/** Escaped bytes take six: a Docker line stays below one read. */
const dockerPadMax = 16_384
/** A hole is looked through for the first line only where the beginning of the file is known. */
const holeBytesMax = 900
