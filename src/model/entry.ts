/**
 * What one stored entry is made of: its stream's labels, its attributes and its level, as codes shared by all
 * layers.
 */

/** Identifies one container instance's log. All fields together are unique in a database. */
export type StreamLabels = {
  readonly namespace: string
  readonly pod: string
  readonly podUid: string
  readonly container: string
  /** The container's restart count: the `n` of `n.log`. */
  readonly restart: number
  readonly node: string
}

/**
 * Instant of an entry: whole seconds since 1970 (negative before; RFC 3339 years 0000 to 9999 fit exactly)
 * and the nanoseconds within that second, 0 to 999,999,999.
 */
export type Time = { readonly sec: number; readonly ns: number }

/** Name of a level by its code, lowest severity first. `unknown` is 0. */
export const levelNames = ['unknown', 'trace', 'debug', 'info', 'warn', 'error', 'critical', 'fatal'] as const
export type LevelName = (typeof levelNames)[number]

/** Level code of a gap record: outside `levelNames`, so that no level filter and no count sees gaps. */
export const gapLevel = 8

/** Number of level codes, gap included: the length of a count per level. */
export const levelCodeCount = 9

/** Bits of an entry's attribute byte. */
export const attribute = {
  /** Written to stderr; not set: stdout. */
  stderr: 1,
  /** A line above the cap, cut into consecutive entries; set on every piece. */
  cut: 2,
  /** Not a CRI or Docker line; stored whole with its arrival time. */
  malformed: 4,
  /** A line that never ended: dangling fragments or no line feed at the end of its file. */
  unfinished: 8,
  /** The time is clearly off (broken clock), or could not be read. */
  clock: 16,
  /** Not a line but a gap record; the body is a JSON `GapRecord`. */
  gap: 32,
} as const

/** Attribute bits that the API lists under `flags`, with their names. */
export const flagNames: readonly (readonly [bit: number, name: string])[] = [
  [attribute.cut, 'cut'],
  [attribute.malformed, 'malformed'],
  [attribute.unfinished, 'unfinished'],
  [attribute.clock, 'clock'],
]

/** 0 is stdout, 1 is stderr, as in the attribute byte. */
export type Iostream = 0 | 1
export const iostreamNames = ['stdout', 'stderr'] as const

/** Body of a gap record, stored as JSON: what is known to be missing at this place. */
export type GapRecord = {
  readonly reason: 'rotated_away' | 'truncated' | 'deleted_unread' | 'cut_gzip' | 'database_replaced'
  /** Bytes of log file known to be missing; null where that cannot be known. */
  readonly bytes: number | null
  /** Name of the file that held them, without its folder. */
  readonly file: string | null
}
