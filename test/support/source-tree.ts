/** Reads the project's own source files and their imports, for the tests that hold the tree to its rules. */

import fs from 'node:fs'
import path from 'node:path'

export type SourceFile = { readonly path: string; readonly text: string; readonly lines: readonly string[] }

/**
 * `typeOnly`: `import type … from`. `target` is a path from the root for relative imports, else the package's
 * name.
 */
export type Import = { readonly target: string; readonly typeOnly: boolean; readonly relative: boolean }

export const projectRoot = path.join(import.meta.dirname, '../..')

/** Files that match the globs, paths from the root with `/`, sorted. */
export function readSources(...globs: readonly string[]): SourceFile[] {
  const paths = globs.flatMap((glob) => fs.globSync(glob, { cwd: projectRoot }))
  return paths
    .filter((file) => fs.statSync(path.join(projectRoot, file)).isFile())
    .toSorted()
    .map((file) => {
      const text = readText(file)
      return { path: file.replaceAll('\\', '/'), text, lines: text.replace(/\n$/, '').split('\n') }
    })
}

/** Text of one file of the project, by its path from the root. */
export function readText(file: string): string {
  return fs.readFileSync(path.join(projectRoot, file), 'utf8')
}

const importStatement = /^(?:import|export)\s+(type\s)?(?:[^'"`;]*?\sfrom\s+)?'([^']+)'/gm
const importCall = /\bimport\(\s*'([^']+)'/g
const importUrl = /\bnew URL\(\s*'(\.[^']+)',\s*import\.meta\.url/g

/**
 * Imports and re-exports of a file, and the workers that it names by `new URL('./x.ts', import.meta.url)`.
 */
export function importsOf(file: SourceFile): Import[] {
  const found: { specifier: string; typeOnly: boolean }[] = []
  for (const [, type, specifier] of file.text.matchAll(importStatement)) {
    found.push({ specifier: specifier ?? '', typeOnly: type !== undefined })
  }
  for (const [, specifier] of file.text.matchAll(importCall)) {
    found.push({ specifier: specifier ?? '', typeOnly: false })
  }
  for (const [, specifier] of file.text.matchAll(importUrl)) {
    found.push({ specifier: specifier ?? '', typeOnly: false })
  }
  return found.map(({ specifier, typeOnly }) => {
    const relative = specifier.startsWith('.')
    const target = relative
      ? path.posix.join(path.posix.dirname(file.path), specifier)
      : packageName(specifier)
    return { target, typeOnly, relative }
  })
}

function packageName(specifier: string): string {
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? specifier)
}
