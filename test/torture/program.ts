/**
 * Runs one random program over real files, with a collector on the program's clock, and says what became of
 * its lines.
 */

import fs from 'node:fs'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { NodeFolder } from '../collector/node-folder.ts'
import type { Command, FileCommand, TortureProgram } from './commands.ts'
import { TortureContainer } from './container.ts'
import type { TortureStore } from './stores.ts'
import { judge, type Verdict } from './verdict.ts'

/** Runs a program from its beginning to the last line's place in the store. */
export async function runTorture({ setup, commands }: TortureProgram, store: TortureStore): Promise<Verdict> {
  const run = new TortureRun(setup, store)
  try {
    for (const command of commands) await run.run(command)
    return await run.finish()
  } finally {
    run.close()
  }
}

const folders = [
  ['shop_api_uid-1', 'app'],
  ['shop_api_uid-1', 'side'],
  ['shop_other_uid-2', 'app'],
] as const

class TortureRun {
  readonly #node: NodeFolder
  readonly #store: TortureStore
  readonly #setup: TortureProgram['setup']
  readonly #containers: TortureContainer[]
  readonly #inodes = new Set<string>()
  #inodesReused = 0
  #kills = 0
  #isRunning = true
  #lastId = 0
  #nanos = 0n

  constructor(setup: TortureProgram['setup'], store: TortureStore) {
    this.#setup = setup
    this.#store = store
    const { isWild, openFilesMax } = setup
    const options = {
      // Without an order of files, pieces of a line could not be told apart.
      lineBytesMax: isWild ? 1024 * 1024 : setup.lineBytesMax,
      ...(openFilesMax > 0 ? { openFilesMax } : {}),
    }
    const node = new NodeFolder(options, true, store.open)
    this.#node = node
    const dockerFolder = path.join(node.base, 'docker')
    fs.mkdirSync(dockerFolder)
    node.allow([node.root, dockerFolder])
    this.#containers = folders.map(
      ([pod, container], index) =>
        new TortureContainer({
          folder: path.join(node.root, pod, container),
          dockerFolder: path.join(dockerFolder, String(index)),
          format: setup.formats[index] ?? 'containerd',
          isWild,
          areFewOpen: openFilesMax > 0,
          nextId: () => (this.#lastId += 1),
          nanos: () => this.#tick(),
          isRunning: () => this.#isRunning,
          look: (isListing) => this.#lookNow(isListing),
          created: (inode) => this.#created(inode),
        }),
    )
  }

  async run(command: Command): Promise<void> {
    const node = this.#node
    switch (command.type) {
      case 'step':
        node.now += command.ms
        return this.#step()
      case 'look':
        return this.#lookNow(false)
      case 'slice':
        this.#scan()
        node.core.poll(node.now, { all: true, budgetMs: 0 })
        return
      case 'commit':
        this.#commit(false)
        return
      case 'pass':
        return this.#pass(command.ms)
      case 'jump':
        node.now += command.ms
        return
      case 'fail':
        this.#store.isFailing = command.isFailing
        return
      case 'kill':
        return this.#kill(command.inCommit, command.down)
      default:
        this.#container(command.at).run(command)
    }
  }

  /** Ends what is open, lets everything be read, kills once more, and judges. */
  async finish(): Promise<Verdict> {
    for (const container of this.#containers) container.endHalf()
    this.#store.isFailing = false
    await this.#settle()
    this.#kill(false, [])
    for (const container of this.#containers) container.end()
    await this.#settle()
    const lines = this.#store.lines()
    const verdict = judge({
      instances: this.#containers.flatMap(({ instances }, index) =>
        instances.map((files, restart) => ({ stream: streamOf(index, restart), files })),
      ),
      lines,
      setup: this.#setup,
      nowSec: this.#node.now / 1000,
    })
    const left = this.#store.fragmentCount()
    if (left > 0) verdict.problems.push(`${left} fragments are left in the store`)
    return { ...verdict, kills: this.#kills, inodesReused: this.#inodesReused }
  }

  close(): void {
    this.#node.core.close()
    this.#store.close()
    this.#node.close()
  }

  #container(at: number): TortureContainer {
    return this.#containers[at] as TortureContainer
  }

  /** The runtime's clock: never back, so that files can be ordered by it. */
  #tick(): bigint {
    const nowNanos = BigInt(Date.now()) * 1_000_000n
    this.#nanos = nowNanos > this.#nanos ? nowNanos : this.#nanos + 1_000n
    return this.#nanos
  }

