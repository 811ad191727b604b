/**
 * Turns the names in a container's folder into log files: which instance each belongs to, what kind it is,
 * where it lies.
 */

import { lstatSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { collectorLimits } from '../limits/collector.ts'
import type { FoundFile } from './generation.ts'
import { type FileStat, isSameFile, toFileStat } from './identity.ts'
import type { LinkResolver } from './links.ts'
import { parseDockerFile, parseInstanceFile } from './pod-path.ts'

export type InstanceFiles = {
  readonly files: ReadonlyMap<number, readonly FoundFile[]>
  /** Some of the files lie behind links, whose targets change without the folder. */
  readonly hasLinks: boolean
  /** Every link leads to a file: what is not listed is not there. */
  readonly isCertain: boolean
  /** Names of logs behind which no log is found; not more than a bound. */
  readonly passedOver: readonly PassedOver[]
}

/**
 * Why a name that looks like a log is not read. `claimed`: another container's folder leads to the same file.
 * `copy`: another file of this container holds the same.
 */
export type PassedOver = {
  readonly path: string
  readonly reason: 'link_refused' | 'link_dangling' | 'irregular' | 'claimed' | 'copy'
}

/** Files in a container's folder by instance. Names that are no logs are left out. */
export function listInstanceFiles(
  directory: string,
  names: readonly string[],
  links: LinkResolver,
): InstanceFiles {
  const files = new Map<number, FoundFile[]>()
  const passedOver: PassedOver[] = []
  const passOver = (path: string, reason: PassedOver['reason']): void => {
    if (passedOver.length < collectorLimits.passedOverMax) passedOver.push({ path, reason })
  }
  let hasLinks = false
  let isCertain = true
  for (const name of names.toSorted()) {
    const parsed = parseInstanceFile(name)
    if (parsed === null || parsed.temporary) continue
    const file = path.join(directory, name)
    const stat = statOf(file)
    if (stat === null) continue
    // A folder of such a name is no instance that follows another.
    if (!stat.isFile && !stat.isLink) {
      passOver(file, 'irregular')
      continue
    }
    const found = files.get(parsed.restart) ?? []
    files.set(parsed.restart, found)
    if (stat.isFile) found.push({ name, path: file, ...kindOf(name, parsed.suffix === ''), stat })
    if (!stat.isLink) continue
    hasLinks = true
    const target = links.resolve(file)
    if (target.outcome === 'refused') passOver(file, 'link_refused')
    if (target.outcome === 'dangling') {
      isCertain = false
      passOver(file, 'link_dangling')
    }
    if (target.outcome === 'found') addNew(found, listDockerFiles(target.path))
  }
  return { files, hasLinks, isCertain, passedOver }
}

/**
 * Docker's file and the rotated ones beside it. They are probed by number where their folder may not be
 * listed.
 */
export function listDockerFiles(target: string): FoundFile[] {
  const directory = path.dirname(target)
  const live = path.basename(target)
  const found: FoundFile[] = []
  for (const name of namesBeside(directory, live)) {
    if (name !== live && !isRotatedOf(name, live)) continue
    const stat = statOf(path.join(directory, name))
    if (stat?.isFile)
      found.push({ name, path: path.join(directory, name), ...kindOf(name, name === live), stat })
  }
  return found
}

/** Kubelet renames a link away and back: two names then lead to the same files. */
function addNew(found: FoundFile[], files: readonly FoundFile[]): void {
  for (const file of files) {
    if (!found.some(({ stat }) => isSameFile(stat, file.stat))) found.push(file)
  }
}

function isRotatedOf(name: string, live: string): boolean {
  return name.startsWith(`${live}.`) && parseDockerFile(name) !== null
}

/** Throws where the folder can neither be listed nor looked into. */
function namesBeside(directory: string, live: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EACCES' && code !== 'EPERM' && !isAbsent(error)) throw error
    return probeByNumber(directory, live)
  }
}

function probeByNumber(directory: string, live: string): readonly string[] {
  const names = [live]
  for (let number = 1, missing = 0; missing < collectorLimits.dockerMissingMax; number += 1) {
    const there = ['', gzipSuffix]
      .map((suffix) => `${live}.${number}${suffix}`)
      .filter((name) => statOf(path.join(directory, name)) !== null)
    names.push(...there)
    missing = there.length === 0 ? missing + 1 : 0
  }
  return names
}

const gzipSuffix = '.gz'

function kindOf(name: string, isLive: boolean): Pick<FoundFile, 'isLive' | 'isGzip' | 'stem'> {
  const isGzip = name.endsWith(gzipSuffix)
  return { isLive, isGzip, stem: isGzip ? name.slice(0, -gzipSuffix.length) : name }
}

/** Null where nothing is there. Throws where it may not be seen. */
function statOf(file: string): (FileStat & { readonly isLink: boolean }) | null {
  try {
    const stats = lstatSync(file, { bigint: true })
    return { ...toFileStat(stats), isLink: stats.isSymbolicLink() }
  } catch (error) {
    if (isAbsent(error)) return null
    throw error
  }
}

/** Nothing is there, or the folder is a file. */
export function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}
