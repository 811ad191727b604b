/**
 * The bench's data as the files of a node: made from a fixed seed and kept between runs, or wrapped around
 * any folder of logs.
 */

import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { Worker } from 'node:worker_threads'
import { createCriWriter } from './cri-text.ts'
import { type BenchKind, createKindSource, kindShares } from './kinds.ts'

/** Raised when the same seed gives other bytes: kept files of before are not used. */
const corpusVersion = 2
const corpusSeed = 20_250_115
/** Fixed and past: queries without `until` see everything, and the same bytes come out on every day. */
const startMs = Date.UTC(2025, 0, 15)
const dayMs = 24 * 3_600_000
const spanMs = dayMs
const threads = 2
/** Events from which the length of a kind's line is estimated. */
const estimateEvents = 20_000
/** Of a foreign file: enough to draw queries from. */
const foreignSamplesMax = 200

export type StreamPlan = {
  /** The folder's name for foreign files. */
  readonly kind: BenchKind
  readonly namespace: string
  readonly pod: string
  readonly container: string
  readonly file: string
  readonly seed: number
  readonly lines: number
  readonly startMs: number
  readonly spanMs: number
}

export type WrittenStream = StreamPlan & {
  /** Of the file. */
  readonly bytes: number
  /** Of the programs' lines, without the runtime's stamps. */
  readonly textBytes: number
  readonly samples: readonly string[]
}

export type Corpus = {
  /** Log root for the program. */
  readonly root: string
  readonly streams: readonly WrittenStream[]
  readonly lines: number
  readonly bytes: number
  readonly textBytes: number
  /** Deletes what is not worth keeping. */
  readonly close: () => void
}

/** Another corpus than the usual one. */
export type CorpusShape = {
  /** Names its folder. */
  readonly name: string
  readonly namespaces: readonly string[]
  /** So many times as many streams, with as many lines in all. */
  readonly copies: number
  /** Days by which it is later; its lines are others, too. */
  readonly days: number
  /** Deleted when it is closed: too large to be kept. */
  readonly isTemporary: boolean
}

export const usualShape: CorpusShape = {
  name: '',
  namespaces: ['shop', 'payments', 'ingress', 'data', 'kube-system'],
  copies: 1,
  days: 0,
  isTemporary: false,
}

/** The corpus of `lines` lines, from the files of an earlier run where they are there. */
export async function openCorpus(lines: number, shape: CorpusShape = usualShape): Promise<Corpus> {
  const name = `corpus-v${corpusVersion}-${corpusSeed}-${lines}${shape.name}`
  const folder = path.join(os.tmpdir(), 'logkeep-bench', name)
  const manifest = path.join(folder, 'manifest.json')
  if (!fs.existsSync(manifest)) {
    fs.rmSync(folder, { recursive: true, force: true })
    const streams = await writeAll(planStreams(path.join(folder, 'pods'), lines, shape))
    fs.writeFileSync(manifest, JSON.stringify(streams))
  }
  const streams: WrittenStream[] = JSON.parse(fs.readFileSync(manifest, 'utf8'))
  return corpusOf(path.join(folder, 'pods'), streams, () => {
    if (shape.isTemporary) fs.rmSync(folder, { recursive: true, force: true })
  })
}

function corpusOf(root: string, streams: readonly WrittenStream[], close: () => void): Corpus {
  const sum = (of: (stream: WrittenStream) => number): number =>
    streams.reduce((total, stream) => total + of(stream), 0)
  return {
    root,
    streams,
    lines: sum((stream) => stream.lines),
    bytes: sum((stream) => stream.bytes),
    textBytes: sum((stream) => stream.textBytes),
    close,
  }
}

