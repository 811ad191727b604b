/** Clients that ask one question after the other until they are told to stop. */

import { createRandom } from '../src/demo/random.ts'
import { delay } from '../test/support/wait.ts'
import type { MeasuredProgram } from './program.ts'
import type { Draw } from './query-kinds.ts'
import { takeExport } from './take-export.ts'

/** A question's path with its parameters. */
export type Question = { readonly kind: string; readonly draw: Draw }

export type Asked = {
  readonly kind: string
  readonly ms: number
  /** The query's deadline came before its end. */
  readonly isEnded: boolean
  /** It was answered by an error, as where too many wait. */
  readonly isRefused: boolean
}

export type Clients = {
  /** Lets each finish its question; resolves with what the answers took. */
  readonly stop: () => Promise<readonly Asked[]>
}

export type ClientsOptions = {
  readonly clients: number
  readonly questions: readonly [Question, ...Question[]]
  /** Between an answer and the next question. */
  readonly restMs?: number
}

const clientSeed = 100
/** Before a client asks again that was refused. */
const refusedRestMs = 100
/** Of the warning that such an answer has. */
const endedMark = Buffer.from('ended: the deadline of ')

export function startClients(program: MeasuredProgram, options: ClientsOptions): Clients {
  const { clients, questions, restMs = 0 } = options
  const asked: Asked[] = []
  const stopping = new AbortController()
  const runClient = async (client: number): Promise<void> => {
    const random = createRandom(clientSeed + client)
    while (!stopping.signal.aborted) {
      const { kind, draw } = random.pick(questions)
      const startedMs = performance.now()
      const answer = await program.get(draw(random)).catch(() => null)
      const isRefused = answer === null
      const ms = answer?.ms ?? performance.now() - startedMs
      asked.push({ kind, ms, isEnded: answer?.body.includes(endedMark) ?? false, isRefused })
      if (isRefused) await delay(refusedRestMs)
      if (restMs > 0) await restUnlessStopped(restMs, stopping.signal)
    }
  }
  const running = Promise.all(Array.from({ length: clients }, (_, client) => runClient(client)))
  return {
    stop: async () => {
      stopping.abort()
      await running
      return asked
    },
  }
}

const restStepMs = 100

async function restUnlessStopped(ms: number, signal: AbortSignal): Promise<void> {
  for (let left = ms; left > 0 && !signal.aborted; left -= restStepMs) await delay(Math.min(left, restStepMs))
}

export type Export = {
  /** Resolves with the bytes taken so far. */
  readonly stop: () => Promise<number>
}

/** Takes exports of what `path` selects, one after the other. */
export function startExport(program: MeasuredProgram, path: string, restMs = 0): Export {
  const stopping = new AbortController()
  let bytes = 0
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const count = (length: number): void => {
        bytes += length
      }
      await takeExport(`${program.base}${path}`, count, stopping.signal)
      await restUnlessStopped(restMs, stopping.signal)
    }
  }
  const running = run().catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error
  })
  running.catch(() => {})
  return {
    stop: async () => {
      stopping.abort()
      await running
      return bytes
    },
  }
}
