/** One container writes 100 MB/s, rotated as the kubelet does, while a tail follows the lines of others. */

import * as fs from 'node:fs'
import * as path from 'node:path'
import { delay } from '../test/support/wait.ts'
import { atMost, type Figure, latencyFigures } from './figures.ts'
import { withGround } from './ground.ts'
import { openTailClient } from './tail-client.ts'
import { silence } from './writer.ts'

export type NoisyOptions = { readonly seconds: number }

const bytesPerSec = 100_000_000
const stepMs = 20
/** The kubelet looks every 10 s, and keeps one live file and four others. */
const rotateMs = 10_000
const keptFiles = 4
const files = 20
const linesPerSec = 200
const steadyMs = 3_000
const drainMs = 2_000

export function noisyFigures({ seconds }: NoisyOptions): Promise<Figure[]> {
  return withGround({ files }, async ({ program, writer, logRoot }) => {
    const tail = await openTailClient(program.base, 'namespace=team-*')
    await writer.pace({ ...silence, linesPerSec })
    await delay(steadyMs)
    tail.take()
    await writer.pace({ ...silence, linesPerSec })
    const before = program.usage()
    const noise = await makeNoise(logRoot, seconds * 1000)
    const after = program.usage()
    const written = await writer.pace(silence)
    await delay(drainMs)
    const { busy } = tail.take()
    tail.close()
    const note = `${(noise / seconds / 1e6).toFixed(0)} MB/s beside; ${busy.length} of ${written.busy} written`
    const read = (after.readBytes ?? 0) - (before.readBytes ?? 0)
    const what = 'written to tail frame beside a container that writes 100 MB/s'
    return [
      ...latencyFigures('noisy.tail', what, busy, { p99: atMost(2_000), note }),
      { id: 'noisy.most', what: `${what}, most`, value: Math.max(...busy), unit: 'ms', goal: atMost(2_000) },
      { id: 'noisy.read', what: 'read meanwhile', value: read / seconds / 1e6, unit: 'MB/s' },
    ]
  })
}

/** Resolves with the bytes that were written. */
async function makeNoise(logRoot: string, durationMs: number): Promise<number> {
  const folder = path.join(logRoot, 'noise_noise-0_uid-noise-0', 'app')
  fs.mkdirSync(folder, { recursive: true })
  const live = path.join(folder, '0.log')
  const startedMs = performance.now()
  let written = 0
  let rotatedMs = startedMs
  for (let now = startedMs; now - startedMs < durationMs; now = performance.now()) {
    if (now - rotatedMs >= rotateMs) {
      rotatedMs = now
      rotate(folder, live)
    }
    // Where the machine stood still it catches up in steps.
    const due = Math.min(((now - startedMs) / 1000) * bytesPerSec - written, bytesPerSec)
    if (due > 0) {
      const text = linesOf(due)
      fs.appendFileSync(live, text)
      written += text.length
    }
    await delay(stepMs)
  }
  return written
}

function rotate(folder: string, live: string): void {
  const digits = new Date().toISOString().replaceAll(/[-:]/g, '').slice(0, 15).replace('T', '-')
  fs.renameSync(live, `${live}.${digits}`)
  const rotated = fs
    .readdirSync(folder)
    .filter((name) => name.startsWith('0.log.'))
    .toSorted()
  for (const name of rotated.slice(0, -keptFiles)) fs.rmSync(path.join(folder, name))
}

function linesOf(bytes: number): string {
  const line = `${new Date().toISOString()} stdout F level=info msg="${'noise '.repeat(20)}" n=`
  let text = ''
  for (let index = 0; text.length < bytes; index += 1) text += `${line}${index}\n`
  return text
}
