/** Reads a backlog alone and again while clients ask without pause: what each takes from the other. */

import { delay } from '../test/support/wait.ts'
import { ingestBacklog, prepareBacklog } from './backlog.ts'
import { type Asked, startClients } from './clients.ts'
import type { Corpus } from './corpus.ts'
import { atLeast, below, type Figure, latencyFigures } from './figures.ts'
import { type Ground, withGround } from './ground.ts'
import { peopleAsk } from './questions.ts'
import { openTailClient } from './tail-client.ts'
import { silence } from './writer.ts'

const clients = 4
/** Files and lines that a tail follows meanwhile. */
const files = 20
const linesPerSec = 200
const settleMsMax = 30_000
const drainMs = 1_000
const shareMin = 0.5

export function contentionFigures(corpus: Corpus): Promise<Figure[]> {
  return withGround({ files }, (ground) => measure(ground, corpus))
}

async function measure(ground: Ground, corpus: Corpus): Promise<Figure[]> {
  const { program, writer } = ground
  const first = prepareBacklog(ground, corpus, 1)
  const second = prepareBacklog(ground, corpus, 2)
  await program.settle(settleMsMax)
  const aloneSec = await ingestBacklog(ground, first, { isAlone: true })
  await program.settle(settleMsMax)
  const tail = await openTailClient(program.base, 'namespace=team-*')
  await writer.pace({ ...silence, linesPerSec })
  const asking = startClients(program, { clients, questions: peopleAsk(corpus) })
  const busySec = await ingestBacklog(ground, second, { isAlone: false })
  const asked = await asking.stop()
  const written = await writer.pace(silence)
  await delay(drainMs)
  const latencies = tail.take().busy
  tail.close()
  const rate = (seconds: number): number => corpus.lines / seconds
  const meanwhile = `while ${clients} clients ask`
  const note = latencies.length === written.busy ? 'complete' : `of ${written.busy} written`
  return [
    figure('alone', 'ingest alone, the program running', rate(aloneSec), 'lines/s'),
    figure('busy', `ingest ${meanwhile}`, rate(busySec), 'lines/s'),
    { ...figure('share', `ingest ${meanwhile} / alone`, aloneSec / busySec, 'x'), goal: atLeast(shareMin) },
    figure('queries', 'queries answered meanwhile', asked.length / busySec, '/s'),
    ...latencyFigures('contention.query', 'one of these', allMs(asked), { note: refusedText(asked) }),
    ...latencyFigures('contention.tail', `written to tail frame, ${meanwhile}`, latencies, {
      p99: below(500),
      note,
    }),
  ]
}

function refusedText(asked: readonly Asked[]): string {
  return `${asked.filter(({ isRefused }) => isRefused).length} refused`
}

const allMs = (asked: readonly { readonly ms: number }[]): number[] => asked.map(({ ms }) => ms)

function figure(name: string, what: string, value: number, unit: string): Figure {
  return { id: `contention.${name}`, what, value, unit }
}
