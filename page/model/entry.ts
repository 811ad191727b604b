/** Entries as the server answers them: logged lines, and records of lines that are known to be missing. */

export const levelNames = ['trace', 'debug', 'info', 'warn', 'error', 'critical', 'fatal', 'unknown'] as const
export type Level = (typeof levelNames)[number]

export type Iostream = 'stdout' | 'stderr'

type Labels = {
  /** RFC 3339 in UTC with nine fraction digits. */
  readonly time: string
  readonly namespace: string
  readonly pod: string
  readonly podUid: string
  readonly container: string
  readonly node: string
  readonly restart: number
  readonly flags: readonly string[]
  readonly cursor: string
}

export type LineEntry = Labels & {
  readonly kind: 'line'
  readonly stream: Iostream
  readonly level: Level
  readonly line: string
}

export type GapEntry = Labels & {
  readonly kind: 'gap'
  readonly reason: string
  readonly bytes: number | null
  readonly file: string | null
}

export type Entry = LineEntry | GapEntry

/** A row of `/streams`: one container instance. */
export type StreamRow = {
  readonly namespace: string
  readonly pod: string
  readonly podUid: string
  readonly container: string
  readonly node: string
  readonly restart: number
  readonly lines: number
  readonly bytes: number
  readonly firstTime: string | null
  readonly lastTime: string | null
  readonly present: boolean
}

/** What is shown of an entry as text. */
export function textOf(entry: Entry): string {
  return entry.kind === 'line' ? entry.line : gapText(entry)
}

const gapReasons: Readonly<Record<string, string>> = {
  rotated_away: 'a rotation took them away before they could be read',
  truncated: 'their file was cut short',
  deleted_unread: 'their file was deleted before it could be read',
  cut_gzip: 'the compressed file that held them is damaged',
  database_replaced: 'the database was replaced; what it held is set aside',
}

export function gapText({ reason, bytes, file }: GapEntry): string {
  const size = bytes === null ? 'Lines' : `${bytes.toLocaleString('en')} bytes of lines`
  const where = file === null ? '' : ` (${file})`
  return `${size} are missing here: ${gapReasons[reason] ?? reason}${where}`
}
