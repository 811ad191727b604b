/** `| pattern` and `| regexp`: labels out of places in the line. */

import { compilePattern } from '../regexes.ts'
import { parseCapturePattern } from '../syntax/line-pattern.ts'
import type { LineStage } from './line-state.ts'

/**
 * A capture goes up to the text behind it; where that is missing it takes the rest of the line, and nothing
 * behind it is captured. A text at the pattern's beginning has to begin the line.
 */
export function createPatternStage(pattern: string): LineStage {
  const parts = parseCapturePattern(pattern)
  return (state) => {
    const { line } = state
    let at = 0
    for (let index = 0; index < parts.length; index += 1) {
      const part = parts[index] as (typeof parts)[number]
      if ('text' in part) {
        // Behind a capture it has been looked for already.
        if (index === 0 && !line.startsWith(part.text)) return true
        at += part.text.length
        continue
      }
      const following = parts[index + 1]
      const text = following !== undefined && 'text' in following ? following.text : null
      const end = text === null ? line.length : line.indexOf(text, at)
      const value = line.slice(at, end < 0 ? line.length : end)
      if (part.capture !== null) state.addParsed(part.capture, value)
      if (end < 0) return true
      at = end
    }
    return true
  }
}

export function createRegexpStage(pattern: string): LineStage {
  const regex = compilePattern(pattern)
  return (state) => {
    const match = regex.exec(state.line)
    if (match === null) return true
    regex.names.forEach((name, index) => {
      if (name !== null) state.addParsed(name, match.groups[index] ?? '')
    })
    return true
  }
}
