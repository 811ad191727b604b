/** Makes names of labels out of keys: ASCII letters, digits and `_`. */

const plainName = /^[A-Za-z_][A-Za-z0-9_]*$/
const strange = /[^A-Za-z0-9_]/gu
/** Keys come again with every line; more of them than this are no log's. */
const rememberedMax = 10_000

/** `isFirst`: nothing stands before it, so that a digit at its beginning gets a `_`. */
export function cleanKey(key: string, isFirst: boolean): string {
  if (plainName.test(key)) return key
  const trimmed = key.trim()
  const cleaned = trimmed.replaceAll(strange, '_')
  return isFirst && /^[0-9]/.test(cleaned) ? `_${cleaned}` : cleaned
}

/** The same for keys at the top, remembering. */
export function createKeyCleaner(): (key: string) => string {
  const known = new Map<string, string>()
  return (key) => {
    const present = known.get(key)
    if (present !== undefined) return present
    const cleaned = cleanKey(key, true)
    if (known.size < rememberedMax) known.set(key, cleaned)
    return cleaned
  }
}
