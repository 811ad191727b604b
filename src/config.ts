/**
 * Turns environment variables into the frozen configuration. The table below is the only place that knows a
 * setting.
 */

import { availableParallelism, hostname } from 'node:os'
import { resolve } from 'node:path'
import { LogkeepError } from './errors.ts'
import { httpLimits, tailLimits } from './limits/http.ts'
import { queryLimits } from './limits/query.ts'
import type { LogLevel } from './log.ts'
import { nearestName } from './model/nearest-name.ts'
import * as values from './setting-values.ts'

export type Config = {
  readonly logRoot: string
  /** Absolute folders that links may lead to, the log root among them; not yet resolved to real paths. */
  readonly linkRoots: readonly string[]
  readonly dataDir: string
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  readonly retentionAgeMs: number
  /** Whole data folder, WAL and set-aside files included. */
  readonly retentionSizeBytes: number
  /** Share of the data folder's file system that must stay free; 0: no floor. */
  readonly diskFreeMinPercent: number
  /** Globs; empty: all namespaces. */
  readonly namespaces: readonly string[]
  readonly namespacesExcluded: readonly string[]
  /** Never printed. When it comes from `tokenFile`, main reads it and hands it on. */
  readonly token: string | null
  readonly tokenFile: string | null
  readonly anonymous: boolean
  /** Host names without port, lower case. */
  readonly allowedHosts: readonly string[]
  /** `scheme://host[:port]` as browsers send them. */
  readonly allowedOrigins: readonly string[]
  readonly nodeName: string
  /** Names of the Kubernetes Services in front of this program; empty outside a cluster. */
  readonly serviceNames: readonly string[]
  readonly podNamespace: string | null
  /** Threads for scans. */
  readonly queryThreads: number
  /** Longer lines are cut into consecutive entries. */
  readonly lineBytesMax: number
  readonly queryDeadlineMs: number
  /** Bytes of lines that one query may look at. */
  readonly queryScanBytesMax: number
  /** Queries that wait for a thread that scans. */
  readonly queriesWaitingMax: number
  readonly exportsMax: number
  readonly tailsMax: number
  /** Whether `/metrics` answers everybody who can connect. */
  readonly metricsOpen: boolean
  readonly logLevel: LogLevel
}

