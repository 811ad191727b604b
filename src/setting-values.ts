/**
 * Reads the values of settings: sizes, shares, lists, yes and no. Each parser gives null where the text does
 * not fit.
 */

import { parseDurationMs } from './model/time.ts'

export function parseInteger(text: string, min: number, max: number): number | null {
  if (!/^\d{1,15}$/.test(text)) return null
  const value = Number(text)
  return value >= min && value <= max ? value : null
}

/** `true`, `yes`, `on`, `1` and their opposites. */
export function parseYesNo(text: string): boolean | null {
  const lower = text.toLowerCase()
  if (['true', 'yes', 'on', '1'].includes(lower)) return true
  return ['false', 'no', 'off', '0'].includes(lower) ? false : null
}

export function parseDuration(text: string, minMs: number, maxMs: number): number | null {
  const value = parseDurationMs(text)
  return value !== null && value >= minMs && value <= maxMs ? value : null
}

const bytesPerUnit: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
  ti: 2 ** 40,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
}

/** `5GiB`, `500 MB`, `64Mi`, `1048576`: whole bytes. */
export function parseBytes(text: string, min: number, max: number): number | null {
  const match = /^(\d{1,15}(?:\.\d{1,3})?) ?([a-z]{0,3})$/i.exec(text)
  if (match === null) return null
  const unit = bytesPerUnit[(match[2] as string).toLowerCase()]
  if (unit === undefined) return null
  const value = Math.round(Number(match[1]) * unit)
  return value >= min && value <= max ? value : null
}

/** `15 %`, `15%` or `15`. */
export function parsePercent(text: string, max: number): number | null {
  const match = /^(\d{1,3}(?:\.\d{1,2})?) ?%?$/.exec(text)
  const value = match === null ? Number.NaN : Number(match[1])
  return value <= max ? value : null
}

/** Items between commas, each through `parseItem`; null when one is empty or does not fit. */
export function parseList<T>(text: string, parseItem: (item: string) => T | null): readonly T[] | null {
  const items: T[] = []
  for (const part of text.split(',')) {
    const trimmed = part.trim()
    const item = trimmed === '' ? null : parseItem(trimmed)
    if (item === null) return null
    items.push(item)
  }
  return items
}

/** Letters of Kubernetes names, and `*` and `?`. */
export function parseNameGlob(text: string): string | null {
  return /^[a-zA-Z0-9._*?-]{1,253}$/.test(text) ? text : null
}

/**
 * A host name or IP literal in the form in which it is compared: lower case, no port, no brackets, no final
 * dot.
 */
export function parseHostName(text: string): string | null {
  const name = text
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^\[(.*)\]$/, '$1')
  return /^[a-z0-9_.:-]{1,253}$/.test(name) && !/^[^:]*:\d+$/.test(name) ? name : null
}

/** `https://logs.example.com`, normalised as browsers send it. */
export function parseOrigin(text: string): string | null {
  if (!/^https?:\/\/[^/?#@\s]+\/?$/i.test(text)) return null
  return URL.canParse(text) ? new URL(text).origin : null
}
