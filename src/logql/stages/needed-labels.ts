/** Which parsed labels the rest of a pipeline looks at: parsers leave the others alone. */

import type { LabelFilter, Stage } from '../syntax/tree.ts'

/** Null: all of them. */
export type NeededLabels = ReadonlySet<string> | null

/** `further`: names that are looked at behind the stages; null: all are. */
export function neededLabels(stages: readonly Stage[], further: readonly string[] | null): NeededLabels {
  if (further === null) return null
  const needed = new Set(further)
  for (const stage of stages) {
    const names = namesIn(stage)
    if (names === null) return null
    for (const name of names) needed.add(name)
  }
  return needed
}

/** Null: any label may be looked at. */
function namesIn(stage: Stage): string[] | null {
  switch (stage.kind) {
    case 'labelFilter':
      return filterNames(stage.filter)
    case 'drop':
    case 'keep':
      return stage.picks.map(({ name }) => name)
    case 'lineFormat':
      return templateNames(stage.template)
    case 'labelFormat': {
      const names: string[] = []
      for (const format of stage.formats) {
        const own = 'from' in format ? [format.from] : templateNames(format.template)
        if (own === null) return null
        names.push(format.name, ...own)
      }
      return names
    }
    default:
      return []
  }
}

function filterNames(filter: LabelFilter): string[] {
  switch (filter.kind) {
    case 'text':
      return [filter.matcher.name]
    case 'and':
    case 'or':
      return [...filterNames(filter.left), ...filterNames(filter.right)]
    default:
      return [filter.name]
  }
}

/** Of templates that name labels and nothing else. */
function templateNames(template: string): string[] | null {
  const fields = /\{\{\s*\.(\w+)\s*\}\}/g
  if (template.replaceAll(fields, '').includes('{{')) return null
  return Array.from(template.matchAll(fields), ([, name]) => name as string)
}
