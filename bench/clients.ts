/** Clients that ask one question after the other until they are told to stop. */

import { createRandom } from '../src/demo/random.ts'
import { delay } from '../test/support/wait.ts'
import type { MeasuredProgram } from './program.ts'
import type { Draw } from './query-kinds.ts'

/** A question's path with its parameters. */
export type Question = { readonly kind: string; readonly draw: Draw }

export type Asked = {
  readonly kind: string
  readonly ms: number
  /** The query's deadline came before its end. */
  readonly isEnded: boolean
}

export type Clients = {
  /** Lets each finish its question; resolves with what the answers took. Rejects where one was refused. */
  readonly stop: () => Promise<readonly Asked[]>
}

export type ClientsOptions = {
  readonly clients: number
  readonly questions: readonly [Question, ...Question[]]
  /** Between an answer and the next question. */
  readonly restMs?: number
}

const clientSeed = 100
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
      const { body, ms } = await program.get(draw(random))
      asked.push({ kind, ms, isEnded: body.includes(endedMark) })
      if (restMs > 0) await restUnlessStopped(restMs, stopping.signal)
    }
  }
  const running = Promise.all(Array.from({ length: clients }, (_, client) => runClient(client)))
  // It is told when they are stopped.
  running.catch(() => {})
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
      const response = await fetch(`${program.base}${path}`, { signal: stopping.signal })
      for await (const part of response.body ?? []) bytes += (part as Uint8Array).length
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
