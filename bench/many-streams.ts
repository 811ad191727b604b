/** Times the listings over very many streams, in a fresh program and in a warm one. */

import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { LineBuffer } from '../src/model/line-buffer.ts'
import { openWriter } from '../src/store/writer.ts'
import { below, type Figure, latencyFigures } from './figures.ts'
import { type MeasuredProgram, startMeasured } from './program.ts'

const namespaces = 50
const streamsPerCommit = 5_000
const linesPerStream = 5
const startSec = Date.UTC(2025, 0, 15) / 1000
const second = 1000
const mega = 1e6

export type ManyStreamsOptions = { readonly streams: number; readonly pages: number; readonly starts: number }

export async function manyStreamsFigures({ streams, pages, starts }: ManyStreamsOptions): Promise<Figure[]> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-bench-streams-'))
  const dataDir = path.join(folder, 'data')
  const logRoot = path.join(folder, 'pods')
  fs.mkdirSync(logRoot)
  try {
    writeStreams(dataDir, streams)
    const cold: number[] = []
    const coldLogs: number[] = []
    for (let start = 0; start < starts; start += 1) {
      const program = await startMeasured({ logRoot, dataDir })
      const first = await program.get(start % 2 === 0 ? '/streams' : `/logs?namespace=ns-${start}`)
      ;(start % 2 === 0 ? cold : coldLogs).push(first.ms)
      await program.stop()
    }
    const program = await startMeasured({ logRoot, dataDir })
    try {
      return [...coldFigures(cold, coldLogs), ...(await warmFigures(program, pages))]
    } finally {
      await program.stop()
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** Every stream has its lines in a block, as after a day. */
function writeStreams(dataDir: string, streams: number): void {
  const writer = openWriter({ dataDir, retention: { ageSec: 1e9, sizeBytes: 1e12, diskFreeMin: 0 } })
  writer.recover()
  const text = Buffer.from('level=info msg="a line of one of very many pods"')
  for (let from = 0; from < streams; from += streamsPerCommit) {
    const lines = new Map<number, LineBuffer>()
    for (let index = from; index < Math.min(streams, from + streamsPerCommit); index += 1) {
      const buffer = new LineBuffer()
      for (let line = 0; line < linesPerStream; line += 1) {
        buffer.append(text, 0, text.length, startSec + index, line, 0, 3)
      }
      lines.set(writer.resolveStream(labelsOf(index)), buffer)
    }
    const nothing = { files: [], moves: [], removedFiles: [], clearedFragments: [], fragments: [] }
    writer.commit({ lines, ...nothing, arrivalSec: startSec + from })
  }
  while (writer.maintain(startSec + 86_400, second)) continue
  writer.close()
}

function labelsOf(index: number) {
  const namespace = `ns-${index % namespaces}`
  const hash = (index * 2_654_435_761).toString(36)
  const pod = `job-${index}-${hash}`
  return { namespace, pod, podUid: `uid-${index}`, container: 'main', restart: 0, node: 'n1' }
}

function coldFigures(streams: readonly number[], logs: readonly number[]): Figure[] {
  return [
    ...latencyFigures('streams.cold', 'first page of /streams of a fresh program', streams, {
      p99: below(100),
    }),
    ...latencyFigures('streams.coldLogs', 'first /logs of a namespace of a fresh program', logs),
  ]
}

async function warmFigures(program: MeasuredProgram, pages: number): Promise<Figure[]> {
  const taken: number[] = []
  let next: string | null = null
  await program.get('/streams')
  for (let page = 0; page < pages; page += 1) {
    const { body, ms }: { body: Buffer; ms: number } = await program.get(
      `/streams${next === null ? '' : `?cursor=${next}`}`,
    )
    taken.push(ms)
    next = (JSON.parse(body.toString()) as { next: string | null }).next
  }
  const figures = latencyFigures('streams.page', 'a page of /streams', taken, { p99: below(100) })
  const others = [
    ['streams.ofNamespace', '/streams of one namespace', (turn: number) => `/streams?namespace=ns-${turn}`],
    ['streams.byGlob', '/streams of pods by a glob', (turn: number) => `/streams?pod=*-${turn}5*`],
    ['streams.namespaces', '/namespaces', () => '/namespaces'],
    ['streams.pods', '/pods', () => '/pods'],
  ] as const
  for (const [id, what, path] of others) {
    const times: number[] = []
    for (let turn = 0; turn < pages / 10; turn += 1) times.push((await program.get(path(turn))).ms)
    figures.push(...latencyFigures(id, what, times))
  }
  const rss = program.usage().rssBytes
  figures.push({
    id: 'streams.rss',
    what: 'RSS after these',
    value: rss === null ? null : rss / mega,
    unit: 'MB',
  })
  return figures
}
