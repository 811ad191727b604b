/** Whether the server wants a token: asked for once, then a cookie that no script can read. */

import { type Signal, signal } from '@preact/signals'
import { type ApiError, type Client, toApiError } from '../api/client.ts'

export type Session = {
  /** The refusal that is to be answered by signing in; null: none. */
  readonly refusal: Signal<ApiError | null>
  readonly error: Signal<string | null>
  /** Whether a token was taken in this visit, so that there is something to sign out of. */
  readonly signedIn: Signal<boolean>
  readonly signIn: (token: string) => Promise<boolean>
  readonly signOut: () => Promise<void>
}

/** `refusal` is set by the client whenever an answer is a 401. */
export function createSession(client: Client, refusal: Signal<ApiError | null>): Session {
  const error = signal<string | null>(null)
  const signedIn = signal(false)
  return {
    refusal,
    error,
    signedIn,
    signIn: async (token) => {
      try {
        await client.signIn(token)
        error.value = null
        refusal.value = null
        signedIn.value = true
        return true
      } catch (caught) {
        const { message, hint } = toApiError(caught)
        error.value = `${message} (${hint})`
        return false
      }
    },
    signOut: async () => {
      await client.signOut()
      signedIn.value = false
    },
  }
}
