/**
 * Decides who is answered: host names, web origins, tokens, sessions and loopback peers. Pure but for the
 * sessions.
 */

import { createHash, timingSafeEqual } from 'node:crypto'
import { BlockList, isIP } from 'node:net'
import type { Config } from '../config.ts'
import { LogkeepError } from '../errors.ts'
import type { Sessions } from './sessions.ts'

/** What is looked at of a request, HTTP or WebSocket alike. */
export type Visit = {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** How often the request names a host, but for an address that repeats the header. */
  readonly hostsNamed: number
  readonly peerAddress: string | undefined
  /** What follows `?`. */
  readonly query: string
}

export type Security = {
  /** Host and origin, for every request. `page`: a page that other sites may link to. */
  readonly checkSource: (visit: Visit, page: boolean) => void
  /** Throws `UNAUTHORIZED` where the data may not be shown to this client. */
  readonly checkAccess: (visit: Visit) => void
  /** Whether this is the token. Takes the same time for every text. */
  readonly isToken: (text: string) => boolean
  readonly hasToken: boolean
}

export type SecurityOptions = {
  readonly config: Pick<
    Config,
    'anonymous' | 'allowedHosts' | 'allowedOrigins' | 'serviceNames' | 'podNamespace'
  >
  readonly token: string | null
  readonly sessions: Sessions
}

export function createSecurity({ config, token, sessions }: SecurityOptions): Security {
  const hosts = new Set([
    'localhost',
    ...ownNames(config.serviceNames, config.podNamespace),
    ...config.allowedHosts,
  ])
  const tokenHash = token === null ? null : hash(token)
  const isToken = (text: string): boolean => tokenHash !== null && timingSafeEqual(hash(text), tokenHash)

  function checkSource(visit: Visit, page: boolean): void {
    const host = checkHost(visit, hosts)
    checkOrigin(visit, host, config.allowedOrigins, page)
    refuseTokenInQuery(visit.query)
  }

  function checkAccess({ headers, peerAddress }: Visit): void {
    if (tokenHash === null) {
      if (config.anonymous || isDirectLoopback(headers, peerAddress)) return
      const hint = 'set LOGKEEP_TOKEN, or LOGKEEP_ANONYMOUS=true to answer everybody who can connect'
      throw new LogkeepError('UNAUTHORIZED', 'without a token only this machine itself is answered', hint)
    }
    const bearer = bearerToken(headers['authorization'])
    if (bearer !== null && isToken(bearer)) return
    if (bearer === null && sessions.has(headers['cookie'])) return
    const message = bearer === null ? 'a token is needed' : 'this is not the token'
    const hint = 'send "Authorization: Bearer" with the text of LOGKEEP_TOKEN, or sign in with POST /session'
    throw new LogkeepError('UNAUTHORIZED', message, hint)
  }

  return { checkSource, checkAccess, isToken, hasToken: token !== null }
}

/** The text after `Bearer`; null where the header is absent or of another scheme. */
export function bearerToken(authorization: string | readonly string[] | undefined): string | null {
  return typeof authorization === 'string' ? (/^bearer +(\S+) *$/i.exec(authorization)?.[1] ?? null) : null
}

/** Texts of equal length, so that comparing them says nothing of the length of the token. */
function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** Names under which a Service is found inside the cluster; not those of other namespaces or pods. */
function ownNames(services: readonly string[], namespace: string | null): readonly string[] {
  return services.flatMap((service) => {
    if (namespace === null) return [service]
    const full = `${service}.${namespace}`
    return [service, full, `${full}.svc`, `${full}.svc.cluster.local`]
  })
}

type Host = { readonly name: string; readonly port: string }

/** `name`, `name:port`, `[address]` or `[address]:port`; null for anything else. */
function parseHost(text: string): Host | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@\s]+))(?::(\d{0,5}))?$/i.exec(text)
  if (match === null) return null
  const [, address, name, port = ''] = match
  if (address !== undefined) return isIP(address) === 6 ? { name: address.toLowerCase(), port } : null
  return { name: (name as string).toLowerCase().replace(/\.$/, ''), port }
}

/**
 * Against DNS rebinding: a page of another site can have its own name lead to this address, but cannot change
 * the name that the browser sends. An address is no name, so probes and port-forwards by address pass.
 */
function checkHost({ headers, hostsNamed }: Visit, allowed: ReadonlySet<string>): Host {
  const given = headers['host']
  const host = typeof given === 'string' && hostsNamed === 1 ? parseHost(given) : null
  if (host !== null && (isIP(host.name) !== 0 || allowed.has(host.name))) return host
  const message =
    host === null
      ? 'the Host header is missing, repeated or unreadable'
      : `the host "${host.name}" is not served`
  throw new LogkeepError('WRONG_HOST', message, 'add the name to LOGKEEP_ALLOWED_HOSTS')
}

function checkOrigin({ headers }: Visit, host: Host, allowed: readonly string[], page: boolean): void {
  const origin = headers['origin']
  if (origin !== undefined) {
    if (typeof origin === 'string' && (allowed.includes(origin.toLowerCase()) || isSameHost(origin, host)))
      return
    throw new LogkeepError(
      'FORBIDDEN_ORIGIN',
      'requests of pages from other origins are not answered',
      'add the origin, as scheme://host:port, to LOGKEEP_ALLOWED_ORIGINS',
    )
  }
  if (headers['sec-fetch-site'] !== 'cross-site') return
  const followsLink = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
  if (page && followsLink) return
  throw new LogkeepError(
    'FORBIDDEN_ORIGIN',
    'requests that another site makes a browser send are not answered',
    'open the address itself; LOGKEEP_ALLOWED_ORIGINS lists sites that may send requests',
  )
}

/** Whether an `Origin` names the host that the request was sent to. `null` does not. */
function isSameHost(origin: string, host: Host): boolean {
  if (!/^https?:\/\//i.test(origin) || !URL.canParse(origin)) return false
  const url = new URL(origin)
  const defaultPort = url.protocol === 'https:' ? '443' : '80'
  const name = url.hostname
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^\[(.*)\]$/, '$1')
  return name === host.name && (url.port || defaultPort) === (host.port || defaultPort)
}

/** A token in an address would stay in histories and in the logs of proxies. */
function refuseTokenInQuery(query: string): void {
  const name = /(?:^|&)(token|access_token)(?:=|&|$)/i.exec(query)?.[1]
  if (name === undefined) return
  throw new LogkeepError(
    'BAD_PARAMETER',
    `parameter "${name}": a token is not accepted in an address`,
    'send it as "Authorization: Bearer", or sign in with POST /session; consider this token known to others',
  )
}

/**
 * Headers by which proxies say that another machine asked: their sender is not the peer. A mesh's sidecar,
 * for one, connects from loopback for everybody and adds `x-forwarded-proto` and `x-envoy-…`.
 */
const forwardingHeaders = new Set([
  'forwarded',
  'true-client-ip',
  'via',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-original-forwarded-for',
  'x-real-ip',
])

function isForwardingHeader(name: string): boolean {
  return forwardingHeaders.has(name) || name.startsWith('x-forwarded-') || name.startsWith('x-envoy-')
}

function isDirectLoopback(headers: Visit['headers'], peerAddress: string | undefined): boolean {
  if (Object.keys(headers).some(isForwardingHeader)) return false
  return peerAddress !== undefined && isLoopback(peerAddress)
}

export function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  const family = isIP(plain)
  return family !== 0 && loopback.check(plain, family === 4 ? 'ipv4' : 'ipv6')
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')
