/** What the main thread and the collector's thread say to each other. */

import type { ErrorCode } from '../errors.ts'
import type { LogFields, LogLevel } from '../log.ts'
import type { RetentionSettings } from '../store/retention.ts'
import type { CollectorStatus, FilesAnswer, FilesRequest } from './contract.ts'
import type { CollectorOptions } from './core.ts'

export type WorkerSettings = {
  readonly collector: CollectorOptions
  readonly dataDir: string
  readonly retention: RetentionSettings
}

export type ToWorker =
  | { readonly type: 'sync'; readonly id: number }
  | { readonly type: 'live'; readonly isLive: boolean }
  | { readonly type: 'files'; readonly id: number; readonly request: FilesRequest }
  | { readonly type: 'stop' }

/** `LogkeepError` taken apart, since classes do not survive the way. */
export type RefusedMessage = { readonly code: ErrorCode; readonly message: string; readonly hint: string }

export type FromWorker =
  /** The database is open; the number of its newest commit. */
  | { readonly type: 'opened'; readonly commit: number }
  /** The store refuses to open. */
  | ({ readonly type: 'refused' } & RefusedMessage)
  | { readonly type: 'committed'; readonly commit: number }
  /** Also the sign of life. */
  | { readonly type: 'status'; readonly status: CollectorStatus }
  /** `isComplete`: everything that was readable when the run began is committed. */
  | { readonly type: 'synced'; readonly id: number; readonly commit: number; readonly isComplete: boolean }
  /** The bytes are transferred. */
  | { readonly type: 'files'; readonly id: number; readonly answer: FilesAnswer }
  | ({ readonly type: 'filesRefused'; readonly id: number } & RefusedMessage)
  | {
      readonly type: 'log'
      readonly level: LogLevel
      readonly event: string
      readonly message: string
      readonly fields: LogFields
    }
