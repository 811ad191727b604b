/** Names of levels as loggers write them; from Loki's ingest rules, syslog and the loggers' own sources. */

import { type LevelName, levelNames } from './entry.ts'

/**
 * How much a name says where it stands. `word`: a level wherever it is a whole word. `short`: no English
 * word, so a level at the head of a line. `english`: at the head of a line only in capitals or before a
 * colon. All are levels in brackets and as values.
 */
export const nameKind = { word: 0x10, short: 0x20, english: 0x40 } as const

const words: Readonly<Partial<Record<LevelName, string>>> = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warn: 'warn warning',
  error: 'error err',
  critical: 'critical',
  fatal: 'fatal',
}
/** Abbreviations of Loki, zerolog, logrus (four letters) and .NET. */
const short: Readonly<Partial<Record<LevelName, string>>> = {
  trace: 'trc trac trce',
  debug: 'dbg dbug debu',
  info: 'inf',
  warn: 'wrn',
  error: 'eror erro',
  critical: 'crit emerg',
  fatal: 'ftl fata pani pnc',
}
/** Syslog, java.util.logging, Serilog, .NET, PostgreSQL and MySQL. */
const english: Readonly<Partial<Record<LevelName, string>>> = {
  trace: 'verbose finest',
  debug: 'fine finer',
  info: 'information informational notice note log',
  error: 'severe fail',
  critical: 'alert emergency',
  fatal: 'panic',
}

/** Longer than any name: a longer run of letters is none. */
export const nameBytesMax = 14

type Name = { readonly text: Buffer; readonly code: number }

/** By first letter and length; more than one name per place is rare. */
const table: readonly (readonly Name[])[] = buildTable()

function place(firstByte: number, length: number): number {
  return (firstByte & 0x1f) * (nameBytesMax + 1) + length
}

function buildTable(): Name[][] {
  const built: Name[][] = Array.from({ length: 32 * (nameBytesMax + 1) }, () => [])
  const kinds = [
    [words, nameKind.word],
    [short, nameKind.short],
    [english, nameKind.english],
  ] as const
  for (const [names, kind] of kinds) {
    levelNames.forEach((level, code) => {
      for (const name of names[level]?.split(' ') ?? []) {
        const text = Buffer.from(name)
        built[place(text[0] as number, text.length)]?.push({ text, code: kind | code })
      }
    })
  }
  return built
}

/**
 * Code of the level in the low four bits, one bit of `nameKind` above them; 0 when the letters are no name.
 * Any case.
 */
export function lookUpName(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start
  if (length < 2 || length > nameBytesMax) return 0
  const names = table[place(bytes[start] as number, length)] as readonly Name[]
  for (const name of names) {
    const text = name.text
    let index = 1
    while (index < length && ((bytes[start + index] as number) | 0x20) === text[index]) index += 1
    if (index === length) return name.code
  }
  return 0
}

/** Level of one capital letter that stands for a name (`E`, as glog, Ruby and MongoDB write it), or 0. */
export function lookUpLetter(byte: number): number {
  switch (byte) {
    case 0x54: // T
      return 1
    case 0x44: // D
      return 2
    case 0x49: // I
      return 3
    case 0x57: // W
      return 4
    case 0x45: // E
      return 5
    case 0x43: // C
      return 6
    case 0x46: // F
      return 7
    default:
      return 0
  }
}

/**
 * Lower-cased names of the fields that hold a level, as Loki, Serilog, hclog and Python's JSON formatters
 * have them.
 */
const keys = [
  'level',
  'lvl',
  'severity',
  'severitytext',
  'severity_text',
  'log.level',
  'levelname',
  '@l',
  '@level',
].map((key) => Buffer.from(key))

/** Longest of these keys. */
export const keyBytesMax = 13

/** One look that excludes most keys: by their first byte. */
export function mayBeLevelKey(first: number): boolean {
  const lower = first | 0x20
  return lower === 0x6c || lower === 0x73 || first === 0x40
}

export function isLevelKey(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start
  if (length > keyBytesMax || !mayBeLevelKey(bytes[start] as number)) return false
  for (const key of keys) {
    if (key.length !== length) continue
    let index = 0
    while (index < length && toLower(bytes[start + index] as number) === key[index]) index += 1
    if (index === length) return true
  }
  return false
}

/**
 * MongoDB's severity has a key of one letter, too short to trust it with anything but a letter as its value.
 */
export function isLetterKey(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === 1 && bytes[start] === 0x73
}

function toLower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
}
