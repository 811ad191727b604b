/** Syntax tree of a pattern in RE2 syntax, with flags and case folding already worked into its sets. */

import type { CodePoints } from './code-points.ts'

/**
 * `textStart`/`textEnd`: of the whole line. `lineStart`/`lineEnd`: under `(?m)`, also around an LF inside it.
 */
export type AssertionKind =
  | 'textStart'
  | 'textEnd'
  | 'lineStart'
  | 'lineEnd'
  | 'wordBoundary'
  | 'notWordBoundary'

export type RegexNode =
  | { readonly kind: 'empty' }
  /** One code point out of a set; a literal character is a set of one. An empty set matches nothing. */
  | { readonly kind: 'set'; readonly set: CodePoints }
  | { readonly kind: 'assertion'; readonly assertion: AssertionKind }
  | { readonly kind: 'concat'; readonly items: readonly RegexNode[] }
  | { readonly kind: 'alternate'; readonly items: readonly RegexNode[] }
  | RepeatNode
  /** Only where they are asked for: its text is read after a match. */
  | CaptureNode

/** `index` counts opening parentheses, from 1. */
export type CaptureNode = {
  readonly kind: 'capture'
  readonly item: RegexNode
  readonly index: number
  readonly name: string | null
}

/** `max` null: no end. */
export type RepeatNode = {
  readonly kind: 'repeat'
  readonly item: RegexNode
  readonly min: number
  readonly max: number | null
  readonly lazy: boolean
}

export const emptyNode: RegexNode = { kind: 'empty' }

export function concatOf(items: readonly RegexNode[]): RegexNode {
  const flat = items.flatMap((item) =>
    item.kind === 'concat' ? item.items : item.kind === 'empty' ? [] : [item],
  )
  if (flat.length === 0) return emptyNode
  return flat.length === 1 ? (flat[0] as RegexNode) : { kind: 'concat', items: flat }
}

export function alternateOf(items: readonly RegexNode[]): RegexNode {
  return items.length === 1 ? (items[0] as RegexNode) : { kind: 'alternate', items }
}

/** True when the tree contains `assertion` anywhere. */
export function containsAssertion(node: RegexNode, assertion: AssertionKind): boolean {
  switch (node.kind) {
    case 'assertion':
      return node.assertion === assertion
    case 'concat':
    case 'alternate':
      return node.items.some((item) => containsAssertion(item, assertion))
    case 'repeat':
    case 'capture':
      return containsAssertion(node.item, assertion)
    default:
      return false
  }
}
