/** A line as pieces to show: colours, marks of the search, links, hidden characters by name. */

import { type Piece, parsePieces, plainText } from './ansi.ts'
import type { Highlighter } from './highlight.ts'

export type ShownPiece = Piece & {
  readonly isHit: boolean
  /** Only http and https; null: no link. */
  readonly href: string | null
}

/** Shown of a line in the list; the rest is shown on request. */
export const shownCharsMax = 2000

/** Printable ASCII without quotes and brackets: nothing that could look like another address. */
const links = /\bhttps?:\/\/[!#-&(-;=?-\]_a-z~]+/g

type Span = { readonly start: number; readonly end: number; readonly href: string | null }

/** `text` as the server sent it; at most `charsMax` of it are shown. */
export function shownPieces(
  text: string,
  highlighter: Highlighter | null,
  charsMax: number = shownCharsMax,
): readonly ShownPiece[] {
  const cut = text.length > charsMax ? text.slice(0, charsMax) : text
  const pieces = parsePieces(cut)
  // The offsets of pieces are those of this text.
  const plain = pieces.map((piece) => (piece.isMark ? '' : piece.text)).join('')
  const hits = highlighter?.(plain) ?? []
  const spans = hits.map(([start, end]): Span => ({ start, end, href: null }))
  const linked = [...plain.matchAll(links)].map(({ 0: match, index }): Span => {
    const href = match.replace(/[).,;:!?\]]+$/, '')
    return { start: index, end: index + href.length, href }
  })
  if (spans.length === 0 && linked.length === 0)
    return pieces.map((piece) => ({ ...piece, isHit: false, href: null }))
  return pieces.flatMap((piece) => cutPiece(piece, spans, linked))
}

function cutPiece(piece: Piece, hits: readonly Span[], links: readonly Span[]): readonly ShownPiece[] {
  if (piece.isMark) return [{ ...piece, isHit: false, href: null }]
  const end = piece.start + piece.text.length
  const edges = new Set([piece.start, end])
  for (const span of [...hits, ...links]) {
    for (const edge of [span.start, span.end]) if (edge > piece.start && edge < end) edges.add(edge)
  }
  const places = [...edges].sort((one, other) => one - other)
  return places.slice(0, -1).map((start, index) => ({
    ...piece,
    start,
    text: piece.text.slice(start - piece.start, (places[index + 1] as number) - piece.start),
    isHit: hits.some((hit) => hit.start <= start && start < hit.end),
    href: links.find((link) => link.start <= start && start < link.end)?.href ?? null,
  }))
}

/** Whether the search finds something in the line: for going from hit to hit. */
export function hasHit(text: string, highlighter: Highlighter | null): boolean {
  return highlighter !== null && highlighter(plainText(text.slice(0, shownCharsMax))).length > 0
}