function planStreams(root: string, lines: number, shape: CorpusShape): StreamPlan[] {
  const { namespaces, copies, days } = shape
  const weights = kindShares.map(({ kind, percent }) => percent / recordBytes(kind))
  const weightOfAll = weights.reduce((total, weight) => total + weight, 0)
  const plans: StreamPlan[] = []
  kindShares.forEach(({ kind, streams }, index) => {
    const ofKind = (lines * (weights[index] ?? 0)) / weightOfAll / (streams * copies)
    for (let copy = 0; copy < streams * copies; copy += 1) {
      const namespace = namespaces[plans.length % namespaces.length] ?? ''
      const pod = `${kind}-${copy}`
      const container = 'main'
      const uid = `00000000-0000-4000-8000-${String(plans.length).padStart(12, '0')}`
      const file = path.join(root, `${namespace}_${pod}_${uid}`, container, '0.log')
      const seed = corpusSeed + plans.length * 1000 + days
      const from = startMs + days * dayMs
      const ownLines = Math.max(1, Math.round(ofKind))
      plans.push({ kind, namespace, pod, container, file, seed, lines: ownLines, startMs: from, spanMs })
    }
  })
  return plans
}

/** Mean bytes of a kind's line in a file. */
function recordBytes(kind: BenchKind): number {
  const source = createKindSource(kind, corpusSeed)
  const cri = createCriWriter()
  let bytes = 0
  let lines = 0
  for (let event = 0; event < estimateEvents; event += 1) {
    for (const { iostream, text } of source.next(startMs + event)) {
      bytes += cri.record(iostream, text, startMs, 0).length
      lines += 1
    }
  }
  return bytes / lines
}

async function writeAll(plans: readonly StreamPlan[]): Promise<WrittenStream[]> {
  const shares = Array.from({ length: threads }, (_, thread) =>
    plans.filter((_, index) => index % threads === thread),
  )
  const written = await Promise.all(shares.map(writeShare))
  return written.flat().toSorted((one, other) => one.seed - other.seed)
}

function writeShare(plans: readonly StreamPlan[]): Promise<WrittenStream[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./corpus-worker.ts', import.meta.url), { workerData: plans })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

/**
 * Any folder of text logs, each file as one container; lines get stamps of a fixed day. At most `linesMax`
 * lines in all. Compressed and binary files are left out.
 */
export function wrapFolder(folder: string, linesMax: number): Corpus {
  const base = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-bench-corpus-'))
  const root = path.join(base, 'pods')
  const streams: WrittenStream[] = []
  let left = linesMax
  const names = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted()
  for (const name of names) {
    const source = path.join(folder, name)
    if (left <= 0 || !fs.statSync(source).isFile()) continue
    const content = fs.readFileSync(source)
    if (content.includes(0)) continue
    const texts = content.toString('utf8').replace(/\n$/, '').split('\n').slice(0, left)
    left -= texts.length
    streams.push(wrapFile(root, streams.length, texts))
  }
  return corpusOf(root, streams, () => fs.rmSync(base, { recursive: true, force: true }))
}

function wrapFile(root: string, index: number, texts: readonly string[]): WrittenStream {
  const cri = createCriWriter()
  const pod = `file-${index}`
  const folder = path.join(root, `corpus_${pod}_00000000-0000-4000-8000-${String(index).padStart(12, '0')}`)
  const file = path.join(folder, 'main', '0.log')
  fs.mkdirSync(path.dirname(file), { recursive: true })
  const stepMs = spanMs / texts.length
  const records = texts.map((text, at) => cri.record('stdout', text, Math.floor(startMs + at * stepMs), 0))
  fs.writeFileSync(file, records.join(''))
  const bytes = fs.statSync(file).size
  const textBytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  const sampleEvery = Math.max(1, Math.floor(texts.length / foreignSamplesMax))
  const samples = texts.filter((_, at) => at % sampleEvery === 0)
  const plan = { namespace: 'corpus', pod, container: 'main', file, seed: index, startMs, spanMs }
  return { ...plan, kind: 'foreign' as BenchKind, lines: texts.length, bytes, textBytes, samples }
}
