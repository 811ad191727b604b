/** Instants inside templates, written and read after Go's layouts (`2006-01-02T15:04:05.000Z07:00`). */

/** Nanoseconds since 1970, and the zone in which it is written. */
export type GoTime = { readonly ns: bigint; readonly zone: string }

const secondNs = 1_000_000_000n

export function isGoTime(value: unknown): value is GoTime {
  return typeof value === 'object' && value !== null && 'ns' in value
}

/** Seconds by which a zone is ahead of UTC at an instant. Throws RangeError where no zone has the name. */
export function zoneOffsetSec(zone: string, unixSec: number): number {
  if (zone === 'UTC' || zone === '' || zone === 'Local') return 0
  const fixed = /^([+-])(\d{2}):?(\d{2})$/.exec(zone)
  if (fixed !== null) {
    const size = Number(fixed[2]) * 3_600 + Number(fixed[3]) * 60
    return fixed[1] === '-' ? -size : size
  }
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(unixSec * 1000)
  const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value)
  const local = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  )
  return Math.round(local / 1000 - unixSec)
}

const months = 'January February March April May June July August September October November December'.split(
  ' ',
)
const days = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')

/** Pieces of a layout, longer ones first. */
const piece = new RegExp(
  [
    '2006|January|Jan|Monday|Mon|MST|002|01|02|03|04|05|06|15|PM|pm|_2',
    'Z07:00:00|Z07:00|Z0700|Z07|-07:00:00|-07:00|-0700|-07',
    '[.,]0+(?!\\d)|[.,]9+(?!\\d)|1|2|3|4|5',
  ].join('|'),
  'g',
)

function pad(value: number, length: number): string {
  return String(value).padStart(length, '0')
}

export function formatGoTime({ ns, zone }: GoTime, layout: string): string {
  const unixSec = Number((ns - (((ns % secondNs) + secondNs) % secondNs)) / secondNs)
  const nanos = Number(((ns % secondNs) + secondNs) % secondNs)
  const offset = zoneOffsetSec(zone, unixSec)
  const date = new Date((unixSec + offset) * 1000)
  return layout.replaceAll(piece, (found) => writePiece(found, { date, nanos, offset, zone }))
}

type Moment = {
  readonly date: Date
  readonly nanos: number
  readonly offset: number
  readonly zone: string
}

function writePiece(found: string, moment: Moment): string {
  const { date, nanos } = moment
  const hour = date.getUTCHours()
  const month = date.getUTCMonth()
  switch (found) {
    case '2006':
      return pad(date.getUTCFullYear(), 4)
    case '06':
      return pad(date.getUTCFullYear() % 100, 2)
    case 'January':
      return months[month] as string
    case 'Jan':
      return (months[month] as string).slice(0, 3)
    case '01':
      return pad(month + 1, 2)
    case '1':
      return String(month + 1)
    case 'Monday':
      return days[date.getUTCDay()] as string
    case 'Mon':
      return (days[date.getUTCDay()] as string).slice(0, 3)
    case '02':
      return pad(date.getUTCDate(), 2)
    case '_2':
      return String(date.getUTCDate()).padStart(2, ' ')
    case '2':
      return String(date.getUTCDate())
    case '002':
      return pad(dayOfYear(date), 3)
    case '15':
      return pad(hour, 2)
    case '03':
      return pad(hour % 12 || 12, 2)
    case '3':
      return String(hour % 12 || 12)
    case '04':
      return pad(date.getUTCMinutes(), 2)
    case '4':
      return String(date.getUTCMinutes())
    case '05':
      return pad(date.getUTCSeconds(), 2)
    case '5':
      return String(date.getUTCSeconds())
    case 'PM':
      return hour >= 12 ? 'PM' : 'AM'
    case 'pm':
      return hour >= 12 ? 'pm' : 'am'
    default:
      return /^[.,]/.test(found) ? writeFraction(found, nanos) : writeZone(found, moment)
  }
}

function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1
}

function writeFraction(found: string, nanos: number): string {
  const digits = pad(nanos, 9).slice(0, found.length - 1)
  if (found[1] === '0') return found[0] + digits
  const short = digits.replace(/0+$/, '')
  return short === '' ? '' : found[0] + short
}

function writeZone(found: string, { offset, zone }: Moment): string {
  if (found === 'MST') return zone === '' || zone === 'Local' ? 'UTC' : zone
  if (found.startsWith('Z') && offset === 0) return 'Z'
  const size = Math.abs(offset)
  const hours = pad(Math.floor(size / 3_600), 2)
  const minutes = pad(Math.floor((size % 3_600) / 60), 2)
  const colon = found.includes(':') ? ':' : ''
  return `${offset < 0 ? '-' : '+'}${hours}${found.endsWith('07') ? '' : colon + minutes}`
}

type Read = {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  nanos: number
  isAfternoon: boolean | null
  offset: number | null
}

