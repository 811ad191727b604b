/** Stages that write lines and labels anew: `line_format`, `label_format`, `decolorize`. */

import { parseError } from '../error.ts'
import type { LabelFormat } from '../syntax/tree.ts'
import { compileTemplate, TemplateFailure } from '../template/compile-template.ts'
import { errorLabel, type LineStage, type LineState } from './line-state.ts'

/** Throws `LogqlError`. */
export function createLineFormat(text: string): LineStage {
  const template = compileTemplate(text)
  return (state) => {
    const line = written(state, template)
    if (line !== null) state.line = line
    return true
  }
}

/** Throws `LogqlError`. */
export function createLabelFormat(formats: readonly LabelFormat[]): LineStage {
  const names = formats.map(({ name }) => name)
  if (names.includes(errorLabel)) throw parseError(`${errorLabel} cannot be formatted`)
  if (new Set(names).size < names.length)
    throw parseError('multiple label name is not allowed in label_format')
  const steps = formats.map((format) =>
    'from' in format ? renaming(format.name, format.from) : setting(format.name, format.template),
  )
  return (state) => {
    for (const step of steps) step(state)
    return true
  }
}

function renaming(name: string, from: string): (state: LineState) => void {
  return (state) => {
    const value = state.get(from)
    if (value === undefined) return
    state.set(name, value)
    if (name !== from) state.drop(from)
  }
}

function setting(name: string, text: string): (state: LineState) => void {
  const template = compileTemplate(text)
  return (state) => {
    const value = written(state, template)
    if (value !== null) state.set(name, value)
  }
}

/** Null: it went wrong, which the line tells. */
function written(state: LineState, template: (state: LineState) => string): string | null {
  try {
    return template(state)
  } catch (error) {
    if (!(error instanceof TemplateFailure)) throw error
    state.fail('TemplateFormatErr', error.message)
    return null
  }
}

const escape = String.fromCharCode(0x1b)
/** What follows an escape: up to a bell, or numbers and a letter. */
const endings = [
  '(?:[a-zA-Z\\d]*(?:;[a-zA-Z\\d]*)*)?\\x07',
  '(?:\\d{1,4}(?:;\\d{0,4})*)?[\\dA-PRZcf-ntqry=><~]',
]
const colours = new RegExp(`[${escape}\x9b][[\\]()#;?]*(?:${endings.join('|')})`, 'g')

export function createDecolorize(): LineStage {
  return (state) => {
    if (state.line.includes(escape)) state.line = state.line.replaceAll(colours, '')
    return true
  }
}
