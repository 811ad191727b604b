/** Why a search was refused, with the place in it. */

import type { ApiError } from '../api/client.ts'
import { errorOffset } from '../model/search-text.ts'
import type { Store } from '../state/store.ts'

/** Errors about anything else are shown in place of the lines. */
const searchErrors = new Set(['BAD_REGEX', 'BAD_PARAMETER', 'BAD_QUERY'])

/** The error that is about the text, as long as the text is what was searched for. */
export function searchErrorOf({ lines, address }: Store, text: string): ApiError | null {
  const error = lines.error.value
  if (error === null || !searchErrors.has(error.code)) return null
  return text.trim() === address.view.value.search && text.trim() !== '' ? error : null
}

export function SearchError({ text, error }: { readonly text: string; readonly error: ApiError }) {
  const offset = errorOffset(text, error.message)
  return (
    <div id="search-error" class="search-error" role="alert">
      {offset !== null && (
        <pre class="search-place">
          {text.slice(0, offset)}
          <mark>{text.slice(offset, offset + 1) || '␠'}</mark>
          {text.slice(offset + 1)}
        </pre>
      )}
      <strong>{error.message.replace(/^parameter "q(?:uery)?":? /, '')}</strong> {error.hint}
    </div>
  )
}
