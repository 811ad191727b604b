/** Puts a backlog before a program that runs: the corpus again, as further containers. */

import * as fs from 'node:fs'
import * as path from 'node:path'
import type { Corpus } from './corpus.ts'
import type { Ground } from './ground.ts'
import { untilRead, untilVisible } from './visible.ts'

const ingestMsMax = 15 * 60_000
/** Among other clients, one that asks now and then. */
const restAmongOthersMs = 200

export type Backlog = {
  readonly corpus: Corpus
  /** Pods of the corpus in this copy, ready to be moved. */
  readonly folders: readonly string[]
  /** That the copy's pod uids end in: tells it from other copies. */
  readonly uidEnd: string
}

/** Copies the corpus beside the log root. `copy`: a number of its own for each copy. */
export function prepareBacklog({ spareFolder }: Ground, corpus: Corpus, copy: number): Backlog {
  const uidEnd = `-copy-${copy}`
  const folders = corpus.streams.map(({ file }) => {
    const inRoot = path.relative(corpus.root, file)
    const [pod = '', ...rest] = inRoot.split(path.sep)
    const folder = path.join(spareFolder, `${pod}${uidEnd}`)
    const target = path.join(folder, ...rest)
    fs.mkdirSync(path.dirname(target), { recursive: true })
    copyDown(file, target)
    return folder
  })
  return { corpus, folders: [...new Set(folders)], uidEnd }
}

/** To the disk: what the system writes later would be measured with the program's own. */
function copyDown(from: string, to: string): void {
  fs.copyFileSync(from, to)
  const handle = fs.openSync(to, 'r')
  fs.fsyncSync(handle)
  fs.closeSync(handle)
}

/** Moves it into the log root; resolves with the seconds until all of it is visible over HTTP. */
export async function ingestBacklog(
  { program, logRoot }: Ground,
  { corpus, folders, uidEnd }: Backlog,
  { isAlone }: { readonly isAlone: boolean },
): Promise<number> {
  const { readBytes } = program.usage()
  const startedMs = performance.now()
  for (const folder of folders) fs.renameSync(folder, path.join(logRoot, path.basename(folder)))
  // What others ask is read by the same process: how much it has read says nothing then.
  if (isAlone) await untilRead(program, corpus.bytes + (readBytes ?? 0))
  await untilVisible(program, {
    lines: corpus.lines,
    endMs: startedMs + ingestMsMax,
    isOf: ({ podUid }) => podUid.endsWith(uidEnd),
    ...(isAlone ? {} : { restMs: restAmongOthersMs }),
  })
  return (performance.now() - startedMs) / 1000
}
