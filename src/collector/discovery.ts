/**
 * Finds containers and their log files under the log root: pod directories, or the flat folder of links that
 * kubelet keeps beside them. Facts: kuberuntime's helpers.go and legacy.go; Docker's files lie behind links.
 */

import { closeSync, readlinkSync } from 'node:fs'
import path from 'node:path'
import { collectorLimits } from '../limits/collector.ts'
import type { StreamLabels } from '../model/entry.ts'
import { DirectoryCache } from './directory-cache.ts'
import type { FoundFile } from './generation.ts'
import { type FileStat, openRegularFile } from './identity.ts'
import { LinkResolver, realDirectory } from './links.ts'
import {
  type InstanceFiles,
  isAbsent,
  listDockerFiles,
  listInstanceFiles,
  type PassedOver,
} from './listing.ts'
import type { NamespaceFilter } from './namespace-filter.ts'
import type { OpenFiles } from './open-files.ts'
import { parseInstanceFile, parseLegacyLink, parsePodDirectory } from './pod-path.ts'

export type ContainerLabels = Pick<StreamLabels, 'namespace' | 'pod' | 'podUid' | 'container'>

/** A folder with the logs of one container, or a link to one where the log root is the folder of links. */
export type ContainerPlace = {
  readonly key: string
  readonly labels: ContainerLabels
  readonly source:
    | { readonly kind: 'folder'; readonly directory: string }
    | { readonly kind: 'links'; readonly links: readonly string[] }
}

export type DiscoveryOptions = {
  readonly logRoot: string
  readonly linkRoots: readonly string[]
  readonly isNamespaceWanted: NamespaceFilter
  /** Gives descriptors back where there is none left to list with. */
  readonly openFiles: Pick<OpenFiles, 'withDescriptor'>
  /** A link leads outside the allowed folders. */
  readonly linkRefused: (link: string) => void
  /** A folder that is there cannot be listed. */
  readonly folderRefused: (folder: string, error: unknown) => void
}

export type Places = {
  readonly places: readonly ContainerPlace[]
  /** Folders that are there but could not be listed: what is known in them stays as it is. */
  readonly unreadable: readonly string[]
  /** Links in the log root that lead outside the allowed folders. */
  readonly refusedLinks: readonly string[]
}

export class Discovery {
  readonly #options: DiscoveryOptions
  readonly #links: LinkResolver
  readonly #directories: DirectoryCache
  /** Found by the scan under way. */
  #refusedLinks: string[] = []

  constructor(options: DiscoveryOptions) {
    this.#options = options
    this.#links = new LinkResolver(options.linkRoots)
    this.#directories = new DirectoryCache(options.openFiles)
  }

