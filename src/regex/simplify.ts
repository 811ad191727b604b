/** Rewrites a pattern into one that matches somewhere in exactly the same lines, but costs fewer steps. */

import { alternateOf, concatOf, emptyNode, type RegexNode } from './tree.ts'

/**
 * Only whether a line matches is asked, never where. So what a match may begin or end with at will is dropped
 * (`.*foo.*` is `foo`, where a backtracking engine would try every pair of places), and `(?:a+)+` is `a+`.
 */
export function simplifyForSearch(tree: RegexNode): RegexNode {
  return trimmed(trimmed(collapsed(tree), 'start'), 'end')
}

/** Repeats of repeats made one, where both have no counts. */
function collapsed(node: RegexNode): RegexNode {
  switch (node.kind) {
    case 'concat':
      return concatOf(node.items.map(collapsed))
    case 'alternate':
      return alternateOf(node.items.map(collapsed))
    case 'repeat':
      return collapsedRepeat(collapsed(node.item), node.min, node.max, node.lazy)
    default:
      return node
  }
}

function collapsedRepeat(item: RegexNode, min: number, max: number | null, lazy: boolean): RegexNode {
  if (item.kind === 'empty') return emptyNode
  const isCounted = min > 1 || (max !== null && max > 1)
  const isInnerCounted = item.kind === 'repeat' && (item.min > 1 || (item.max !== null && item.max > 1))
  if (item.kind !== 'repeat' || isCounted || isInnerCounted) return { kind: 'repeat', item, min, max, lazy }
  return {
    kind: 'repeat',
    item: item.item,
    min: Math.min(min, item.min),
    max: max === 1 && item.max === 1 ? 1 : null,
    lazy,
  }
}

/** Drops what is optional at one end of the pattern: a match that has it contains a match without. */
function trimmed(node: RegexNode, side: 'start' | 'end'): RegexNode {
  if (node.kind === 'alternate') {
    const items = node.items.map((item) => trimmed(item, side))
    return items.some((item) => item.kind === 'empty') ? emptyNode : alternateOf(items)
  }
  if (node.kind === 'repeat') {
    if (node.min === 0) return emptyNode
    return node.min === 1 ? trimmed(node.item, side) : { ...node, max: node.min }
  }
  if (node.kind !== 'concat') return node
  const items = [...node.items]
  while (items.length > 0) {
    const outermost = side === 'start' ? items.shift() : items.pop()
    const rest = trimmed(outermost as RegexNode, side)
    if (rest.kind === 'empty') continue
    return concatOf(side === 'start' ? [rest, ...items] : [...items, rest])
  }
  return emptyNode
}