export type Setting<T> = {
  readonly name: `LOGKEEP_${string}`
  /** As one would write it; empty: unset, with the meaning that `description` gives. */
  readonly default: string
  readonly unit: string
  /** What is accepted. */
  readonly bounds: string
  readonly description: string
  /** Errors do not repeat what was given. */
  readonly secret?: true
  /** Null where the text is not accepted. */
  readonly parse: (text: string) => T | null
  /** Value where neither the variable nor a default is given. */
  readonly unset?: () => T
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const mebibyte = 2 ** 20
const gibibyte = 2 ** 30
const pathText = (text: string): string | null => (text.includes('\0') ? null : resolve(text))
const tokenText = (text: string): string | null => (/^[!-~]{8,1024}$/.test(text) ? text : null)

export const settings: { readonly [Field in keyof Config]: Setting<Config[Field]> } = {
  logRoot: {
    name: 'LOGKEEP_LOG_ROOT',
    default: '/var/log/pods',
    unit: 'path',
    bounds: 'a folder; it may be missing and appear later',
    description: "Folder with the pods' log folders (or /var/log/containers).",
    parse: pathText,
  },
  linkRoots: {
    name: 'LOGKEEP_LINK_ROOTS',
    default: '/var/log/pods,/var/lib/docker/containers',
    unit: 'paths',
    bounds: 'folders separated by commas',
    description:
      'Where links under the log root may lead, besides the log root itself; other links are refused.',
    parse: (text) => values.parseList(text, pathText),
  },
  dataDir: {
    name: 'LOGKEEP_DATA_DIR',
    default: './data',
    unit: 'path',
    bounds: 'a folder that can be written; it is made when missing',
    description: 'Folder of the database.',
    parse: pathText,
  },
  host: {
    name: 'LOGKEEP_HOST',
    default: '127.0.0.1',
    unit: 'address',
    bounds: 'an IP address or host name of this machine; 0.0.0.0 or :: for all',
    description: 'Address to listen on.',
    parse: values.parseHostName,
  },
  port: {
    name: 'LOGKEEP_PORT',
    default: '8080',
    unit: 'port number',
    bounds: '0 to 65535; 0 takes a free port',
    description: 'Port to listen on.',
    parse: (text) => values.parseInteger(text, 0, 65_535),
  },
  retentionAgeMs: {
    name: 'LOGKEEP_RETENTION_AGE',
    default: '7d',
    unit: 'duration',
    bounds: '1h to 3650d',
    description: 'Entries are deleted when they arrived longer ago than this.',
    parse: (text) => values.parseDuration(text, hourMs, 3650 * dayMs),
  },
  retentionSizeBytes: {
    name: 'LOGKEEP_RETENTION_SIZE',
    default: '5GiB',
    unit: 'bytes',
    bounds: '64MiB to 1024TiB (KiB, MiB, GiB, TiB, kB, MB, GB, TB)',
    description: 'Size that the data folder may reach; the oldest arrivals are deleted first.',
    parse: (text) => values.parseBytes(text, 64 * mebibyte, 2 ** 50),
  },
  diskFreeMinPercent: {
    name: 'LOGKEEP_DISK_FREE_MIN',
    default: '15 %',
    unit: '% of the file system',
    bounds: '0 to 90; 0 sets no floor',
    description: 'Part of the disk that stays free; it wins over age and size.',
    parse: (text) => values.parsePercent(text, 90),
  },
  namespaces: {
    name: 'LOGKEEP_NAMESPACES',
    default: '',
    unit: 'globs',
    bounds: 'names separated by commas; * is any run, ? any one character',
    description: 'Namespaces to collect; unset: all.',
    parse: (text) => values.parseList(text, values.parseNameGlob),
    unset: () => [],
  },
  namespacesExcluded: {
    name: 'LOGKEEP_NAMESPACES_EXCLUDED',
    default: '',
    unit: 'globs',
    bounds: 'names separated by commas; * is any run, ? any one character',
    description: 'Namespaces to leave out, also when they are named in LOGKEEP_NAMESPACES; unset: none.',
    parse: (text) => values.parseList(text, values.parseNameGlob),
    unset: () => [],
  },
  token: {
    name: 'LOGKEEP_TOKEN',
    default: '',
    unit: 'text',
    bounds: '8 to 1024 visible ASCII characters without spaces',
    description:
      'Clients must send it as "Authorization: Bearer ...". Unset: only this machine itself is answered.',
    secret: true,
    parse: tokenText,
    unset: () => null,
  },
  tokenFile: {
    name: 'LOGKEEP_TOKEN_FILE',
    default: '',
    unit: 'path',
    bounds: 'a file that holds the token alone, not readable by everybody; not together with LOGKEEP_TOKEN',
    description: 'File to read the token from at start.',
    parse: pathText,
    unset: () => null,
  },
  anonymous: {
    name: 'LOGKEEP_ANONYMOUS',
    default: 'false',
    unit: 'yes or no',
    bounds: 'true or false; not together with a token',
    description: 'Without a token, answer everybody who can connect.',
    parse: values.parseYesNo,
  },
  allowedHosts: {
    name: 'LOGKEEP_ALLOWED_HOSTS',
    default: '',
    unit: 'host names',
    bounds: 'names without port, separated by commas',
    description:
      'Further host names by which clients may reach this program, such as the name of an ingress.',
    parse: (text) => values.parseList(text, values.parseHostName),
    unset: () => [],
  },
  allowedOrigins: {
    name: 'LOGKEEP_ALLOWED_ORIGINS',
    default: '',
    unit: 'origins',
    bounds: 'scheme://host[:port], separated by commas',
    description: 'Further web origins whose pages may send requests.',
    parse: (text) => values.parseList(text, values.parseOrigin),
    unset: () => [],
  },
  nodeName: {
    name: 'LOGKEEP_NODE_NAME',
    default: '',
    unit: 'name',
    bounds: "1 to 253 letters, digits, '.', '_' and '-'",
    description: "Name of the node whose logs these are; unset: the host's name.",
    parse: (text) => (/^[a-zA-Z0-9._-]{1,253}$/.test(text) ? text : null),
    unset: () => hostname(),
  },
  serviceNames: {
    name: 'LOGKEEP_SERVICE_NAME',
    default: '',
    unit: 'names',
    bounds: 'names of Services, separated by commas',
    description:
      'The own Services: clients may call this program by their names, with and without the namespace.',
    parse: (text) => values.parseList(text, serviceName),
    unset: () => [],
  },
  podNamespace: {
    name: 'LOGKEEP_POD_NAMESPACE',
    default: '',
    unit: 'name',
    bounds: 'name of a namespace',
    description: 'Namespace of the own Services.',
    parse: serviceName,
    unset: () => null,
  },
  queryThreads: {
    name: 'LOGKEEP_QUERY_THREADS',
    default: '',
    unit: 'threads',
    bounds: '1 to 16',
    description: 'Threads that scan for queries; unset: one per core, at most 2.',
    parse: (text) => values.parseInteger(text, 1, 16),
    unset: () => Math.min(availableParallelism(), 2),
  },
  lineBytesMax: {
    name: 'LOGKEEP_LINE_BYTES_MAX',
    default: '1MiB',
    unit: 'bytes',
    bounds: '1KiB to 16MiB',
    description: 'Longer lines are cut into consecutive entries with the flag "cut".',
    parse: (text) => values.parseBytes(text, 1024, 16 * mebibyte),
  },
  queryDeadlineMs: {
    name: 'LOGKEEP_QUERY_DEADLINE',
    default: '30s',
    unit: 'duration',
    bounds: '1s to 10m',
    description: 'A query that takes longer answers with what it found, a warning and where to go on.',
    parse: (text) => values.parseDuration(text, 1000, 600_000),
  },
  queryScanBytesMax: {
    name: 'LOGKEEP_QUERY_SCAN_MAX',
    default: `${queryLimits.scannedBytesMax / gibibyte}GiB`,
    unit: 'bytes',
    bounds: '1MiB to 1024TiB',
    description: 'A query that looks at more text answers with what it found, a warning and where to go on.',
    parse: (text) => values.parseBytes(text, mebibyte, 2 ** 50),
  },
  queriesWaitingMax: {
    name: 'LOGKEEP_QUERIES_WAITING_MAX',
    default: String(queryLimits.scanQueueMax),
    unit: 'queries',
    bounds: '1 to 10000',
    description: 'Queries that may wait for a thread; one more is refused with 429.',
    parse: (text) => values.parseInteger(text, 1, 10_000),
  },
  exportsMax: {
    name: 'LOGKEEP_EXPORTS_MAX',
    default: String(httpLimits.exportsOpenMax),
    unit: 'exports',
    bounds: '1 to 64',
    description: 'Exports at once, at some 13 MiB each; one more is refused with 429.',
    parse: (text) => values.parseInteger(text, 1, 64),
  },
  tailsMax: {
    name: 'LOGKEEP_TAILS_MAX',
    default: String(tailLimits.tailsMax),
    unit: 'tails',
    bounds: '1 to 1900',
    description: 'Live tails at once; one more is refused with 429.',
    parse: (text) => values.parseInteger(text, 1, 1900),
  },
  metricsOpen: {
    name: 'LOGKEEP_METRICS_OPEN',
    default: 'false',
    unit: 'yes or no',
    bounds: 'true or false',
    description: 'Answer everybody who can connect at /metrics, also without the token.',
    parse: values.parseYesNo,
  },
  logLevel: {
    name: 'LOGKEEP_LOG_LEVEL',
    default: 'info',
    unit: 'level',
    bounds: 'debug, info, warn or error',
    description: "Least severe of the program's own messages that is written.",
    parse: (text) => (['debug', 'info', 'warn', 'error'] as const).find((level) => level === text) ?? null,
  },
}

function serviceName(text: string): string | null {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text) ? text : null
}

