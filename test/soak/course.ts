/** Asks a running program questions of all kinds for minutes, and samples its memory and descriptors. */

import * as fs from 'node:fs'
import * as path from 'node:path'
import type { Program } from '../support/program.ts'
import { delay } from '../support/wait.ts'
import type { Sample } from './trend.ts'

/** Asked in turn, one a second. */
const questions = [
  '/logs?limit=100',
  '/logs?since=15m&level=error%2B&limit=500',
  '/logs?since=10m&q=%2Ftimeout%3D%5B0-9%5D%2Bs%2F&limit=1000',
  '/logs/histogram?since=1h&buckets=60&by=level',
  '/logs/histogram?since=10m&q=retry',
  '/streams?limit=1000',
  '/logs?q=no-line-has-this',
  '/files?limit=1000',
  '/logs/fields?since=5m',
  '/metrics',
]
const exportEvery = 60
const askMs = 1_000
const sampleEvery = 10
const mebibyte = 1024 * 1024
const failuresMax = 10

export class Course {
  /** Questions that were not answered as they should be. */
  readonly failures: string[] = []
  readonly samples: Sample[] = []
  readonly #program: Program
  readonly #dataDir: string

  constructor(program: Program, dataDir: string) {
    this.#program = program
    this.#dataDir = dataDir
  }

  async run(minutes: number): Promise<void> {
    const startedMs = performance.now()
    const minute = (): number => (performance.now() - startedMs) / 60_000
    let told = 0
    for (let turn = 0; minute() < minutes; turn += 1) {
      await this.#ask(questions[turn % questions.length] as string)
      if (turn % exportEvery === 0) await this.#ask('/logs?format=ndjson&since=2m')
      if (turn % sampleEvery === 0) this.samples.push(this.#sample(minute()))
      if (minute() >= told) {
        console.log(textOf(this.samples.at(-1)))
        told += 1
      }
      await delay(askMs)
    }
  }

  async #ask(question: string): Promise<void> {
    try {
      const response = await fetch(`${this.#program.base}${question}`)
      const body = await response.text()
      if (!response.ok) this.#fail(`${question}: ${response.status} ${body.slice(0, 200)}`)
    } catch (error) {
      this.#fail(`${question}: ${String(error)}`)
    }
  }

  #fail(text: string): void {
    if (this.failures.length < failuresMax) this.failures.push(text)
  }

  #sample(minute: number): Sample {
    const proc = `/proc/${this.#program.pid}`
    const status = fs.readFileSync(`${proc}/status`, 'utf8')
    const files = fs.readdirSync(this.#dataDir).map((name) => path.join(this.#dataDir, name))
    const kibibytes = (name: string): number => numberAfter(status, new RegExp(`^${name}:\\s+(\\d+)`, 'm'))
    return {
      minute,
      rssMb: kibibytes('VmRSS') / 1024,
      anonMb: kibibytes('RssAnon') / 1024,
      descriptors: fs.readdirSync(`${proc}/fd`).length,
      dataMb: files.reduce((sum, file) => sum + sizeOf(file), 0) / mebibyte,
    }
  }
}

function textOf(sample: Sample | undefined): string {
  if (sample === undefined) return ''
  const { anonMb, dataMb, descriptors, minute, rssMb } = sample
  const memory = `${rssMb.toFixed(0)} MB RSS, ${anonMb.toFixed(0)} anonymous`
  return `${minute.toFixed(1).padStart(5)} min  ${memory}, ${descriptors} descriptors, ${dataMb.toFixed(0)} MB of data`
}

/** None where SQLite has just removed it. */
function sizeOf(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

function numberAfter(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? Number.NaN)
}
