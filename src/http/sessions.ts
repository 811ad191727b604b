/** Signed-in browsers: random ids in bounded memory with an end, carried in a cookie (RFC 6265bis). */

import { createHash, randomBytes } from 'node:crypto'
import { httpLimits } from '../limits/http.ts'

export type Sessions = {
  /** Value of `set-cookie` for a new session. */
  readonly open: () => string
  /** Whether a `cookie` header holds a session that has not ended. */
  readonly has: (cookie: string | readonly string[] | undefined) => boolean
  /** Ends the session of a `cookie` header, if any. Value of `set-cookie` that removes it. */
  readonly end: (cookie: string | readonly string[] | undefined) => string
}

const cookieName = 'logkeep_session'
/** Scripts do not see it, other sites do not send it. Not `Secure`: port-forwards are plain HTTP. */
const cookieAttributes = 'Path=/; HttpOnly; SameSite=Strict'
const idBytes = 32

/** `nowMs` may be any clock that does not go back. */
export function createSessions(nowMs: () => number): Sessions {
  /** By hash of the id, oldest first: whoever reads this memory cannot sign in with it. */
  const endsMs = new Map<string, number>()

  function open(): string {
    for (const [key, endMs] of endsMs) {
      if (endMs > nowMs() && endsMs.size < httpLimits.sessionsMax) break
      endsMs.delete(key)
    }
    const id = randomBytes(idBytes).toString('base64url')
    endsMs.set(keyOf(id), nowMs() + httpLimits.sessionAgeMs)
    return `${cookieName}=${id}; Max-Age=${httpLimits.sessionAgeMs / 1000}; ${cookieAttributes}`
  }

  function has(cookie: string | readonly string[] | undefined): boolean {
    return sessionIds(cookie).some((id) => (endsMs.get(keyOf(id)) ?? 0) > nowMs())
  }

  function end(cookie: string | readonly string[] | undefined): string {
    for (const id of sessionIds(cookie)) endsMs.delete(keyOf(id))
    return `${cookieName}=; Max-Age=0; ${cookieAttributes}`
  }

  return { open, has, end }
}

/** A browser may send a cookie of the same name for another path too. */
function sessionIds(cookie: string | readonly string[] | undefined): readonly string[] {
  if (typeof cookie !== 'string') return []
  const prefix = `${cookieName}=`
  const pairs = cookie.split(';').map((pair) => pair.trim())
  return pairs.filter((pair) => pair.startsWith(prefix)).map((pair) => pair.slice(prefix.length))
}

function keyOf(id: string): string {
  return createHash('sha256').update(id).digest('base64')
}
