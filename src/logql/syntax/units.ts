/** Reads durations and sizes as LogQL, Prometheus and Go write them. */

const nanosecondsOf: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3_600e9,
  d: 86_400e9,
  w: 7 * 86_400e9,
  y: 365 * 86_400e9,
}

const prometheusPattern = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/
const prometheusUnits = ['y', 'w', 'd', 'h', 'm', 's', 'ms'] as const
const goPattern = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/
const goPart = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g
/** Go and Prometheus count nanoseconds in 63 bits: some 292 years. */
const durationNsMax = 2 ** 63

/** `1h30m` in nanoseconds: whole numbers, units in descending order; `0`. Null where it is none. */
export function parsePrometheusDuration(text: string): number | null {
  if (text === '0') return 0
  const parts = text === '' ? null : prometheusPattern.exec(text)
  if (parts === null) return null
  let total = 0
  prometheusUnits.forEach((unit, index) => {
    total += Number(parts[index + 1] ?? 0) * (nanosecondsOf[unit] as number)
  })
  return total < durationNsMax ? total : null
}

/** `1.5h`, `-30m1h`, `100us` in nanoseconds, fractions of one cut off. Null where it is none. */
export function parseGoDuration(text: string): number | null {
  if (text === '0' || text === '+0' || text === '-0') return 0
  if (!goPattern.test(text)) return null
  let total = 0
  for (const [, amount, unit] of text.matchAll(goPart)) {
    total += Number(amount) * (nanosecondsOf[unit as string] as number)
  }
  // Sums of decimal fractions are off by less than this.
  total = Math.floor(total + 1e-3)
  if (total >= durationNsMax) return null
  return text.startsWith('-') ? -total : total
}

const sizeUnits: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1e3,
  kb: 1e3,
  m: 1e6,
  mb: 1e6,
  g: 1e9,
  gb: 1e9,
  t: 1e12,
  tb: 1e12,
  p: 1e15,
  pb: 1e15,
  e: 1e18,
  eb: 1e18,
  ki: 2 ** 10,
  kib: 2 ** 10,
  mi: 2 ** 20,
  mib: 2 ** 20,
  gi: 2 ** 30,
  gib: 2 ** 30,
  ti: 2 ** 40,
  tib: 2 ** 40,
  pi: 2 ** 50,
  pib: 2 ** 50,
  ei: 2 ** 60,
  eib: 2 ** 60,
}

const sizePattern = /^(\d[\d,]*\.?[\d,]*|\.\d[\d,]*)\s*([A-Za-z]*)$/

/** `5KB`, `1.5 MiB`, `1,000` in whole bytes, any case. Null where it is none. */
export function parseSize(text: string): number | null {
  const parts = sizePattern.exec(text.trim())
  if (parts === null) return null
  const unit = sizeUnits[(parts[2] as string).toLowerCase()]
  const amount = Number((parts[1] as string).replaceAll(',', ''))
  if (unit === undefined || Number.isNaN(amount)) return null
  const bytes = Math.floor(amount * unit)
  return bytes < 2 ** 64 ? bytes : null
}

/** Seconds and smaller as Go prints them: `1h0m0s`, `1.5s`, `250ms`. */
export function formatGoDuration(ns: number): string {
  if (ns === 0) return '0s'
  const sign = ns < 0 ? '-' : ''
  const size = Math.abs(ns)
  if (size < 1e3) return `${sign}${size}ns`
  if (size < 1e6) return `${sign}${size / 1e3}µs`
  if (size < 1e9) return `${sign}${size / 1e6}ms`
  const hours = Math.floor(size / 3_600e9)
  const minutes = Math.floor((size % 3_600e9) / 60e9)
  const seconds = (size % 60e9) / 1e9
  const hoursText = hours > 0 ? `${hours}h` : ''
  const minutesText = hours > 0 || minutes > 0 ? `${minutes}m` : ''
  return `${sign}${hoursText}${minutesText}${seconds}s`
}

/** As Prometheus prints it: `1h30m`, `90ms`; nanoseconds that it has no unit for in Go's form. */
export function formatPrometheusDuration(ns: number): string {
  if (ns === 0) return '0s'
  if (ns % 1e6 !== 0) return formatGoDuration(ns)
  let rest = Math.abs(ns)
  let text = ns < 0 ? '-' : ''
  for (const unit of prometheusUnits) {
    const size = nanosecondsOf[unit] as number
    // Years and weeks only where they say it all, as Prometheus does.
    if ((unit === 'y' || unit === 'w') && rest % size !== 0) continue
    const amount = Math.floor(rest / size)
    if (amount > 0) text += `${amount}${unit}`
    rest -= amount * size
  }
  return text
}
