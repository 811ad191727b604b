/**
 * What most process tests need: a simulated node, a data folder and the real program over them, all gone
 * afterwards.
 */

import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import type { TestContext } from 'node:test'
import { type Entry, type Params, walk } from './client.ts'
import { createNode, type NodeOptions, type SimulatedNode } from './node-simulator.ts'
import { type Program, type ProgramOptions, startProgram } from './program.ts'
import { waitFor } from './wait.ts'

export type Scene = {
  readonly folder: string
  readonly dataDir: string
  readonly node: SimulatedNode
  /** Over the node's pods, links to its Docker folder allowed; `env` wins. */
  readonly start: (
    env?: Readonly<Record<string, string>>,
    through?: ProgramOptions['through'],
  ) => Promise<Program>
}

/** Ends the programs and removes the files when the test is over. */
export function createScene(t: TestContext, nodeOptions: NodeOptions = {}): Scene {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-scene-'))
  const dataDir = path.join(folder, 'data')
  const node = createNode({ ...nodeOptions, root: path.join(folder, 'node') })
  const programs: Program[] = []
  t.after(async () => {
    for (const program of programs) await program.kill('SIGKILL')
    node.remove()
    fs.rmSync(folder, { recursive: true, force: true })
  })
  return {
    folder,
    dataDir,
    node,
    start: async (env = {}, through) => {
      const links = { LOGKEEP_LINK_ROOTS: `${node.podsRoot},${node.dockerRoot}` }
      const program = await startProgram({
        dataDir,
        logRoot: node.podsRoot,
        through,
        env: { ...links, ...env },
      })
      programs.push(program)
      return program
    },
  }
}

/** Walks forward until there are `count` entries or more, and gives them all. */
export async function waitForEntries(base: string, count: number, params: Params = {}): Promise<Entry[]> {
  let found: Entry[] = []
  await waitFor(
    `${count} entries`,
    async () => {
      found = (await walk(base, { direction: 'forward', limit: 5000, ...params })).entries
      if (found.length < count) throw new Error(`${found.length} entries`)
      return true
    },
    { intervalMs: 100, deadlineMs: 60_000 },
  )
  return found
}
