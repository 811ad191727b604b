/** Memory when everything happens at once, and whether it grows under a mixed load that goes on. */

import { ingestBacklog, prepareBacklog } from './backlog.ts'
import { type Clients, type Export, startClients, startExport } from './clients.ts'
import type { Corpus } from './corpus.ts'
import { atMost, type Figure } from './figures.ts'
import { files } from './follow.ts'
import { type Ground, withGround } from './ground.ts'
import { changeFigures, load, loadFigures } from './load.ts'
import { openTails } from './many-tails.ts'
import { rangeOfData } from './query-kinds.ts'
import { peopleAsk, scans } from './questions.ts'
import { takeSamples } from './samples.ts'
import { mixedSelections } from './selections.ts'
import { silence, writerNamespaces } from './writer.ts'

const tailsAtOnce = 100
const scansAtOnce = 4
const linesPerSec = 5_000
const tailsMixed = 10
const settleMsMax = 30_000
const mega = 1e6

export type MemoryOptions = {
  readonly steadyMs: number
  /** Of the mixed load. */
  readonly mixedMs: number
  /** Between two questions, two scans and two exports of the mixed load. */
  readonly queryRestMs: number
  readonly scanRestMs: number
  readonly exportRestMs: number
}

/** Two programs: the peak of one says nothing about the growth of the other. */
export async function memoryFigures(corpus: Corpus, options: MemoryOptions): Promise<Figure[]> {
  return [
    ...(await withGround({ files }, (ground) => peak(ground, corpus))),
    ...(await withGround({ files }, (ground) => mixed(ground, corpus, options))),
  ]
}

/** Reads a backlog; then another one beside 5,000 lines/s, scans, an export and tails. */
async function peak(ground: Ground, corpus: Corpus): Promise<Figure[]> {
  const { program, writer } = ground
  await ingestBacklog(ground, prepareBacklog(ground, corpus, 1), { isAlone: true })
  const backlog = prepareBacklog(ground, corpus, 2)
  await program.settle(settleMsMax)
  const before = program.usage().rssPeakBytes
  const tails = await openTails(program.base, mixedSelections(tailsAtOnce, writerNamespaces))
  await writer.pace({ ...silence, linesPerSec })
  const scanning = startClients(program, { clients: scansAtOnce, questions: scans(corpus) })
  const taking = startExport(program, exportOf(corpus))
  let isIngested = false
  const ingested = ingestBacklog(ground, backlog, { isAlone: false }).finally(() => {
    isIngested = true
  })
  const samples = await takeSamples(program, () => isIngested)
  const seconds = await ingested
  await stopAll(scanning, taking)
  const ended = tails.flatMap((tail) => tail.ended() ?? []).length
  for (const tail of tails) tail.close()
  const at = `ingest, ${scansAtOnce} regex scans, an export, ${tailsAtOnce} tails at once`
  const note = `${seconds.toFixed(1)} s${ended > 0 ? `; ${ended} tails were ended` : ''}`
  return [
    { id: 'memory.peakOfIngest', what: 'peak RSS after a backlog', value: inMB(before), unit: 'MB' },
    { id: 'memory.busy', what: `${at}: RSS`, value: samples.rss(), unit: 'MB', note },
    {
      id: 'memory.peak',
      what: `${at}: peak RSS`,
      value: inMB(program.usage().rssPeakBytes),
      unit: 'MB',
      goal: atMost(256),
      note,
    },
  ]
}

/** 5,000 lines/s, tails, and now and then a question, a scan and an export. */
async function mixed(ground: Ground, corpus: Corpus, options: MemoryOptions): Promise<Figure[]> {
  const { program } = ground
  const { steadyMs, mixedMs: phaseMs, queryRestMs, scanRestMs, exportRestMs } = options
  await ingestBacklog(ground, prepareBacklog(ground, corpus, 1), { isAlone: true })
  await program.settle(settleMsMax)
  const tails = await openTails(program.base, mixedSelections(tailsMixed, writerNamespaces))
  const asking = startClients(program, { clients: 1, questions: peopleAsk(corpus), restMs: queryRestMs })
  const scanning = startClients(program, { clients: 1, questions: scans(corpus), restMs: scanRestMs })
  const taking = startExport(program, exportOf(corpus), exportRestMs)
  const measured = await load(ground, { ...silence, linesPerSec }, { steadyMs, phaseMs })
  await stopAll(asking, scanning, taking)
  for (const tail of tails) tail.close()
  const what = `mixed load, ${linesPerSec.toLocaleString('en')} lines/s`
  return [
    ...loadFigures('memory.mixed', what, measured, {}),
    ...changeFigures('memory.mixed', what, measured),
    {
      id: 'memory.mixed.peak',
      what: `${what}: peak RSS`,
      value: inMB(program.usage().rssPeakBytes),
      unit: 'MB',
    },
  ]
}

const exportOf = (corpus: Corpus): string => `/logs?format=ndjson&until=${rangeOfData(corpus).untilSec}`

const inMB = (bytes: number | null): number | null => (bytes === null ? null : bytes / mega)

async function stopAll(...running: readonly (Clients | Export)[]): Promise<void> {
  await Promise.all(running.map((one) => one.stop()))
}
