/** Writes counts, sizes and durations as people read them. */

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const
const kibibyte = 1024

export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= kibibyte && unit < byteUnits.length - 1) {
    value /= kibibyte
    unit += 1
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${byteUnits[unit]}`
}

/** `1,234`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en')
}

/** `999`, `12.3k`, `4.5M`: where there is little room. */
export function shortCount(count: number): string {
  if (count < 1000) return String(count)
  if (count < 999_500) return `${(count / 1000).toFixed(count < 9950 ? 1 : 0)}k`
  return `${(count / 1_000_000).toFixed(count < 9_950_000 ? 1 : 0)}M`
}

/** `3 s`, `5 min`, `2 h`, `4 d`. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, ms) / 1000
  if (seconds < 60) return `${Math.round(seconds)} s`
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`
  if (seconds < 2 * 86_400) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} d`
}