  #created(inode: string): void {
    if (this.#inodes.has(inode)) this.#inodesReused += 1
    this.#inodes.add(inode)
  }

  #scan(isForced = false): void {
    this.#node.core.scan(this.#node.now, isForced)
    for (const container of this.#containers) container.listed()
  }

  #lookNow(isListing: boolean): void {
    if (!this.#isRunning) return
    this.#scan(true)
    if (isListing) return
    const { core, now } = this.#node
    while (core.poll(now, { all: true, budgetMs: longMs })) continue
    for (const container of this.#containers) container.looked()
  }

  #step(): void {
    const { core, now } = this.#node
    this.#scan()
    const { commitCount } = this.#store
    core.poll(now)
    core.commitIfDue(now)
    if (this.#store.commitCount > commitCount) this.#committed(false)
    this.#store.maintain(now)
  }

  /** `isComplete`: nothing has been written since all was looked at. */
  #commit(isComplete: boolean): boolean {
    const { core, now } = this.#node
    if (!core.commit(now)) return false
    // True also where there was nothing to store: then all that is read is stored.
    const isAll = isComplete && !core.isBehind()
    this.#committed(isAll)
    return isAll
  }

  #committed(isComplete: boolean): void {
    for (const container of this.#containers) {
      for (const file of container.files()) file.committed(isComplete)
    }
  }

  async #pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= roundMs) {
      this.#node.now += Math.min(roundMs, left)
      this.#lookNow(false)
      await this.#breathe()
    }
    this.#commit(true)
    this.#store.maintain(this.#node.now)
  }

  /** Decompressing goes on beside the program. */
  async #breathe(): Promise<void> {
    await setImmediate()
    const { core, now } = this.#node
    for (let waits = 0; waits < waitsMax && core.isBehind() && this.#hasGzip(); waits += 1) {
      if (!(await this.#node.nextWake(wakeMs))) return
      while (core.poll(now, { all: true, budgetMs: longMs })) continue
    }
  }

  #hasGzip(): boolean {
    return this.#containers.some((container) => container.hasGzip)
  }

  /** Rounds until nothing more can come, and what has gone is certainly gone. */
  async #settle(): Promise<void> {
    let quiet = 0
    for (let rounds = 0; quiet < quietRounds && rounds < roundsMax; rounds += 1) {
      this.#node.now += roundMs
      this.#lookNow(false)
      await this.#breathe()
      quiet = this.#commit(true) ? quiet + 1 : 0
      this.#store.maintain(this.#node.now)
    }
    for (const container of this.#containers) {
      for (const file of container.files()) if (file.isDestroyed || file.isUnlinked) file.isDecided = true
    }
  }

  #kill(inCommit: boolean, down: readonly FileCommand[]): void {
    const node = this.#node
    const { commitCount } = this.#store
    if (inCommit) {
      this.#store.isDying = true
      node.core.commit(node.now)
      this.#store.isDying = false
    }
    node.core.close()
    this.#kills += 1
    this.#isRunning = false
    for (const container of this.#containers) {
      // Stored, though the collector does not know it.
      for (const file of container.files()) {
        if (this.#store.commitCount > commitCount) file.committed(false)
        file.killed()
      }
    }
    for (const command of down) this.#container(command.at).run(command)
    node.kill()
    this.#isRunning = true
  }
}

function streamOf(index: number, restart: number): string {
  const [pod = '', container = ''] = folders[index] ?? []
  return `${pod.replaceAll('_', '/')}/${container}/${restart}`
}

/** No poll of a program takes as long, however busy the machine is. */
const longMs = 60_000
/** Above the time after which a rotated file is over, and a missing one gone. */
const roundMs = 2_500
const quietRounds = 3
const roundsMax = 60
const waitsMax = 50
/** Decompressing begins at once and calls within this. */
const wakeMs = 3