  /** Lists the containers that are there. Throws the system's error where the log root cannot be listed. */
  findPlaces(isForced: boolean): Places {
    const { logRoot } = this.#options
    this.#links.refresh()
    this.#refusedLinks = []
    const places = new Map<string, ContainerPlace>()
    const unreadable: string[] = []
    for (const name of this.#directories.list(logRoot, isForced).names) {
      // A link's name has two underscores as well, and ends in what no pod's uid ends in.
      const labels = parseLegacyLink(name) === null ? parsePodDirectory(name) : null
      if (labels === null) this.#addLegacyLink(name, places)
      else if (this.#options.isNamespaceWanted(labels.namespace)) {
        const directory = path.join(logRoot, name)
        const containers = this.#list(directory, isForced)
        if (containers === null) unreadable.push(directory)
        for (const container of containers ?? []) {
          const key = path.join(directory, container)
          places.set(key, {
            key,
            labels: { ...labels, container },
            source: { kind: 'folder', directory: key },
          })
        }
      }
    }
    return { places: [...places.values()], unreadable, refusedLinks: this.#refusedLinks }
  }

  /**
   * Lists a container's files. `unchanged`: nothing new since the last call. `unreadable`: it is there but
   * cannot be listed. A folder that has gone has no files.
   */
  listFiles(place: ContainerPlace, isForced: boolean): InstanceFiles | 'unchanged' | 'unreadable' {
    const { source } = place
    try {
      if (source.kind === 'links') return this.#told(this.#dockerFiles(source.links))
      const { names, isNew } = this.#directories.list(source.directory, isForced)
      if (!isNew) return 'unchanged'
      // The folder itself may be a link, or lie behind one.
      if (this.#links.resolve(source.directory).outcome === 'refused') {
        return this.#told({ ...noFiles, passedOver: [{ path: source.directory, reason: 'link_refused' }] })
      }
      return this.#told(listInstanceFiles(source.directory, names, this.#links))
    } catch (error) {
      if (isAbsent(error)) return noFiles
      this.#options.folderRefused(place.key, error)
      return 'unreadable'
    }
  }

  /**
   * Device and inode of every log of a namespace that is not wanted: its positions are kept for when it is
   * again.
   */
  findUnwanted(): Set<string> {
    const { logRoot, isNamespaceWanted } = this.#options
    const found = new Set<string>()
    for (const name of this.#directories.list(logRoot, false).names) {
      const labels = parsePodDirectory(name)
      if (labels === null || isNamespaceWanted(labels.namespace)) continue
      const directory = path.join(logRoot, name)
      for (const container of this.#list(directory, true) ?? []) {
        const key = path.join(directory, container)
        const place: ContainerPlace = {
          key,
          labels: { ...labels, container },
          source: { kind: 'folder', directory: key },
        }
        const listed = this.listFiles(place, true)
        if (typeof listed === 'string') continue
        for (const { stat } of [...listed.files.values()].flat()) found.add(`${stat.device}/${stat.inode}`)
      }
    }
    return found
  }

  /**
   * Opens a file of a listing. Null: no regular file, or by now outside the allowed folders. Throws the
   * system's error.
   */
  open(path: string): { fd: number; stat: FileStat } | null {
    const opened = openRegularFile(path)
    if (opened === null || this.#links.isOpenAllowed(opened.fd)) return opened
    closeSync(opened.fd)
    this.#options.linkRefused(path)
    return null
  }

  forget(place: ContainerPlace): void {
    if (place.source.kind === 'folder') this.#directories.forget(place.source.directory)
  }

  /** Names in a pod's folder; empty where it is a file or has gone; null where it cannot be listed. */
  #list(directory: string, isForced: boolean): readonly string[] | null {
    try {
      const { names, isNew } = this.#directories.list(directory, isForced)
      if (!isNew || this.#links.resolve(directory).outcome !== 'refused') return names
      this.#refuseLink(directory)
      // Asked again by the next scan: the link may change without the folder that it leads to.
      this.#directories.forget(directory)
      return []
    } catch (error) {
      if (isAbsent(error)) return []
      this.#options.folderRefused(directory, error)
      return null
    }
  }

  /**
   * A link in the flat folder leads to a file in a pod's folder, which says more, or straight to Docker's
   * file.
   */
  #addLegacyLink(name: string, places: Map<string, ContainerPlace>): void {
    const parsed = parseLegacyLink(name)
    if (parsed === null || !this.#options.isNamespaceWanted(parsed.namespace)) return
    const link = path.join(this.#options.logRoot, name)
    const directory = this.#podFolderOf(link)
    if (directory !== null) {
      const labels = parsePodDirectory(path.basename(path.dirname(directory)))
      if (labels === null) return
      const container = path.basename(directory)
      places.set(directory, {
        key: directory,
        labels: { ...labels, container },
        source: { kind: 'folder', directory },
      })
      return
    }
    const { namespace, pod } = parsed
    const container = parsed.container ?? 'unknown'
    const key = path.join(this.#options.logRoot, `${pod}_${namespace}_${container}`)
    const known = places.get(key)
    const links = known?.source.kind === 'links' ? known.source.links : []
    places.set(key, {
      key,
      labels: { namespace, pod, podUid: '', container },
      source: { kind: 'links', links: [...links, link] },
    })
  }

  /**
   * Folder of a container's logs that a legacy link leads to; null where it leads elsewhere, or where that is
   * not allowed.
   */
  #podFolderOf(link: string): string | null {
    let target: string
    try {
      target = path.resolve(realDirectory(link) ?? path.dirname(link), readlinkSync(link))
    } catch {
      return null
    }
    if (parseInstanceFile(path.basename(target)) === null) return null
    const directory = realDirectory(target)
    if (directory === null || parsePodDirectory(path.basename(path.dirname(directory))) === null) return null
    if (this.#links.isAllowed(directory)) return directory
    this.#refuseLink(link)
    return null
  }

  #refuseLink(link: string): void {
    if (this.#refusedLinks.length < collectorLimits.refusalsMax) this.#refusedLinks.push(link)
    this.#options.linkRefused(link)
  }

  /** Tells of the refused links of a listing. */
  #told(listed: InstanceFiles): InstanceFiles {
    for (const { path, reason } of listed.passedOver) {
      if (reason === 'link_refused') this.#options.linkRefused(path)
    }
    return listed
  }

  #dockerFiles(links: readonly string[]): InstanceFiles {
    const found: FoundFile[] = []
    const passedOver: PassedOver[] = []
    let isCertain = true
    for (const link of links) {
      const target = this.#links.resolve(link)
      if (target.outcome === 'found') found.push(...listDockerFiles(target.path))
      else passedOver.push({ path: link, reason: `link_${target.outcome}` })
      if (target.outcome === 'dangling') isCertain = false
    }
    return { files: new Map([[0, found]]), hasLinks: true, isCertain, passedOver }
  }
}

const noFiles: InstanceFiles = { files: new Map(), hasLinks: false, isCertain: true, passedOver: [] }
