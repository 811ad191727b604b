/**
 * Reads the names of log directories, files and links that kubelet and Docker make; formats from their
 * sources.
 */

type PodDirectory = { readonly namespace: string; readonly pod: string; readonly podUid: string }

/**
 * `suffix` tells the rotated files of one restart apart: time of rotation or number; empty for the live file.
 */
type InstanceFile = {
  readonly restart: number
  readonly suffix: string
  readonly gzip: boolean
  /** Still being written by whoever compresses or renames; not to be read. */
  readonly temporary: boolean
}

/** `index` 0 is the live file, 1 the youngest rotated one. */
type DockerFile = { readonly containerId: string; readonly index: number; readonly gzip: boolean }

/** Null where the name was cut before the end of that part. */
type LegacyLink = {
  readonly pod: string
  readonly namespace: string
  readonly container: string | null
  readonly containerId: string | null
}

/** Kubelet cuts the name of a legacy link to this many characters before it appends `.log`. */
const linkStemCharsMax = 251

/**
 * `<namespace>_<pod>_<uid>`: split at the first and the last underscore, as kubelet itself does, for pod
 * names may hold dots and dashes and static pods have uids of any look.
 */
export function parsePodDirectory(name: string): PodDirectory | null {
  const first = name.indexOf('_')
  const last = name.lastIndexOf('_')
  if (first < 1 || last < first + 2 || last === name.length - 1) return null
  return { namespace: name.slice(0, first), pod: name.slice(first + 1, last), podUid: name.slice(last + 1) }
}

const instancePattern = /^(0|[1-9]\d{0,8})\.log(?:\.(\d{8}-\d{6}|\d{1,4}))?(\.gz)?(\.tmp)?$/

/**
 * `0.log`, `0.log.20261122-101112` (kubelet), `0.log.1` (conmon), either with `.gz`, any with `.tmp`. Null
 * for other names, leading zeros included.
 */
export function parseInstanceFile(name: string): InstanceFile | null {
  const match = instancePattern.exec(name)
  if (match === null) return null
  const suffix = match[2] ?? ''
  const gzip = match[3] !== undefined
  if (gzip && suffix === '') return null
  return { restart: Number(match[1]), suffix, gzip, temporary: match[4] !== undefined }
}

const dockerPattern = /^([0-9A-Za-z]+)-json\.log(?:\.([1-9]\d{0,3})(\.gz)?)?$/

/** `<id>-json.log`, `<id>-json.log.1`, `<id>-json.log.2.gz`. */
export function parseDockerFile(name: string): DockerFile | null {
  const match = dockerPattern.exec(name)
  if (match === null) return null
  return { containerId: match[1] as string, index: Number(match[2] ?? 0), gzip: match[3] !== undefined }
}

const linkPattern = /^([^_]+)_([^_]+)_(.+)$/
const idPattern = /^(.+)-([0-9a-f]{64})$/

/**
 * `<pod>_<namespace>_<container>-<64 hex digits>.log` under `/var/log/containers`; note that the pod comes
 * first.
 */
export function parseLegacyLink(name: string): LegacyLink | null {
  if (!name.endsWith('.log')) return null
  const stem = name.slice(0, -'.log'.length)
  const match = linkPattern.exec(stem)
  if (match === null || stem.length > linkStemCharsMax) return null
  const [, pod, namespace, rest] = match as unknown as [string, string, string, string]
  const whole = idPattern.exec(rest)
  if (whole !== null)
    return { pod, namespace, container: whole[1] as string, containerId: whole[2] as string }
  if (stem.length < linkStemCharsMax || rest.length < 1) return null
  return { pod, namespace, container: null, containerId: null }
}
