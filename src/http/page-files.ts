/**
 * The files of the built web page (`npm run build:page`): read when they are first asked for, then in memory
 * once, however many clients ask.
 */

import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { type SharedBody, shareBody } from './answer.ts'

export type PageFile = { readonly type: string; readonly body: SharedBody }

export type PageFiles = {
  /** Null where the page is not built. */
  readonly document: () => Promise<PageFile | null>
  /** By its name in `assets/`; null where there is none of that name. */
  readonly asset: (name: string) => Promise<PageFile | null>
}

const documentName = 'index.html'

/** What the build makes; files of other kinds are not served. */
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** `folder` need not exist. A build that is made later is served after the next start. */
export function createPageFiles(folder: string): PageFiles {
  const assets = join(folder, 'assets')
  const paths = new Map<string, string>([
    ...namesIn(folder).flatMap((name) =>
      name === documentName ? [[name, join(folder, name)] as const] : [],
    ),
    ...namesIn(assets).map((name) => [`assets/${name}`, join(assets, name)] as const),
  ])
  const files = new Map<string, Promise<PageFile>>()

  async function find(name: string): Promise<PageFile | null> {
    const path = paths.get(name)
    const type = types[extname(name)]
    if (path === undefined || type === undefined) return null
    const known = files.get(name)
    if (known !== undefined) return known
    const file = readFile(path)
      .then(shareBody)
      .then((body) => ({ type, body }))
    files.set(name, file)
    file.catch(() => files.delete(name))
    return file
  }

  return { document: () => find(documentName), asset: (name) => find(`assets/${name}`) }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
