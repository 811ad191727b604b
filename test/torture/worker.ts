/** A thread that runs chunks of random programs, and answers with counts, or with the smallest that fails. */

import { parentPort } from 'node:worker_threads'
import fc from 'fast-check'
import { tortureProgram } from './commands.ts'
import { noCounts, type TortureChunk, type TortureOutcome, withCounts } from './outcome.ts'
import { runTorture } from './program.ts'
import { createMemoryStore, createRealStore } from './stores.ts'

parentPort?.on('message', (chunk: TortureChunk) => {
  void runChunk(chunk).then((outcome) => parentPort?.postMessage(outcome, []))
})

async function runChunk({ seed, programs, store }: TortureChunk): Promise<TortureOutcome> {
  let counts = noCounts
  let problems: readonly string[] = []
  const property = fc.asyncProperty(tortureProgram, async (program) => {
    const verdict = await runTorture(program, store === 'real' ? createRealStore() : createMemoryStore())
    if (verdict.problems.length > 0) problems = verdict.problems
    if (problems.length === 0) counts = withCounts(counts, verdict)
    return verdict.problems.length === 0
  })
  const details = await fc.check(property, { seed, numRuns: programs })
  if (!details.failed) return { counts, failure: null }
  const error = details.errorInstance
  const failure = [
    `seed ${seed}, ${store} store, path ${details.counterexamplePath}`,
    JSON.stringify(details.counterexample?.[0]),
    ...problems,
    ...(error instanceof Error && problems.length === 0 ? [String(error.stack)] : []),
  ]
  return { counts, failure: failure.join('\n') }
}
