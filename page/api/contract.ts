/** Answers of the server's routes, as far as the page reads them. */

import type { Bucket } from '../model/buckets.ts'
import type { Entry, StreamRow } from '../model/entry.ts'

export type Stats = {
  readonly scannedBytes: number
  readonly scannedLines: number
  readonly elapsedMs: number
}

export type LogsPage = {
  readonly entries: readonly Entry[]
  readonly next: string | null
  readonly resume: string
  readonly node: string
  readonly stats: Stats
  readonly warnings: readonly string[]
}

export type ContextPage = {
  readonly entries: readonly Entry[]
  readonly target: number | null
  readonly moreBefore: boolean
  readonly moreAfter: boolean
  readonly warnings: readonly string[]
}

export type HistogramAnswer = {
  readonly stepMs: number
  readonly groups: readonly { readonly name: string; readonly count: number }[]
  readonly buckets: readonly Bucket[]
  readonly count: number
  readonly complete: boolean
  readonly stats: Stats
  readonly warnings: readonly string[]
}

export type Sample = {
  readonly limit: number
  readonly lines: number
  readonly withFields: number
}

export type FieldsAnswer = {
  readonly fields: readonly { readonly name: string; readonly count: number }[]
  readonly more: number
  readonly sample: Sample
}

export type FieldValuesAnswer = {
  readonly name: string
  readonly values: readonly { readonly value: string; readonly count: number; readonly cut?: boolean }[]
  readonly more: number
  readonly missing: number
  readonly sample: Sample
}

export type StreamsPage = { readonly streams: readonly StreamRow[]; readonly next: string | null }

type FileError = { readonly message: string; readonly hint: string }

export type FileRow = {
  readonly path: string
  readonly namespace: string
  readonly pod: string
  readonly container: string
  readonly size: number | null
  readonly position: number
  readonly lagBytes: number | null
  readonly lagSec: number | null
  readonly state: 'live' | 'rotated' | 'done' | 'waiting' | 'unreadable'
  readonly gzip: boolean
  readonly modified: string | null
  readonly error: FileError | null
}

export type FilesAnswer = {
  readonly root: string
  readonly rootError: FileError | null
  readonly files: readonly FileRow[]
  readonly totals: { readonly files: number; readonly bytes: number; readonly lagBytes: number }
  readonly next: string | null
  readonly node: string
}

export type Readiness = {
  readonly status: 'ready' | 'degraded' | 'unavailable'
  readonly reasons: readonly string[]
  readonly node: string
}

export type TailFrame =
  | {
      readonly type: 'entries'
      readonly entries: readonly Entry[]
      readonly cursor: string
      readonly warnings?: readonly string[]
    }
  | { readonly type: 'gap'; readonly message: string; readonly cursor: string }
  | { readonly type: 'ping'; readonly cursor: string }
  | {
      readonly type: 'error'
      readonly code: string
      readonly message: string
      readonly hint: string
      readonly cursor: string
    }
  | { readonly type: 'end'; readonly reason: string; readonly cursor: string }
