/** What a query asks for, as plain data that every door compiles to and that travels to the query threads. */

import type { Iostream, Time } from '../model/entry.ts'

/** A glob over a whole name: `*` any run, `?` any one character, everything else itself. */
export type Glob = string

/** One choice among streams: all of its globs must match. */
export type StreamChoice = { readonly namespace: Glob; readonly pod: Glob; readonly container: Glob }

/** Streams whose every named label matches at least one of its globs; an empty list asks nothing. */
export type StreamSelector = {
  readonly namespace: readonly Glob[]
  readonly pod: readonly Glob[]
  readonly container: readonly Glob[]
  readonly node: readonly Glob[]
  readonly restart: readonly number[]
  /** One of these must match as well; absent: any. */
  readonly choices?: readonly StreamChoice[]
}

/** One condition on the text of a line. */
export type LineFilter =
  | {
      readonly kind: 'substring'
      readonly text: string
      readonly ignoreCase: boolean
      readonly negate: boolean
    }
  /** `pattern` in RE2 syntax, already checked by `parseRegex`. */
  | {
      readonly kind: 'regex'
      readonly pattern: string
      readonly ignoreCase: boolean
      readonly negate: boolean
    }

/** Selects entries; says nothing of range, order or size. Equal plans have equal JSON. */
export type Plan = {
  readonly streams: StreamSelector
  readonly iostream: Iostream | null
  /** Bit `1 << code` per wanted level code; null: all. */
  readonly levels: number | null
  readonly lines: readonly LineFilter[]
  /** False: gap records are left out; true: they pass whatever text and level ask. */
  readonly gaps: boolean
  /** A log query in LogQL that has to hold besides, as `normalLogQuery` gives it. */
  readonly logql?: string
}

/** Whether text of lines has to be looked at, or more than columns tell. */
export function looksAtText({ lines, logql }: Plan): boolean {
  return lines.length > 0 || logql !== undefined
}

/** `since` inclusive, `until` exclusive; null: open. */
export type TimeRange = { readonly since: Time | null; readonly until: Time | null }

export type Direction = 'backward' | 'forward'
/** `raw`: the bytes of the lines alone, as they are stored, each followed by LF. */
/** `streams`, `categorized`: records for answers in Loki's form, see `logql/record-writer.ts`. */
export type Format = 'json' | 'ndjson' | 'text' | 'raw' | 'streams' | 'categorized'
