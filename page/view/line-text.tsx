/** Hostile text as elements: nothing of it becomes HTML, and nothing hides. */

import type { Highlighter } from '../model/highlight.ts'
import { type ShownPiece, shownPieces } from '../model/line-pieces.ts'

export type LineTextProps = {
  readonly text: string
  readonly highlighter: Highlighter | null
  /** Characters that are shown. */
  readonly charsMax: number
}

export function LineText({ text, highlighter, charsMax }: LineTextProps) {
  const pieces = shownPieces(text, highlighter, charsMax)
  return <>{pieces.map(drawPiece)}</>
}

function drawPiece(piece: ShownPiece) {
  const { text, className, isMark, isHit, href } = piece
  if (isMark) return <span class="hidden-character">{text}</span>
  const plain = isHit ? <mark class={className}>{text}</mark> : text
  if (href !== null) {
    return (
      <a href={href} target="_blank" rel="noopener noreferrer" class={className}>
        {plain}
      </a>
    )
  }
  if (isHit) return plain
  return className === '' ? text : <span class={className}>{text}</span>
}
