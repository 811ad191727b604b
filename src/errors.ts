/**
 * Every error that a person can act upon: its code, HTTP status and hint. One class, so that the edge can
 * tell it apart.
 */

/** Error code → HTTP status. */
export const errorStatus = {
  BAD_PARAMETER: 400,
  BAD_CURSOR: 400,
  BAD_REGEX: 400,
  /** LogQL that cannot be read, or that the stored lines do not bear. */
  BAD_QUERY: 400,
  /** Not HTTP as this server speaks it. */
  BAD_REQUEST: 400,
  /** Only in a tail's `error` frame. */
  BAD_MESSAGE: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN_ORIGIN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TIMEOUT: 408,
  TOO_LARGE: 413,
  URI_TOO_LONG: 414,
  UNSUPPORTED_MEDIA_TYPE: 415,
  WRONG_HOST: 421,
  UPGRADE_REQUIRED: 426,
  TOO_MANY: 429,
  HEADERS_TOO_LARGE: 431,
  QUERY_ENDED: 500,
  INTERNAL: 500,
  STORE_UNAVAILABLE: 503,
  /** Other queries may be answered. */
  DATABASE_DAMAGED: 503,
  STOPPING: 503,
  /** Only at start: never sent over HTTP. */
  BAD_SETTING: 500,
  PORT_IN_USE: 500,
  DATA_DIR_UNUSABLE: 500,
  SECOND_INSTANCE: 500,
  NEWER_DATABASE: 500,
} as const

export type ErrorCode = keyof typeof errorStatus

/** Bounds of `limits/` that a request may run into; reaching one is counted under its name. */
export const limitNames = [
  'tails',
  'tail_room',
  'waiting_queries',
  'exports',
  'answer_room',
  'url_length',
  'parameter_values',
  'filters',
  'regex',
  'histogram_size',
  'deadline',
  'scanned_bytes',
  'answer_bytes',
  'expression',
] as const
export type LimitName = (typeof limitNames)[number]

export type LogkeepErrorOptions = ErrorOptions & {
  /** The bound that was reached. */
  readonly limit?: LimitName
}

/** `message` says what is wrong and names what was given; `hint` what is accepted or what to do. */
export class LogkeepError extends Error {
  readonly code: ErrorCode
  readonly hint: string
  readonly limit: LimitName | null

  constructor(code: ErrorCode, message: string, hint: string, options?: LogkeepErrorOptions) {
    super(message, options)
    this.name = 'LogkeepError'
    this.code = code
    this.hint = hint
    this.limit = options?.limit ?? null
  }

  get status(): number {
    return errorStatus[this.code]
  }
}
