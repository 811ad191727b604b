/** What may come next in the search box: labels, values and stages of LogQL, and earlier searches. */

import type { StreamRow } from './entry.ts'
import { levelNames } from './entry.ts'

/** Takes the place of the text from `start` to `end` of the box. */
export type Completion = {
  readonly label: string
  readonly detail: string
  readonly insert: string
  readonly start: number
  readonly end: number
}

export type Known = {
  readonly streams: readonly StreamRow[]
  readonly fields: readonly string[]
  /** Earlier searches, newest first. */
  readonly history: readonly string[]
}

const shownMax = 12

const labels = ['namespace', 'pod', 'container', 'node', 'restart', 'stream', 'level'] as const

const stages: readonly (readonly [string, string])[] = [
  ['|= ""', 'line contains'],
  ['!= ""', 'line does not contain'],
  ['|~ ""', 'line matches the pattern'],
  ['!~ ""', 'line does not match'],
  ['| json', 'take the fields of JSON'],
  ['| logfmt', 'take the fields of logfmt'],
  ['| pattern ""', 'take fields by a pattern'],
  ['| regexp ""', 'take fields by named groups'],
  ['| line_format ""', 'write the line anew'],
  ['| label_format ', 'rename or make labels'],
]

export function completionsAt(box: string, caret: number, known: Known): readonly Completion[] {
  const before = box.slice(0, caret)
  if (!before.trimStart().startsWith('{')) return fromHistory(box, known.history)
  const close = endOfSelector(before)
  if (close === -1) return inSelector(before, known)
  return behindSelector(before, close, known)
}

function fromHistory(box: string, history: readonly string[]): readonly Completion[] {
  const typed = box.trim().toLowerCase()
  return history
    .filter((text) => text.toLowerCase().includes(typed) && text !== box)
    .slice(0, shownMax)
    .map((text) => ({ label: text, detail: 'earlier search', insert: text, start: 0, end: box.length }))
}

/** Offset behind the `}` that ends the selector; -1 where the caret stands within it. */
function endOfSelector(text: string): number {
  let quote = ''
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] as string
    if (quote !== '') {
      if (character === '\\' && quote === '"') at += 1
      else if (character === quote) quote = ''
    } else if (character === '"' || character === '`') quote = character
    else if (character === '}') return at + 1
  }
  return -1
}

function inSelector(before: string, { streams }: Known): readonly Completion[] {
  const value = /([a-z_]+)\s*(=~|!~|!=|=)\s*"([^"]*)$/.exec(before)
  const end = before.length
  if (value !== null) {
    const [, label = '', , typed = ''] = value
    return begin(valuesOf(label, streams), typed).map((text) => ({
      label: text,
      detail: label,
      insert: `${text}"`,
      start: end - typed.length,
      end,
    }))
  }
  const typed = /[{,]\s*([a-z_]*)$/.exec(before)?.[1]
  if (typed === undefined) {
    if (!/"\s*$/.test(before)) return []
    return [
      { label: '}', detail: 'end of the labels', insert: '}', start: end, end },
      { label: ', ', detail: 'another label', insert: ', ', start: end, end },
    ]
  }
  return begin(labels, typed).map((label) => ({
    label,
    detail: 'label',
    insert: `${label}="`,
    start: end - typed.length,
    end,
  }))
}

function behindSelector(before: string, close: number, { fields }: Known): readonly Completion[] {
  const end = before.length
  const rest = before.slice(close)
  if ((rest.match(/"/g) ?? []).length % 2 === 1 || (rest.match(/`/g) ?? []).length % 2 === 1) return []
  const typed = /\s*(\|?\s*[a-z_.]*|\|[=~]|![=~]?)$/.exec(rest)?.[0] ?? ''
  const wanted = typed.replaceAll(/\s+/g, ' ').trim()
  const start = end - typed.length
  const found = stages
    .filter(([stage]) => stage.startsWith(wanted))
    .map(([stage, detail]) => ({ label: stage, detail, insert: ` ${stage}`, start, end }))
  const name = /^\|\s*([\w.]*)$/.exec(wanted)?.[1]
  const hasParser = /\|\s*(?:json|logfmt|pattern|regexp)\b/.test(rest)
  if (name === undefined || !hasParser) return found.slice(0, shownMax)
  const named = begin(fields, name).map((field) => ({
    label: `| ${field}`,
    detail: 'field',
    insert: ` | ${field}="`,
    start,
    end,
  }))
  return [...named, ...found].slice(0, shownMax)
}

function valuesOf(label: string, streams: readonly StreamRow[]): readonly string[] {
  if (label === 'level') return levelNames
  if (label === 'stream') return ['stdout', 'stderr']
  if (label === 'restart') return distinct(streams.map(({ restart }) => String(restart)))
  if (label === 'namespace' || label === 'pod' || label === 'container' || label === 'node')
    return distinct(streams.map((stream) => stream[label]))
  return []
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort()
}

/** Those that begin with what was typed, then those that hold it. */
function begin(names: readonly string[], typed: string): readonly string[] {
  const starting = names.filter((name) => name.startsWith(typed))
  const holding = names.filter((name) => !name.startsWith(typed) && name.includes(typed))
  return [...starting, ...holding].slice(0, shownMax)
}
