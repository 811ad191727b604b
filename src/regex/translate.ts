/**
 * Writes a syntax tree as JavaScript RegExp source with RE2's meaning, over UTF-8 bytes of lines joined by
 * LF.
 */

import { regexLimits } from '../limits/query.ts'
import { type Flavour, runSource, setSource, standIn } from './byte-classes.ts'
import type { AssertionKind, RegexNode, RepeatNode } from './tree.ts'

/**
 * `innerLines`: one line that holds LFs itself, put as stand-ins; `(?m)^` and `(?m)$` then match around them.
 */
export type TranslateOptions = { readonly flavour: Flavour; readonly innerLines: boolean }

/** V8's linear engine takes no pattern whose nested counts multiply to more; `+` counts as two. */
const replicationMax = 16

/** The same with groups for captures, each written once, in their order; for no flag. */
export function translateCaptures(tree: RegexNode, flavour: Flavour): string {
  return nodeSource(tree, { flavour, innerLines: true, replication: null }) as string
}

type Emit = TranslateOptions & {
  /** Counts of the repeats around, multiplied; null: no matter, the source is not for the linear engine. */
  readonly replication: number | null
}

/**
 * For flag `m` and no other: V8's linear engine accepts neither `i` nor `u`. Never matches across an LF. Long
 * counts are written out in pieces that the linear engine takes, unless that makes the source too long.
 */
export function translate(tree: RegexNode, options: TranslateOptions): string {
  const source = nodeSource(tree, { ...options, replication: 1 })
  if (source !== null && source.length <= regexLimits.sourceLengthMax / 4) return source
  return nodeSource(tree, { ...options, replication: null }) as string
}

/** Null: written out in pieces it would be too long. */
function nodeSource(node: RegexNode, emit: Emit): string | null {
  switch (node.kind) {
    case 'empty':
      return '(?:)'
    case 'set':
      return setSource(node.set, emit.flavour)
    case 'assertion':
      return assertionSource(node.assertion, emit)
    case 'capture': {
      const source = nodeSource(node.item, emit)
      return source === null ? null : `(${source})`
    }
    case 'concat':
      return joined(
        node.items.map((item) => groupedSource(item, emit, item.kind === 'alternate')),
        '',
        emit,
      )
    case 'alternate':
      return joined(
        node.items.map((item) => nodeSource(item, emit)),
        '|',
        emit,
      )
    default:
      return repeatSource(node, emit)
  }
}

function joined(sources: readonly (string | null)[], separator: string, emit: Emit): string | null {
  if (sources.includes(null)) return null
  const source = sources.join(separator)
  return emit.replication !== null && source.length > regexLimits.sourceLengthMax ? null : source
}

function groupedSource(node: RegexNode, emit: Emit, isGrouped: boolean): string | null {
  const source = nodeSource(node, emit)
  return source === null || !isGrouped ? source : `(?:${source})`
}

function assertionSource(assertion: AssertionKind, { flavour, innerLines }: Emit): string {
  const inner = `\\x${standIn.lineFeed.toString(16)}`
  switch (assertion) {
    case 'textStart':
      return '^'
    case 'textEnd':
      return '$'
    case 'lineStart':
      return innerLines ? `(?:^|(?<=${inner}))` : '^'
    case 'lineEnd':
      return innerLines ? `(?:$|(?=${inner}))` : '$'
    case 'wordBoundary':
      return '\\b'
    case 'notWordBoundary':
      // Between the bytes of one character there is no place.
      return flavour === 'utf8' ? '\\B(?![\\x80-\\xbf])' : '\\B'
  }
}

/** Source of `count` to `most` times the item; the item's own source depends on the count around it. */
function repeatSource(node: RepeatNode, emit: Emit): string | null {
  const run = node.item.kind === 'set' && node.max === null ? runSource(node.item.set, emit.flavour) : null
  const lazy = node.lazy ? '?' : ''
  if (run !== null && node.min === 0) return `${run}*${lazy}`
  if (run !== null && node.item.kind === 'set') {
    // The first byte of every counted character shows where it starts; the rest of the run needs no such
    // care.
    const counted = countedSource({ ...node, max: node.min }, emit)
    return counted === null ? null : `${counted}${run}*${lazy}`
  }
  if (node.max !== null) return countedSource(node, emit)
  const open = itemSource(node, 1, emit)
  if (open === null) return null
  if (node.min === 0) return `${open}*${lazy}`
  const isWithin = emit.replication === null || emit.replication * (node.min + 1) <= replicationMax
  if (isWithin) {
    const item = itemSource(node, node.min + 1, emit)
    return item === null ? null : `${item}{${node.min},}${lazy}`
  }
  const counted = countedSource({ ...node, max: node.min }, emit)
  return counted === null ? null : `${counted}${open}*${lazy}`
}

function countedSource(node: RepeatNode, emit: Emit): string | null {
  const max = node.max as number
  const lazy = node.lazy ? '?' : ''
  const room = emit.replication === null ? max : Math.floor(replicationMax / emit.replication)
  if (max <= room) {
    const item = itemSource(node, max, emit)
    if (item === null) return null
    if (node.min === max) return max === 1 ? item : `${item}{${max}}`
    return node.min === 0 && max === 1 ? `${item}?${lazy}` : `${item}{${node.min},${max}}${lazy}`
  }
  const item = itemSource(node, room, emit)
  if (item === null) return null
  if (item.length * Math.ceil(max / room) > regexLimits.sourceLengthMax) return null
  return piecesSource(item, node.min, room) + optionalSource(item, max - node.min, room, lazy)
}

/** `x{40}` as `x{16}x{16}x{8}`. */
function piecesSource(item: string, count: number, room: number): string {
  const full = Math.floor(count / room)
  const rest = count % room
  return `${item}{${room}}`.repeat(full) + (rest === 0 ? '' : `${item}{${rest}}`)
}

/** `x{0,40}` with one way only to divide a run: `(?:x{16}(?:x{16}x{0,8}|x{0,15})|x{0,15})`. */
function optionalSource(item: string, count: number, room: number, lazy: string): string {
  if (count === 0) return ''
  if (count <= room) return `${item}{0,${count}}${lazy}`
  const levels = Math.ceil(count / room) - 1
  const last = `${item}{0,${count - levels * room}}${lazy}`
  const short = room === 1 ? '' : `${item}{0,${room - 1}}${lazy}`
  return `(?:${item}{${room}}`.repeat(levels) + last + `|${short})`.repeat(levels)
}

/** The repeated item, as one atom. */
function itemSource(node: RepeatNode, times: number, emit: Emit): string | null {
  const replication = emit.replication === null ? null : emit.replication * times
  const source = nodeSource(node.item, { ...emit, replication })
  if (source === null) return null
  const isAtom = node.item.kind === 'set' && /^(?:\[[^\]]*\]|\\x..|[^\\]|\(\?:.*\))$/.test(source)
  return isAtom ? source : `(?:${source})`
}
