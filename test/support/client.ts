/** A client of the HTTP API for tests: pages, exports and tails, read to their ends. */

import { WebSocket } from 'ws'

const pagesMax = 20_000
const reconnectMs = 20

/** An entry of an answer. A gap record has `reason`, `bytes` and `file` in place of a line. */
export type Entry = {
  readonly kind: 'line' | 'gap'
  readonly time: string
  readonly namespace: string
  readonly pod: string
  readonly podUid: string
  readonly container: string
  readonly node: string
  readonly restart: number
  readonly stream: 'stdout' | 'stderr'
  readonly level: string
  readonly line: string
  readonly flags: readonly string[]
  readonly cursor: string
}

export type Page = {
  readonly entries: readonly Entry[]
  readonly next: string | null
  readonly resume: string
  readonly node: string
  readonly stats: Readonly<Record<'scannedBytes' | 'scannedLines' | 'blocks' | 'elapsedMs', number>>
  readonly warnings: readonly string[]
}

/** Values as they stand in the query string; an array repeats the name. */
export type Params = Readonly<Record<string, string | number | readonly string[]>>

export function toQuery(params: Params): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) {
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one))
  }
  return query.toString()
}

export async function getPage(base: string, params: Params): Promise<Page> {
  const response = await fetch(`${base}/logs?${toQuery(params)}`)
  const body = await response.text()
  if (!response.ok) throw new Error(`/logs answered ${response.status}: ${body}`)
  return JSON.parse(body)
}

export type Walk = {
  readonly entries: Entry[]
  readonly warnings: readonly string[]
  readonly pages: number
  /** `resume` of the last page. */
  readonly resume: string
}

/**
 * Follows `next` until it is null. `onPage` sees each page before the next is asked for; its answer is merged
 * into the parameters.
 */
export async function walk(
  base: string,
  params: Params,
  onPage: (page: Page, pages: number) => Params | undefined | Promise<Params | undefined> = () => undefined,
): Promise<Walk> {
  const entries: Entry[] = []
  const warnings = new Set<string>()
  let current = params
  for (let pages = 1; pages <= pagesMax; pages += 1) {
    const page = await getPage(base, current)
    entries.push(...page.entries)
    for (const warning of page.warnings) warnings.add(warning)
    const changed = await onPage(page, pages)
    if (page.next === null) return { entries, warnings: [...warnings], pages, resume: page.resume }
    current = { ...params, ...changed, cursor: page.next }
  }
  throw new Error(`the walk did not end within ${pagesMax} pages`)
}

export type Export = {
  readonly entries: Entry[]
  readonly end: { readonly kind: 'end'; readonly complete: boolean; readonly next: string | null }
}

export async function ndjson(base: string, params: Params): Promise<Export> {
  const response = await fetch(`${base}/logs?${toQuery({ ...params, format: 'ndjson' })}`)
  const body = await response.text()
  if (!response.ok) throw new Error(`ndjson answered ${response.status}: ${body}`)
  const lines = body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const end = lines.pop()
  if (end?.kind !== 'end') throw new Error(`the export has no end line: ${JSON.stringify(end)}`)
  return { entries: lines, end }
}

export type TailFrame = { readonly type: string } & Readonly<Record<string, unknown>>

export type Tail = {
  readonly entries: Entry[]
  /** Every frame but `entries` and `ping`, of all connections. */
  readonly frames: TailFrame[]
  readonly cursor: () => string | null
  /** How often a connection was opened. */
  readonly connections: () => number
  /** Close codes of the connections that have ended. */
  readonly closeCodes: readonly number[]
  /** Resolves when the first connection is open; rejects when it is refused and `reconnect` is off. */
  readonly opened: Promise<void>
  /** After a restart on another port. */
  readonly moveTo: (base: string) => void
  readonly close: () => void
}

export type TailOptions = {
  /** Go on with the last cursor whenever the connection ends. */
  readonly reconnect?: boolean
  /** Takes the entries in place of `entries`, which stays empty: of millions of them. */
  readonly onEntries?: (entries: readonly Entry[]) => void
}

/** Follows a tail. With `reconnect` it lives on over any number of ended connections and refused ones. */
export function openTail(base: string, params: Params, options: TailOptions = {}): Tail {
  const entries: Entry[] = []
  const { reconnect = false, onEntries = (added) => void entries.push(...added) } = options
  const frames: TailFrame[] = []
  const closeCodes: number[] = []
  const { promise: opened, resolve, reject } = Promise.withResolvers<void>()
  // Whoever does not look at it must not see an unhandled rejection.
  opened.catch(() => undefined)
  let address = base
  let cursor: string | null = null
  let connections = 0
  let closed = false
  let socket: WebSocket
  let timer: NodeJS.Timeout | undefined

  function connect(): void {
    const { since: _since, tail: _tail, ...filters } = params
    const query = toQuery(cursor === null ? params : { ...filters, cursor })
    socket = new WebSocket(`${address.replace('http', 'ws')}/logs/tail?${query}`)
    socket.on('open', () => {
      connections += 1
      resolve()
    })
    socket.on('message', (data) => receive(JSON.parse((data as Buffer).toString())))
    socket.on('error', (error) => {
      if (!reconnect) reject(error)
    })
    socket.on('close', (code) => {
      closeCodes.push(code)
      if (reconnect && !closed) timer = setTimeout(connect, reconnectMs)
    })
  }

  function receive(frame: TailFrame): void {
    if (typeof frame['cursor'] === 'string') cursor = frame['cursor']
    if (frame.type === 'entries') onEntries(frame['entries'] as Entry[])
    else if (frame.type === 'ping') socket.send('{"type":"pong"}')
    else frames.push(frame)
  }

  connect()
  return {
    entries,
    frames,
    closeCodes,
    opened,
    cursor: () => cursor,
    connections: () => connections,
    moveTo: (newBase) => {
      address = newBase
    },
    close: () => {
      closed = true
      clearTimeout(timer)
      socket.terminate()
    },
  }
}
