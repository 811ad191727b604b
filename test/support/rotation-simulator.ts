/** Log rotation step by step, from the kubelet's container_log_manager.go and Docker's logfile.go. */

import * as fs from 'node:fs'
import * as path from 'node:path'
import { gzipSync } from 'node:zlib'

/** Files of one container instance that are kept, the live one included (containerLogMaxFiles, max-file). */
const filesKept = 5

/** The kubelet's steps in its order: clean up, delete the oldest, compress, rename. The caller reopens. */
export function rotateAsKubelet(live: string, stampSec: number): void {
  const folder = path.dirname(live)
  const prefix = `${path.basename(live)}.`
  let names = fs.readdirSync(folder).filter((name) => name.startsWith(prefix))
  const unwanted = names.filter((name) => name.endsWith('.tmp') || names.includes(`${name}.gz`))
  for (const name of unwanted) fs.rmSync(path.join(folder, name))
  names = names.filter((name) => !unwanted.includes(name)).toSorted()
  // Room for the live file and the one about to be renamed.
  const surplus = Math.max(0, names.length - (filesKept - 2))
  for (const name of names.slice(0, surplus)) fs.rmSync(path.join(folder, name))
  for (const name of names.slice(surplus)) {
    if (!name.endsWith('.gz')) compress(path.join(folder, name))
  }
  fs.renameSync(live, `${live}.${formatStamp(stampSec)}`)
}

function compress(plain: string): void {
  fs.writeFileSync(`${plain}.tmp`, gzipSync(fs.readFileSync(plain), { level: 1 }))
  fs.renameSync(`${plain}.tmp`, `${plain}.gz`)
  fs.rmSync(plain)
}

/** Docker with max-file 5: `.3` becomes `.4`, and so on, the live file `.1`. */
export function rotateAsDocker(live: string): void {
  for (let number = filesKept - 1; number > 1; number -= 1) {
    if (fs.existsSync(`${live}.${number - 1}`)) fs.renameSync(`${live}.${number - 1}`, `${live}.${number}`)
  }
  fs.renameSync(live, `${live}.1`)
}

/** `YYYYMMDD-HHMMSS` in local time. */
function formatStamp(sec: number): string {
  const localMs = sec * 1000 - new Date(sec * 1000).getTimezoneOffset() * 60_000
  return new Date(localMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
}
