/** Asks for the token once; the server keeps the browser signed in by a cookie that no script can read. */

import { useState } from 'preact/hooks'
import type { ApiError } from '../api/client.ts'
import { useStore } from './store-context.ts'

export function SignIn({ refusal }: { readonly refusal: ApiError }) {
  const { session } = useStore()
  const [token, setToken] = useState('')
  const [isBusy, setBusy] = useState(false)
  const wantsToken = refusal.message.includes('token is needed') || refusal.message.includes('not the token')
  return (
    <main class="sign-in">
      <h1>logkeep</h1>
      {wantsToken ? (
        <form
          onSubmit={(event) => {
            event.preventDefault()
            setBusy(true)
            void session.signIn(token.trim()).finally(() => setBusy(false))
          }}
        >
          <label>
            Token
            <input
              type="password"
              autocomplete="current-password"
              value={token}
              autoFocus
              onInput={({ currentTarget }) => setToken(currentTarget.value)}
            />
          </label>
          <button type="submit" class="primary" disabled={token === '' || isBusy}>
            Sign in
          </button>
          <p class="note">The text of LOGKEEP_TOKEN. It is asked for once, and kept for 12 hours.</p>
          {session.error.value !== null && (
            <p class="error-text" role="alert">
              {session.error.value}
            </p>
          )}
        </form>
      ) : (
        <div role="alert">
          <p>{refusal.message}</p>
          <p class="note">{refusal.hint}</p>
          <button type="button" onClick={() => void (session.refusal.value = null)}>
            Try again
          </button>
        </div>
      )}
    </main>
  )
}