/** Null: the text is not as the layout says. `zone`: of texts that name none. */
export function parseGoTime(layout: string, text: string, zone: string): GoTime | null {
  const read: Read = {
    year: 1,
    month: 1,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    nanos: 0,
    isAfternoon: null,
    offset: null,
  }
  const pattern = new RegExp(piece.source, 'g')
  let at = 0
  let end = 0
  for (const found of layout.matchAll(pattern)) {
    const literal = layout.slice(end, found.index)
    if (!text.startsWith(literal, at)) return null
    at += literal.length
    const length = readPiece(found[0], text.slice(at), read)
    if (length === null) return null
    at += length
    end = found.index + found[0].length
  }
  if (text.slice(at) !== layout.slice(end)) return null
  return instantOf(read, zone)
}

function instantOf(read: Read, zone: string): GoTime | null {
  const { year, month, day, minute, second, isAfternoon } = read
  const hour = isAfternoon === null ? read.hour : (read.hour % 12) + (isAfternoon ? 12 : 0)
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second)
  if (date.getUTCDate() !== day || date.getUTCMonth() !== month - 1) return null
  const localSec = date.getTime() / 1000
  const offset = read.offset ?? zoneOffsetSec(zone, localSec - zoneOffsetSec(zone, localSec))
  const ns = BigInt(localSec - offset) * secondNs + BigInt(read.nanos)
  return { ns, zone: read.offset === null ? zone : read.offset === 0 ? 'UTC' : zoneName(read.offset) }
}

function zoneName(offset: number): string {
  const size = Math.abs(offset)
  const sign = offset < 0 ? '-' : '+'
  return `${sign}${pad(Math.floor(size / 3_600), 2)}:${pad(Math.floor((size % 3_600) / 60), 2)}`
}

const numberPieces: Readonly<Record<string, readonly [RegExp, keyof Read]>> = {
  '2006': [/^\d{4}/, 'year'],
  '01': [/^\d{2}/, 'month'],
  '1': [/^\d{1,2}/, 'month'],
  '02': [/^\d{2}/, 'day'],
  _2: [/^ ?\d{1,2}/, 'day'],
  '2': [/^\d{1,2}/, 'day'],
  '15': [/^\d{1,2}/, 'hour'],
  '03': [/^\d{2}/, 'hour'],
  '3': [/^\d{1,2}/, 'hour'],
  '04': [/^\d{2}/, 'minute'],
  '4': [/^\d{1,2}/, 'minute'],
  '05': [/^\d{2}/, 'second'],
  '5': [/^\d{1,2}/, 'second'],
}

/** Length of what was read; null: it does not stand there. */
function readPiece(found: string, text: string, read: Read): number | null {
  const number = numberPieces[found]
  if (number !== undefined) {
    const digits = number[0].exec(text)?.[0]
    if (digits === undefined) return null
    Object.assign(read, { [number[1]]: Number(digits) })
    // A fraction behind the seconds is read even where the layout has none.
    const fraction = number[1] === 'second' ? /^[.,](\d+)/.exec(text.slice(digits.length)) : null
    if (fraction === null) return digits.length
    read.nanos = Number((fraction[1] as string).padEnd(9, '0').slice(0, 9))
    return digits.length + fraction[0].length
  }
  if (found === '06') {
    const year = /^\d{2}/.exec(text)?.[0]
    if (year === undefined) return null
    read.year = Number(year) + (Number(year) >= 69 ? 1900 : 2000)
    return 2
  }
  if (/^[.,]/.test(found)) return 0
  if (found === 'January' || found === 'Jan')
    return readName(text, months, found.length === 3, (index) => (read.month = index + 1))
  if (found === 'Monday' || found === 'Mon') return readName(text, days, found.length === 3, () => undefined)
  if (found === 'PM' || found === 'pm') {
    const half = /^[AP]M/i.exec(text)?.[0]
    if (half === undefined) return null
    read.isAfternoon = half.toUpperCase() === 'PM'
    return 2
  }
  return readZone(found, text, read)
}

function readName(
  text: string,
  names: readonly string[],
  isShort: boolean,
  take: (index: number) => unknown,
): number | null {
  const wanted = names.map((name) => (isShort ? name.slice(0, 3) : name).toLowerCase())
  const index = wanted.findIndex((name) => text.toLowerCase().startsWith(name))
  if (index < 0) return null
  take(index)
  return (wanted[index] as string).length
}

function readZone(found: string, text: string, read: Read): number | null {
  if (found === 'MST') {
    const name = /^[A-Z]{3,4}/.exec(text)?.[0]
    if (name === 'UTC' || name === 'GMT') read.offset = 0
    return name?.length ?? null
  }
  if (found.startsWith('Z') && text.startsWith('Z')) {
    read.offset = 0
    return 1
  }
  const offset = /^([+-])(\d{2}):?(\d{2})?/.exec(text)
  if (offset === null) return null
  const size = Number(offset[2]) * 3_600 + Number(offset[3] ?? 0) * 60
  read.offset = offset[1] === '-' ? -size : size
  return offset[0].length
}
