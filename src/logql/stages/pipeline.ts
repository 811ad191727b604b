/** Builds the stages of a pipeline into one function over lines. */

import type { Stage } from '../syntax/tree.ts'
import { createPatternStage, createRegexpStage } from './capture-stages.ts'
import { createDecolorize, createLabelFormat, createLineFormat } from './format-stages.ts'
import { createJsonFieldsStage, createJsonStage, createUnpackStage } from './json-stage.ts'
import { createLabelFilter } from './label-filter.ts'
import { createLineFilter } from './line-filter.ts'
import type { LineStage } from './line-state.ts'
import { createLogfmtFieldsStage, createLogfmtStage } from './logfmt-stage.ts'
import { type NeededLabels, neededLabels } from './needed-labels.ts'
import { createDrop, createKeep } from './pick-stages.ts'

/**
 * `further`: labels that are looked at behind the stages; null: all are. Throws `LogqlError` where a stage
 * cannot
 * be built.
 */
export function compileStages(stages: readonly Stage[], further: readonly string[] | null = null): LineStage {
  const needed = neededLabels(stages, further)
  const compiled = stages.map((stage) => compileStage(stage, needed))
  return (state) => {
    for (const stage of compiled) if (!stage(state)) return false
    return true
  }
}

function compileStage(stage: Stage, needed: NeededLabels): LineStage {
  switch (stage.kind) {
    case 'lineFilter':
      return createLineFilter(stage)
    case 'json':
      return stage.fields.length === 0 ? createJsonStage(needed) : createJsonFieldsStage(stage.fields)
    case 'logfmt':
      return stage.fields.length === 0
        ? createLogfmtStage(stage, needed)
        : createLogfmtFieldsStage(stage.fields, stage)
    case 'pattern':
      return createPatternStage(stage.text)
    case 'regexp':
      return createRegexpStage(stage.text)
    case 'unpack':
      return createUnpackStage()
    case 'decolorize':
      return createDecolorize()
    case 'labelFilter':
      return createLabelFilter(stage.filter)
    case 'lineFormat':
      return createLineFormat(stage.template)
    case 'labelFormat':
      return createLabelFormat(stage.formats)
    case 'drop':
      return createDrop(stage.picks)
    case 'keep':
      return createKeep(stage.picks)
  }
}
