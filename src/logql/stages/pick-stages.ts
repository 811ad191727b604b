/** `| drop` and `| keep`: names of labels, or conditions on them. */

import { compileMatcher } from '../regexes.ts'
import type { LabelPick } from '../syntax/tree.ts'
import type { LineStage, LineState } from './line-state.ts'

type Pick = { readonly name: string; readonly test: ((text: string) => boolean) | null }

function compilePicks(picks: readonly LabelPick[]): Pick[] {
  return picks.map(({ name, matcher }) => ({ name, test: matcher === null ? null : compileMatcher(matcher) }))
}

export function createDrop(picks: readonly LabelPick[]): LineStage {
  const compiled = compilePicks(picks)
  return (state) => {
    for (const { name, test } of compiled) {
      const value = state.get(name)
      if (value !== undefined && (test === null || test(value))) state.drop(name)
    }
    return true
  }
}

export function createKeep(picks: readonly LabelPick[]): LineStage {
  const compiled = compilePicks(picks)
  const isWanted = (state: LineState, wanted: string): boolean =>
    compiled.some(({ name, test }) => name === wanted && (test === null || test(state.get(name) ?? '')))
  return (state) => {
    state.keep((name) => isWanted(state, name))
    return true
  }
}
