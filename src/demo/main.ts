/**
 * `npm run demo`: the same server over a simulated node, with a folder of its own that is gone afterwards.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { createSimulatedNode, runSimulatedNode } from './node.ts'

const root = path.join(import.meta.dirname, '../..')
const host = '127.0.0.1'
const portWanted = 8080
/** The server says by then that it is ready, or why not. */
const readyMsMax = 30_000
const readyPollMs = 100
/** Longer than the server's own bound for stopping. */
const stopMsMax = 8000
const seed = 20_261_122

if (import.meta.main) process.exitCode = await main()

async function main(): Promise<number> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-demo-'))
  const podsFolder = path.join(folder, 'pods')
  const node = runSimulatedNode(createSimulatedNode({ podsFolder, seed, startMs: Date.now() }), Date.now)
  let server: ChildProcess | null = null
  try {
    const port = await choosePort()
    server = startServer({ folder, podsFolder, port })
    const ended = once(server, 'exit')
    const stop = firstSignal()
    if (await isReady(server, port)) {
      printHints(folder, port)
      await Promise.race([stop, ended])
    }
    node.close()
    return await stopServer(server, ended)
  } finally {
    server?.kill('SIGKILL')
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** 8080, or any free port where that is taken. */
async function choosePort(): Promise<number> {
  const free = await tryPort(portWanted)
  if (free !== null) return free
  const other = await tryPort(0)
  if (other === null) throw new Error(`no free port on ${host}`)
  console.log(`Port ${portWanted} is taken: the demo listens on ${other}.`)
  return other
}

async function tryPort(port: number): Promise<number | null> {
  const probe = net.createServer()
  try {
    probe.listen(port, host)
    await once(probe, 'listening')
    const address = probe.address()
    return typeof address === 'object' && address !== null ? address.port : null
  } catch {
    return null
  } finally {
    probe.close()
  }
}

function startServer(options: {
  readonly folder: string
  readonly podsFolder: string
  readonly port: number
}): ChildProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('LOGKEEP_'))
  return spawn(process.execPath, [path.join(root, 'src/main.ts')], {
    cwd: root,
    /** A process group of its own: Ctrl-C reaches the demo alone, which stops the writer first. */
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...Object.fromEntries(inherited),
      LOGKEEP_LOG_ROOT: options.podsFolder,
      LOGKEEP_LINK_ROOTS: options.podsFolder,
      LOGKEEP_DATA_DIR: path.join(options.folder, 'data'),
      LOGKEEP_HOST: host,
      LOGKEEP_PORT: String(options.port),
      LOGKEEP_NODE_NAME: 'demo-node',
      LOGKEEP_RETENTION_AGE: '1d',
      LOGKEEP_RETENTION_SIZE: '256MiB',
      LOGKEEP_DISK_FREE_MIN: '1 %',
      LOGKEEP_LOG_LEVEL: 'warn',
    },
  })
}

/** False when the server ended, or did not become ready in time; what it printed says why. */
async function isReady(server: ChildProcess, port: number): Promise<boolean> {
  const deadline = Date.now() + readyMsMax
  while (Date.now() < deadline && server.exitCode === null && server.signalCode === null) {
    try {
      const answer = await fetch(`http://${host}:${port}/readyz`)
      if (answer.ok) return true
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, readyPollMs))
  }
  console.error('The server did not start.')
  return false
}

function printHints(folder: string, port: number): void {
  const base = `http://${host}:${port}`
  const node = path.relative(process.cwd(), process.execPath) || process.execPath
  console.log(`
logkeep runs at ${base} over a simulated node (in ${folder}, deleted at the end).
Three questions to copy:

  curl '${base}/logs?namespace=shop&level=error&since=1h&format=text'
  curl '${base}/logs?q=checkout&since=15m&limit=5'
  curl '${base}/streams'

And a live tail:

  ${node} -e 'new WebSocket("ws://${host}:${port}/logs/tail?namespace=shop&tail=5").onmessage = (m) => console.log(m.data)'

Ctrl-C stops both.
`)
}

function firstSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve())
  })
}

/** Its exit code: 0 after an orderly stop. */
async function stopServer(server: ChildProcess, ended: Promise<unknown>): Promise<number> {
  const timer = setTimeout(() => server.kill('SIGKILL'), stopMsMax)
  server.kill('SIGTERM')
  await ended
  clearTimeout(timer)
  return server.exitCode ?? 1
}
