/** Writes lines as a container runtime does: CRI format, long lines in pieces of 16 KiB. */

/** Where containerd and CRI-O cut a line. */
const pieceChars = 16 * 1024

export type CriWriter = {
  /**
   * One line of a program as one or more records, each ended by LF. `timeMs`: milliseconds since 1970;
   * `nanos`: 0 to 999,999 beyond them.
   */
  readonly record: (iostream: 'stdout' | 'stderr', text: string, timeMs: number, nanos: number) => string
}

export function createCriWriter(): CriWriter {
  let second = -1
  let secondText = ''
  return {
    record: (iostream, text, timeMs, nanos) => {
      const whole = Math.floor(timeMs / 1000)
      if (whole !== second) {
        second = whole
        secondText = new Date(whole * 1000).toISOString().slice(0, 20)
      }
      const fraction = (timeMs - whole * 1000) * 1_000_000 + nanos
      const head = `${secondText}${String(fraction).padStart(9, '0')}Z ${iostream} `
      if (text.length <= pieceChars) return `${head}F ${text}\n`
      let records = ''
      let at = 0
      for (; text.length - at > pieceChars; at += pieceChars)
        records += `${head}P ${text.slice(at, at + pieceChars)}\n`
      return `${records}${head}F ${text.slice(at)}\n`
    },
  }
}
