/** Asks the server; every address is relative to the page, so that it works behind a path prefix. */

import type { ServerClock } from '../model/server-clock.ts'
import { behindMsOf } from '../model/warning-text.ts'
import type {
  ContextPage,
  FieldsAnswer,
  FieldValuesAnswer,
  FilesAnswer,
  HistogramAnswer,
  LogsPage,
  Readiness,
  StreamsPage,
} from './contract.ts'

/** A refusal in the server's own words. `status` 0: it could not be reached. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly hint: string

  constructor(status: number, code: string, message: string, hint: string) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.hint = hint
  }
}

export type Client = {
  readonly logs: (query: URLSearchParams, signal?: AbortSignal) => Promise<LogsPage>
  readonly context: (query: URLSearchParams, signal?: AbortSignal) => Promise<ContextPage>
  readonly histogram: (query: URLSearchParams, signal?: AbortSignal) => Promise<HistogramAnswer>
  readonly fields: (query: URLSearchParams, signal?: AbortSignal) => Promise<FieldsAnswer>
  readonly fieldValues: (
    name: string,
    query: URLSearchParams,
    signal?: AbortSignal,
  ) => Promise<FieldValuesAnswer>
  /** How far the collector is behind what was written; 0: everything is in. */
  readonly behindMs: () => Promise<number>
  readonly streams: (query: URLSearchParams) => Promise<StreamsPage>
  readonly files: (query: URLSearchParams) => Promise<FilesAnswer>
  readonly readiness: () => Promise<Readiness>
  readonly metrics: () => Promise<string>
  /** The export as it arrives. */
  readonly exportLogs: (query: URLSearchParams, signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>
  readonly signIn: (token: string) => Promise<void>
  readonly signOut: () => Promise<void>
  /** Why a tail with these parameters is refused; null where it is not. */
  readonly tailRefusal: (query: URLSearchParams) => Promise<ApiError | null>
}

/** A server that starts, stops or is short of time for a moment answers a second time. */
const triesMax = 3
const retryMs = 1000
const recentMs = 1000

function isPassing(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 503 || error.code === 'QUERY_ENDED')
}

/** `onRefused` is told of every 401, before the caller is. */
export function createClient(clock: ServerClock, onRefused: (error: ApiError) => void): Client {
  async function send(path: string, init: RequestInit = {}): Promise<Response> {
    const sentMs = Date.now()
    const response = await fetch(path, { credentials: 'same-origin', ...init }).catch((cause: unknown) => {
      if (init.signal?.aborted === true) throw cause
      throw new ApiError(0, 'UNREACHABLE', 'the server cannot be reached', 'it is tried again by itself')
    })
    clock.heard(sentMs, Date.now(), response.headers.get('date'))
    if (response.ok) return response
    const error = await errorOf(response)
    if (error.status === 401) onRefused(error)
    throw error
  }
  const get = async <T>(path: string, query: URLSearchParams, signal?: AbortSignal): Promise<T> => {
    const text = query.toString()
    const headers = { accept: 'application/json' }
    const init = signal === undefined ? { headers } : { headers, signal }
    for (let tries = 1; ; tries += 1) {
      try {
        const response = await send(text === '' ? path : `${path}?${text}`, init)
        return (await response.json()) as T
      } catch (error) {
        if (!isPassing(error) || tries === triesMax || signal?.aborted === true) throw error
        await new Promise((resolve) => setTimeout(resolve, retryMs))
      }
    }
  }
  return {
    logs: (query, signal) => get('logs', query, signal),
    context: (query, signal) => get('logs/context', query, signal),
    histogram: (query, signal) => get('logs/histogram', query, signal),
    fields: (query, signal) => get('logs/fields', query, signal),
    fieldValues: (name, query, signal) =>
      get(`logs/fields/${encodeURIComponent(name)}/values`, query, signal),
    behindMs: async () => {
      // Lines of the last second: nothing is looked through, but what was written is waited for.
      const since = String(Math.floor(clock.at(Date.now())) - recentMs)
      const query = new URLSearchParams({ since, limit: '1', gaps: 'false' })
      const { warnings } = await get<LogsPage>('logs', query)
      return Math.max(0, ...warnings.map((text) => behindMsOf(text) ?? 0))
    },
    streams: (query) => get('streams', query),
    files: (query) => get('files', query),
    readiness: async () => {
      // 503 has the same shape, with the reasons.
      const response = await fetch('readyz', { headers: { accept: 'application/json' } })
      return (await response.json()) as Readiness
    },
    metrics: async () => (await send('metrics')).text(),
    exportLogs: async (query, signal) => {
      const { body } = await send(`logs?${query.toString()}`, { signal })
      if (body === null) throw new ApiError(0, 'UNREACHABLE', 'the answer has no content', 'try again')
      return body
    },
    signIn: async (token) => {
      const headers = { 'content-type': 'application/json' }
      await send('session', { method: 'POST', headers, body: JSON.stringify({ token }) })
    },
    signOut: async () => {
      await send('session', { method: 'DELETE' })
    },
    tailRefusal: async (query) => {
      try {
        await send(`logs/tail?${query.toString()}`)
        return null
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        // The one refusal that says that all else is well.
        return error.code === 'UPGRADE_REQUIRED' ? null : error
      }
    },
  }
}

async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text()
  try {
    const { code, message, hint } = JSON.parse(text) as Partial<Record<'code' | 'message' | 'hint', string>>
    if (message !== undefined) return new ApiError(response.status, code ?? 'UNKNOWN', message, hint ?? '')
  } catch {
    // A proxy answered in a form of its own: the status is what there is.
  }
  const message = `the server, or a proxy before it, answered ${response.status}`
  return new ApiError(response.status, 'UNKNOWN', message, 'see the logs of the proxy')
}

export function toApiError(caught: unknown): ApiError {
  if (caught instanceof ApiError) return caught
  return new ApiError(0, 'PAGE_FAILED', String(caught), 'reload the page')
}
