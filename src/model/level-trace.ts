/** Lines that belong to the stack trace or the pretty-printed value before them, told by how they begin. */

import { byteOf, isBlank, startsWith } from './level-bytes.ts'

const traceStarts = [
  'Caused by:',
  'Traceback (most recent call last)',
  'During handling of the above exception',
  'The above exception was the direct cause',
  'goroutine ',
  'created by ',
  '[signal ',
  'File "',
  'at ',
  '... ',
].map((text) => Buffer.from(text))
/** 1 for the first bytes of `traceStarts`: most lines are done with one look. */
const beginsTrace = new Uint8Array(256)
for (const text of traceStarts) beginsTrace[text[0] as number] = 1

/** True when the text at `at` can only be inside a stack trace of Java, JavaScript, Python or Go. */
export function isTraceText(bytes: Uint8Array, at: number, end: number): boolean {
  if (beginsTrace[bytes[at] as number] === 0) return false
  return traceStarts.some((text) => startsWith(bytes, at, end, text))
}

/** True when nothing but the end of a pretty-printed value is left: `}`, `]`, `},`, `});`. */
export function isCloser(bytes: Uint8Array, at: number, end: number): boolean {
  if (bytes[at] !== byteOf.closeBrace && bytes[at] !== byteOf.closeBracket) return false
  for (let index = at; index < end; index += 1) {
    switch (bytes[index] as number) {
      case byteOf.closeBrace:
      case byteOf.closeBracket:
      case byteOf.comma:
      case byteOf.space:
      case 0x29: // )
      case 0x3b: // ;
      case 0x0d:
        break
      default:
        return false
    }
  }
  return true
}

/**
 * A frame of Go (`main.run(0x1, 0x2)`) or the line that names an exception (`a.b.CException: text`,
 * `KeyError`).
 */
export function isTraceHead(bytes: Uint8Array, at: number, end: number): boolean {
  let index = at
  let hasDot = false
  while (index < end) {
    const byte = bytes[index] as number
    if (byte === byteOf.space || byte === byteOf.colon || byte === 0x28) break
    if (byte === 0x2e) hasDot = true
    index += 1
  }
  if (bytes[index] === 0x28 && index < end)
    return hasDot && bytes[skipTrailing(bytes, index, end) - 1] === 0x29
  return index > at && (index === end || bytes[index] === byteOf.colon) && endsAsException(bytes, at, index)
}

const exceptionEndings = ['Exception', 'Error', 'Throwable'].map((text) => Buffer.from(text))

function endsAsException(bytes: Uint8Array, start: number, end: number): boolean {
  return exceptionEndings.some(
    (text) => end - start > text.length && startsWith(bytes, end - text.length, end, text),
  )
}

function skipTrailing(bytes: Uint8Array, start: number, end: number): number {
  let index = end
  while (index > start && (isBlank(bytes[index - 1]) || bytes[index - 1] === 0x0d)) index -= 1
  return index
}
