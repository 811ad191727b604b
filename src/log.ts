/**
 * Writes the program's own events: one JSON object per line, or one readable line each where a person
 * watches.
 */

import { logLimits } from './limits/program.ts'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]
export type LogFields = Readonly<Record<string, string | number | boolean | null | readonly string[]>>

/**
 * `event` is a noun and a past verb (`file_rotated`). Nothing secret may be given: nothing is redacted. warn:
 * nothing was lost; error: something was, or a person is needed. An equal event within a minute is counted,
 * not written again.
 */
export type Logger = {
  readonly [Level in LogLevel]: (event: string, message: string, fields?: LogFields) => void
}

export type LoggerOptions = {
  readonly level: LogLevel
  /** Readable lines instead of JSON. */
  readonly readable: boolean
  /** One line, LF included. */
  readonly write: (line: string, level: LogLevel) => void
  readonly nowMs: () => number
}

export function createLogger({ level: least, readable, write, nowMs }: LoggerOptions): Logger {
  /** When an event was last written, and how often it came since. */
  const seen = new Map<string, { writtenMs: number; repeats: number }>()

  const log = (level: LogLevel, event: string, message: string, fields: LogFields = {}): void => {
    if (logLevels.indexOf(level) < logLevels.indexOf(least)) return
    const key = `${event} ${message} ${JSON.stringify(fields)}`
    const now = nowMs()
    const known = seen.get(key)
    if (known !== undefined && now - known.writtenMs < logLimits.repeatMs) {
      known.repeats += 1
      return
    }
    const all = known !== undefined && known.repeats > 0 ? { ...fields, repeats: known.repeats } : fields
    seen.delete(key)
    seen.set(key, { writtenMs: now, repeats: 0 })
    for (const oldest of seen.keys()) {
      if (seen.size <= logLimits.eventsRemembered) break
      seen.delete(oldest)
    }
    const time = new Date(now).toISOString()
    if (!readable) return write(`${JSON.stringify({ time, level, event, message, ...all })}\n`, level)
    const pairs = Object.entries(all).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`)
    const head = `${time.slice(11, 19)} ${level.toUpperCase().padEnd(5)} ${event}`
    const line = `${head}: ${message}${pairs.join('')}`
    write(`${line.replace(/\p{Cc}+/gu, ' ')}\n`, level)
  }

  return {
    debug: (event, message, fields) => log('debug', event, message, fields),
    info: (event, message, fields) => log('info', event, message, fields),
    warn: (event, message, fields) => log('warn', event, message, fields),
    error: (event, message, fields) => log('error', event, message, fields),
  }
}
