/** One simulated container's log files, written, rotated and deleted as containerd and the kubelet do it. */

import fs from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import type { ProgramLine } from './lines.ts'

/** containerd cuts longer lines into pieces of this size, marked `P`; the last is marked `F`. */
const pieceBytes = 16_384
/** The kubelet keeps the live file and this many rotated ones (`containerLogMaxFiles` 5). */
const rotatedFilesMax = 4
const fileMode = 0o640

export type ContainerLog = {
  /** Appends lines with the time `timeMs`, in one write. */
  readonly write: (lines: readonly ProgramLine[], timeMs: number) => void
  /** The kubelet's rotation: older generation to gzip, live file renamed, a new one created. */
  readonly rotate: (timeMs: number) => void
  /** Bytes in the live file. */
  readonly liveBytes: () => number
  /** The container ended and starts again as the next `n.log`; only the last dead instance's files stay. */
  readonly restart: () => void
  readonly close: () => void
}

/** `folder`: `<pods>/<namespace>_<pod>_<uid>/<container>`, created here. */
export function createContainerLog(folder: string, nanosOf: (timeMs: number) => number): ContainerLog {
  fs.mkdirSync(folder, { recursive: true })
  let restart = 0
  let live = openLive(folder, restart)
  let liveBytes = 0
  return {
    write(lines, timeMs) {
      const records = lines.map((line) => criRecords(line, criTime(timeMs, nanosOf(timeMs)))).join('')
      liveBytes += fs.writeSync(live, records)
    },
    rotate(timeMs) {
      const name = `${restart}.log`
      compressOlder(folder, name)
      fs.renameSync(path.join(folder, name), path.join(folder, `${name}.${rotationStamp(timeMs)}`))
      const old = live
      live = openLive(folder, restart)
      liveBytes = 0
      fs.closeSync(old)
    },
    liveBytes: () => liveBytes,
    restart() {
      fs.closeSync(live)
      removeInstance(folder, restart - 1)
      restart += 1
      live = openLive(folder, restart)
      liveBytes = 0
    },
    close: () => fs.closeSync(live),
  }
}

function openLive(folder: string, restart: number): number {
  return fs.openSync(path.join(folder, `${restart}.log`), 'a', fileMode)
}

function criRecords(line: ProgramLine, time: string): string {
  if (line.text.length <= pieceBytes) return `${time} ${line.iostream} F ${line.text}\n`
  const pieces: string[] = []
  for (let at = 0; at < line.text.length; at += pieceBytes) pieces.push(line.text.slice(at, at + pieceBytes))
  const last = pieces.length - 1
  return pieces
    .map((piece, index) => `${time} ${line.iostream} ${index < last ? 'P' : 'F'} ${piece}\n`)
    .join('')
}

/** RFC 3339 with nanoseconds as Go prints it: zeros at the end of the fraction are left out. */
function criTime(timeMs: number, nanos: number): string {
  const fraction = String(Math.floor(timeMs % 1000) * 1_000_000 + nanos)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return `${new Date(timeMs).toISOString().slice(0, 19)}${fraction === '' ? '' : `.${fraction}`}Z`
}

/** In the kubelet's order: delete the oldest beyond the limit, then gzip what is still plain. */
function compressOlder(folder: string, name: string): void {
  const rotated = fs
    .readdirSync(folder)
    .filter((file) => file.startsWith(`${name}.`))
    .toSorted((a, b) => (a < b ? -1 : 1))
  const kept = rotated.slice(-(rotatedFilesMax - 1))
  for (const file of rotated) {
    const from = path.join(folder, file)
    if (!kept.includes(file)) fs.rmSync(from)
    else if (!file.endsWith('.gz')) {
      fs.writeFileSync(`${from}.tmp`, zlib.gzipSync(fs.readFileSync(from)), { mode: fileMode })
      fs.renameSync(`${from}.tmp`, `${from}.gz`)
      fs.rmSync(from)
    }
  }
}

/** `YYYYMMDD-HHMMSS` in local time, as the kubelet names rotated files. */
function rotationStamp(timeMs: number): string {
  const local = new Date(timeMs - new Date(timeMs).getTimezoneOffset() * 60_000).toISOString()
  return local.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
}

function removeInstance(folder: string, restart: number): void {
  for (const file of fs.readdirSync(folder)) {
    if (file.startsWith(`${restart}.log`)) fs.rmSync(path.join(folder, file))
  }
}
