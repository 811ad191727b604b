/**
 * A log root in a temporary folder, and a collector over it that tests drive by hand with their own clock.
 */

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import {
  type CollectorCore,
  type CollectorOptions,
  type CollectorWriter,
  createCore,
} from '../../src/collector/core.ts'
import { collectorLimits } from '../../src/limits/collector.ts'
import type { Logger } from '../../src/log.ts'
import { RecordingWriter } from '../support/recording-writer.ts'

export const stream = 'shop/api/uid-1/app'

export class NodeFolder {
  readonly base = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-collector-'))
  readonly root = path.join(this.base, 'pods')
  readonly container = path.join(this.root, 'shop_api_uid-1', 'app')
  readonly writer = new RecordingWriter()
  readonly warnings: string[] = []
  core: CollectorCore
  /** The tests' clock: it only moves when told to. */
  now = Date.now() + 1000
  #woken: (() => void)[] = []
  #options: Partial<CollectorOptions>
  readonly #openWriter: (base: string) => CollectorWriter
  #tick = 0

  /** `openWriter`: gives each collector its writer, by the folder above the log root; else `writer` is it. */
  constructor(
    options: Partial<CollectorOptions> = {},
    withRoot = true,
    openWriter?: (base: string) => CollectorWriter,
  ) {
    this.#options = options
    this.#openWriter = openWriter ?? (() => this.writer)
    if (withRoot) fs.mkdirSync(this.container, { recursive: true })
    // A second pod: a root that is empty is taken for a mount that is still to come.
    if (withRoot) fs.mkdirSync(path.join(this.root, 'shop_other_uid-2', 'app'), { recursive: true })
    this.core = this.#create()
  }

  #create(): CollectorCore {
    const warn = (event: string): void => {
      this.warnings.push(event)
    }
    const log: Logger = { debug: () => {}, info: () => {}, warn, error: warn }
    const options: CollectorOptions = {
      logRoot: this.root,
      linkRoots: [this.root],
      nodeName: 'n1',
      namespaces: [],
      namespacesExcluded: [],
      lineBytesMax: 1024 * 1024,
      ...this.#options,
    }
    return createCore({
      options,
      writer: this.#openWriter(this.base),
      log,
      wake: () => {
        for (const resolve of this.#woken.splice(0)) resolve()
      },
      onCommit: () => {},
    })
  }

  /** Starts anew with these link roots, and perhaps another log root. */
  allow(linkRoots: readonly string[], logRoot = this.root): void {
    this.#options = { ...this.#options, linkRoots, logRoot }
    this.kill()
  }

  /** Starts anew with these namespaces. */
  choose(namespaces: readonly string[], namespacesExcluded: readonly string[]): void {
    this.#options = { ...this.#options, namespaces, namespacesExcluded }
    this.kill()
  }

  file(name: string): string {
    return path.join(this.container, name)
  }

  /** A CRI line; times count up by one microsecond. */
  line(text: string, tag = 'F', iostream = 'stdout'): string {
    return `${this.time()} ${iostream} ${tag} ${text}\n`
  }

  time(): string {
    this.#tick += 1
    const ns = String(this.#tick % 1_000_000).padStart(6, '0')
    const sec = String(Math.floor(this.#tick / 1_000_000)).padStart(2, '0')
    return `2026-11-22T10:11:${sec}.${ns}000Z`
  }

  append(name: string, ...lines: string[]): void {
    fs.appendFileSync(this.file(name), Buffer.from(lines.join(''), 'latin1'))
  }

  rename(from: string, to: string): void {
    fs.renameSync(this.file(from), this.file(to))
  }

  /** As kubelet does: through a temporary file. */
  gzip(name: string): void {
    const compressed = gzipSync(fs.readFileSync(this.file(name)), { level: 1 })
    fs.writeFileSync(this.file(`${name}.tmp`), compressed)
    fs.renameSync(this.file(`${name}.tmp`), this.file(`${name}.gz`))
    fs.rmSync(this.file(name))
  }

  remove(name: string): void {
    fs.rmSync(this.file(name), { recursive: true })
  }

  /** Time passes and everything due is done, then committed. */
  async pass(ms = 1000): Promise<void> {
    const stepMs = Math.max(500, ms / 10)
    for (let left = ms; left > 0; left -= stepMs) {
      this.now += Math.min(stepMs, left)
      await this.step()
    }
    this.core.commit(this.now)
  }

  /** One scan and as many polls as there is something to read, compressed files included. */
  async step(): Promise<void> {
    this.core.scan(this.now)
    for (let idle = 0; idle < 3; idle += 1) {
      while (this.core.poll(this.now, { all: true, budgetMs: 1000 })) idle = 0
      await setImmediate()
      if (this.hasGzip()) await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }

  /** More time passes than deleted files are held open, with polls alone. */
  passHeld(): void {
    for (let round = 0; round < 3; round += 1) {
      this.now += collectorLimits.heldMaxMs / 2
      this.core.poll(this.now)
    }
  }

  /** Time passes until nothing is left to read: decompressing takes real time. */
  async settle(): Promise<void> {
    for (let round = 0; round < 200 && this.core.isBehind(); round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      await this.pass(500)
    }
  }

  /** True when the collector has called to be polled, false after `ms` without a call. */
  async nextWake(ms: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#woken.push(() => resolve(true))
    const timer = setTimeout(() => resolve(false), ms)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
    }
  }

  hasGzip(): boolean {
    return (
      fs.existsSync(this.container) && fs.readdirSync(this.container).some((name) => name.endsWith('.gz'))
    )
  }

  /** What was not committed is forgotten, as after kill -9. */
  kill(): void {
    this.core.close()
    this.core = this.#create()
  }

  close(): void {
    this.core.close()
    fs.rmSync(this.base, { recursive: true, force: true })
  }
}
