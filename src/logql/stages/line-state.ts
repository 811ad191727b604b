/**
 * One line on its way through a pipeline: its text, its labels and what went wrong. Labels come from the
 * stream, from metadata of the entry, or are parsed out of the line.
 */

import { logqlLimits } from '../../limits/logql.ts'
import type { Time } from '../../model/entry.ts'
import type { TextRegex } from '../../regex/text-regex.ts'
import type { NeededLabels } from './needed-labels.ts'

export type Labels = ReadonlyMap<string, string>

export type LineError =
  | 'JSONParserErr'
  | 'LogfmtParserErr'
  | 'LabelFilterErr'
  | 'TemplateFormatErr'
  | 'SampleExtractionErr'

export const errorLabel = '__error__'
export const errorDetailsLabel = '__error_details__'
const extractedSuffix = '_extracted'

export const noLabels: Labels = new Map()

/** Reused from line to line: `begin` starts the next. */
export class LineState {
  line = ''
  time: Time = { sec: 0, ns: 0 }
  error: LineError | null = null
  errorDetails: string | null = null
  /** Patterns of templates, which come again with every line. */
  readonly patterns = new Map<string, TextRegex>()
  #stream: Labels = noLabels
  #metadata: Labels = noLabels
  /** Names of stream labels and metadata that are no more. */
  readonly #dropped = new Set<string>()
  readonly #parsed = new Map<string, string>()

  begin(stream: Labels, metadata: Labels, time: Time, line: string): void {
    this.line = line
    this.time = time
    this.error = null
    this.errorDetails = null
    this.#stream = stream
    this.#metadata = metadata
    if (this.#dropped.size > 0) this.#dropped.clear()
    if (this.#parsed.size > 0) this.#parsed.clear()
  }

  /** Undefined: there is no such label. */
  get(name: string): string | undefined {
    const parsed = this.#parsed.get(name)
    if (parsed !== undefined) return parsed
    if (name === errorLabel) return this.error ?? undefined
    if (name === errorDetailsLabel) return this.errorDetails ?? undefined
    if (this.#dropped.has(name)) return undefined
    return this.#metadata.get(name) ?? this.#stream.get(name)
  }

  /** Whether anything looks at a name out of the line. */
  isNeeded(parsed: string, needed: NeededLabels): boolean {
    return needed === null || needed.has(this.nameOf(parsed))
  }

  /** A name out of the line: other than those that the entry came with. */
  nameOf(parsed: string): string {
    return this.#stream.has(parsed) || this.#metadata.has(parsed) ? parsed + extractedSuffix : parsed
  }

  /** What a parser found: the first value of a name stays. */
  addParsed(parsed: string, value: string): void {
    const name = this.nameOf(parsed)
    if (!this.#parsed.has(name) && this.#parsed.size < logqlLimits.lineLabelsMax)
      this.#parsed.set(name, value)
  }

  set(name: string, value: string): void {
    if (name === errorLabel) this.error = value as LineError
    else this.#parsed.set(name, value)
  }

  drop(name: string): void {
    if (name === errorLabel) this.error = null
    else if (name === errorDetailsLabel) this.errorDetails = null
    this.#parsed.delete(name)
    this.#dropped.add(name)
  }

  /** Drops all that `isWanted` does not want; what went wrong stays. */
  keep(isWanted: (name: string) => boolean): void {
    for (const name of this.names()) {
      if (name !== errorLabel && name !== errorDetailsLabel && !isWanted(name)) this.drop(name)
    }
  }

  /** The first thing that goes wrong is the one that is told. */
  fail(error: LineError, details: string): void {
    this.error ??= error
    this.errorDetails ??= details
  }

  /** Without the error's. */
  names(): string[] {
    const names = new Set(this.#parsed.keys())
    for (const labels of [this.#metadata, this.#stream]) {
      for (const name of labels.keys()) if (!this.#dropped.has(name)) names.add(name)
    }
    return [...names]
  }

  /** Of stream and metadata what is neither dropped nor written anew. */
  streamLabels(): [name: string, value: string][] {
    return [...this.#stream].filter(([name]) => !this.#dropped.has(name) && !this.#parsed.has(name))
  }

  metadataLabels(): [name: string, value: string][] {
    return [...this.#metadata].filter(([name]) => !this.#dropped.has(name) && !this.#parsed.has(name))
  }

  /** With the error's. */
  parsedLabels(): [name: string, value: string][] {
    const labels = [...this.#parsed]
    if (this.error !== null) labels.push([errorLabel, this.error])
    if (this.errorDetails !== null) labels.push([errorDetailsLabel, this.errorDetails])
    return labels
  }

  /** All of them, sorted by name. */
  allLabels(): [name: string, value: string][] {
    const labels = [...this.streamLabels(), ...this.metadataLabels(), ...this.parsedLabels()]
    return labels.sort(([one], [other]) => (one < other ? -1 : 1))
  }
}

/** Metadata of an entry under the names that it has in queries: those of stream labels get a suffix. */
export function metadataBeside(stream: Labels, metadata: Labels): Labels {
  if (![...metadata.keys()].some((name) => stream.has(name))) return metadata
  return new Map(
    Array.from(metadata, ([name, value]) => [stream.has(name) ? name + extractedSuffix : name, value]),
  )
}

/** A stage changes the line; false drops it. */
export type LineStage = (state: LineState) => boolean
