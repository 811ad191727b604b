/**
 * Cuts hostile text into pieces that are safe to show: colours of terminals become class names (ECMA-48,
 * SGR), other escapes are left out, and characters that could hide or reorder text are named.
 */

/** `className` is one of a fixed set; `isMark`: `text` names a character that is not shown itself. */
export type Piece = {
  readonly text: string
  readonly className: string
  readonly isMark: boolean
  /** Offset of the piece in the plain text, in which marks have no length. */
  readonly start: number
}

type Style = {
  color: string
  background: string
  bold: boolean
  dim: boolean
  italic: boolean
  underline: boolean
}

const noStyle: Style = { color: '', background: '', bold: false, dim: false, italic: false, underline: false }

/**
 * Escape sequences: control sequences, operating system commands up to their end, two-character ones. Lengths
 * are bounded, so that a line without an end of sequence is read in linear time.
 */
const escapes = new RegExp(
  [
    String.raw`(?:\u001b\[|\u009b)([0-9:;<=>?]{0,64})[ -/]{0,8}([@-~])`,
    String.raw`\u001b\][^\u0007\u001b]{0,2048}(?:\u0007|\u001b\\)`,
    String.raw`\u001b[ -/]{0,8}[0-Z\\^-~]`,
  ].join('|'),
  'g',
)

/** Controls but tab and line feed, bidirectional overrides and isolates, invisible and deprecated formats. */
const hidden = new RegExp(
  [
    String.raw`[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e`,
    String.raw`\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]`,
  ].join(''),
  'g',
)

/** The text without escape sequences: what search and fields look at. */
export function plainText(text: string): string {
  return text.includes('\u001b') || text.includes('\u009b') ? text.replace(escapes, '') : text
}

/** Controls but tab and line feed, and what reorders text. */
const commands = new RegExp(
  String.raw`[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]`,
  'g',
)

/** What may be put into a terminal: nothing in it is a command or hides one. */
export function harmlessText(text: string): string {
  return plainText(text).replace(commands, '')
}

export function parsePieces(text: string): readonly Piece[] {
  const pieces: Piece[] = []
  let style = noStyle
  let at = 0
  let start = 0
  const push = (part: string): void => {
    start = pushPlain(pieces, part, classOf(style), start)
  }
  for (const match of text.matchAll(escapes)) {
    push(text.slice(at, match.index))
    at = match.index + match[0].length
    if (match[2] === 'm') style = applyCodes(style, match[1] ?? '')
  }
  push(text.slice(at))
  return pieces
}

/** Splits off hidden characters; gives the offset behind the part. */
function pushPlain(pieces: Piece[], part: string, className: string, from: number): number {
  let at = 0
  let start = from
  const push = (text: string): void => {
    if (text === '') return
    pieces.push({ text, className, isMark: false, start })
    start += text.length
  }
  for (const match of part.matchAll(hidden)) {
    push(part.slice(at, match.index))
    at = match.index + 1
    pieces.push({ text: nameOf(match[0]), className, isMark: true, start })
  }
  push(part.slice(at))
  return start
}

/** `␛` for controls that have a picture, `U+202E` for others. */
function nameOf(character: string): string {
  const code = character.charCodeAt(0)
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}

const colors = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const
/** Parameters of one sequence: more are an attack or a mistake. */
const codesMax = 32

function applyCodes(style: Style, text: string): Style {
  const codes = text.split(/[;:]/, codesMax).map(Number)
  let next = { ...style }
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] as number
    if (code === 0) next = { ...noStyle }
    else if (code === 38 || code === 48) at += skipExtended(next, code, codes.slice(at + 1))
    else applyCode(next, code)
  }
  return next
}

function applyCode(style: Style, code: number): void {
  if (code === 1) style.bold = true
  else if (code === 2) style.dim = true
  else if (code === 3) style.italic = true
  else if (code === 4) style.underline = true
  else if (code === 22) {
    style.bold = false
    style.dim = false
  } else if (code === 23) style.italic = false
  else if (code === 24) style.underline = false
  else if (code === 39) style.color = ''
  else if (code === 49) style.background = ''
  else if (code >= 30 && code <= 37) style.color = colors[code - 30] as string
  else if (code >= 90 && code <= 97) style.color = `bright-${colors[code - 90]}`
  else if (code >= 40 && code <= 47) style.background = colors[code - 40] as string
  else if (code >= 100 && code <= 107) style.background = `bright-${colors[code - 100]}`
}

/** Of the 256 colours the first 16 are shown; others and 24-bit ones as the nearest of the eight. */
function skipExtended(style: Style, code: number, rest: readonly number[]): number {
  const isIndexed = rest[0] === 5
  const name = isIndexed ? indexedColor(rest[1] ?? 7) : nearestColor(rest.slice(1, 4))
  if (code === 38) style.color = name
  else style.background = name
  return isIndexed ? 2 : 4
}

function indexedColor(index: number): string {
  if (index < 8) return colors[index] ?? 'white'
  if (index < 16) return `bright-${colors[index - 8]}`
  if (index >= 232) return index < 244 ? 'bright-black' : 'white'
  const cell = index - 16
  return nearestColor([Math.floor(cell / 36), Math.floor(cell / 6) % 6, cell % 6].map((part) => part * 51))
}

function nearestColor(parts: readonly number[]): string {
  const [red = 0, green = 0, blue = 0] = parts
  const middle = Math.max(red, green, blue) / 2
  const bits = (red > middle ? 1 : 0) + (green > middle ? 2 : 0) + (blue > middle ? 4 : 0)
  return colors[bits] ?? 'white'
}

function classOf(style: Style): string {
  const names: string[] = []
  if (style.color !== '') names.push(`fg-${style.color}`)
  if (style.background !== '') names.push(`bg-${style.background}`)
  if (style.bold) names.push('bold')
  if (style.dim) names.push('dim')
  if (style.italic) names.push('italic')
  if (style.underline) names.push('underline')
  return names.join(' ')
}