/**
 * Names that the kubelet sets for a Service whose name begins with `logkeep`
 * (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables).
 */
const serviceVariable = new RegExp(
  '^LOGKEEP_(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|' +
    'PORT_\\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$',
)
const serviceAddress = /^(?:tcp|udp|sctp):\/\//

/** True for what Kubernetes put there: the deployment switches these variables off, but others may not. */
function isServiceVariable(name: string, value: string): boolean {
  return serviceVariable.test(name) || (name.endsWith('_PORT') && serviceAddress.test(value))
}

/** Throws `BAD_SETTING` naming the variable, what was given and what is accepted. */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = new Map<string, string>()
  const names = Object.values(settings).map((setting) => setting.name as string)
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('LOGKEEP_') || value === undefined || isServiceVariable(name, value)) continue
    if (!names.includes(name)) throw unknownSetting(name, names)
    if (value.trim() !== '') given.set(name, value.trim())
  }
  const read = <T>(setting: Setting<T>): T => readSetting(setting, given.get(setting.name))
  const entries = Object.entries(settings).map(([field, setting]) => [
    field,
    read(setting as Setting<unknown>),
  ])
  const config = Object.fromEntries(entries) as Config
  refuseContradictions(config)
  const linkRoots = Object.freeze([...new Set([config.logRoot, ...config.linkRoots])])
  return Object.freeze({ ...config, linkRoots })
}

function readSetting<T>(setting: Setting<T>, given: string | undefined): T {
  const text = given ?? setting.default
  if (text === '' && setting.unset !== undefined) return setting.unset()
  const value = setting.parse(text)
  if (value !== null) return value
  const shown = setting.secret === true ? `a text of ${text.length} characters` : JSON.stringify(text)
  throw new LogkeepError('BAD_SETTING', `${setting.name} is ${shown}`, `accepted: ${setting.bounds}`)
}

function refuseContradictions(config: Config): void {
  if (config.token !== null && config.tokenFile !== null) {
    throw new LogkeepError(
      'BAD_SETTING',
      'LOGKEEP_TOKEN and LOGKEEP_TOKEN_FILE are both set',
      'set one of them',
    )
  }
  if (config.anonymous && (config.token !== null || config.tokenFile !== null)) {
    throw new LogkeepError('BAD_SETTING', 'LOGKEEP_ANONYMOUS is true and a token is set', 'set one of them')
  }
}

function unknownSetting(name: string, names: readonly string[]): LogkeepError {
  const nearest = nearestName(name, names)
  const hint = nearest === null ? `known: ${names.join(', ')}` : `did you mean ${nearest}?`
  return new LogkeepError('BAD_SETTING', `${name} is not a setting`, hint)
}

/** Value of a token file's content; null where it is not a token. */
export function parseTokenFile(content: string): string | null {
  return tokenText(content.trim())
}
