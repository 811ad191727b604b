/** Runs templates of `line_format` and `label_format` over the labels of a line. */

import { logqlLimits } from '../../limits/logql.ts'
import type { LineState } from '../stages/line-state.ts'
import { callFunction, isFunctionName, isShortCircuit } from './functions.ts'
import type { Command, Operand, Pipeline, TemplateNode } from './nodes.ts'
import { parseTemplate } from './parse-template.ts'
import { isList, isMap, isTrue, kindOf, LabelMap, printed, TemplateFailure, type Value } from './values.ts'

export { TemplateFailure } from './values.ts'

/** Throws `LogqlError`; what it returns throws `TemplateFailure`. */
export function compileTemplate(template: string): (state: LineState) => string {
  const nodes = parseTemplate(template, isFunctionName)
  const simple = simpleTemplate(nodes)
  return simple ?? ((state) => new Run(state).write(nodes))
}

/** Templates of texts and labels alone, which most are. */
function simpleTemplate(nodes: readonly TemplateNode[]): ((state: LineState) => string) | null {
  const parts: { text: string | null; label: string }[] = []
  for (const node of nodes) {
    if (node.kind === 'text') {
      parts.push({ text: node.text, label: '' })
      continue
    }
    if (node.kind !== 'action' || node.pipeline.names.length > 0) return null
    const [command, ...more] = node.pipeline.commands
    const [operand, ...others] = command?.operands ?? []
    if (operand?.kind !== 'field' || operand.path.length !== 1) return null
    if (more.length + others.length > 0) return null
    parts.push({ text: null, label: operand.path[0] as string })
  }
  return (state) => {
    let written = ''
    for (const { text, label } of parts) written += text ?? state.get(label) ?? ''
    return written
  }
}

/** Of all labels: what the dot is at the beginning. */
const top = Symbol('labels')
type Dot = Value | typeof top

/** Ends the body of a `range`. */
type Jump = 'break' | 'continue' | null

class Run {
  readonly #state: LineState
  readonly #variables: { name: string; value: Dot }[] = [{ name: '$', value: top }]
  #written = ''
  #steps = 0

  constructor(state: LineState) {
    this.#state = state
  }

  write(nodes: readonly TemplateNode[]): string {
    this.#nodes(nodes, top)
    return this.#written
  }

  #step(): void {
    this.#steps += 1
    if (this.#steps > logqlLimits.templateStepsMax)
      throw new TemplateFailure('the template takes too many steps')
    if (this.#written.length > logqlLimits.templateLengthMax) throw new TemplateFailure('it writes too much')
  }

  #nodes(nodes: readonly TemplateNode[], dot: Dot): Jump {
    for (const node of nodes) {
      this.#step()
      const jump = this.#node(node, dot)
      if (jump !== null) return jump
    }
    return null
  }

  #node(node: TemplateNode, dot: Dot): Jump {
    switch (node.kind) {
      case 'text':
        this.#written += node.text
        return null
      case 'action': {
        const value = this.#pipeline(node.pipeline, dot)
        if (node.pipeline.names.length === 0) this.#written += printed(this.#plain(value))
        return null
      }
      case 'break':
      case 'continue':
        return node.kind
      case 'range':
        return this.#range(node, dot)
      default: {
        const known = this.#variables.length
        const value = this.#pipeline(node.pipeline, dot)
        const isChosen = value === top || isTrue(value)
        const inner = node.kind === 'with' && isChosen ? value : dot
        const jump = this.#nodes(isChosen ? node.body : node.otherwise, inner)
        this.#variables.length = known
        return jump
      }
    }
  }

  #range(node: Extract<TemplateNode, { kind: 'if' | 'with' | 'range' }>, dot: Dot): Jump {
    const { names, isNew } = node.pipeline
    const known = this.#variables.length
    const items = this.#items(this.#pipeline({ ...node.pipeline, names: [] }, dot))
    if (items.length === 0) this.#nodes(node.otherwise, dot)
    for (const [key, value] of items) {
      this.#step()
      const given: Dot[] = names.length === 1 ? [value] : [key, value]
      names.forEach((name, index) => this.#assign(name, given[index] as Dot, isNew))
      const jump = this.#nodes(node.body, value)
      this.#variables.length = known
      if (jump === 'break') break
    }
    return null
  }

  #items(value: Dot): [Value, Value][] {
    const plain = this.#plain(value)
    if (plain === null) return []
    if (isList(plain)) return plain.map((item, index) => [BigInt(index), item])
    if (isMap(plain)) return [...plain].sort(([one], [other]) => (one < other ? -1 : 1))
    if (typeof plain === 'bigint') {
      const count = Math.min(Number(plain), logqlLimits.templateStepsMax + 1)
      return Array.from({ length: Math.max(count, 0) }, (_, index) => [BigInt(index), BigInt(index)])
    }
    throw new TemplateFailure(`range can't iterate over a value of kind ${kindOf(plain)}`)
  }

  #assign(name: string, value: Dot, isNew: boolean): void {
    if (isNew) this.#variables.push({ name, value })
    else {
      const variable = this.#variables.findLast((one) => one.name === name)
      if (variable !== undefined) variable.value = value
    }
  }

  #pipeline({ names, isNew, commands }: Pipeline, dot: Dot): Dot {
    let value: Dot | undefined
    for (const command of commands) value = this.#command(command, dot, value)
    for (const name of names) this.#assign(name, value as Dot, isNew)
    return value as Dot
  }

  #command({ operands }: Command, dot: Dot, last: Dot | undefined): Dot {
    this.#step()
    const [first, ...rest] = operands as [Operand, ...Operand[]]
    if (first.kind !== 'function') {
      if (rest.length > 0 || last !== undefined) {
        throw new TemplateFailure('a value that is no function has arguments')
      }
      return this.#value(first, dot)
    }
    if (isShortCircuit(first.name)) return this.#shortCircuit(first.name, rest, dot, last)
    const given = rest.map((operand) => ({
      value: this.#plain(this.#value(operand, dot)),
      float: operand.kind === 'constant' ? operand.float : null,
    }))
    if (last !== undefined) given.push({ value: this.#plain(last), float: null })
    return callFunction(first.name, given, this.#state)
  }

  /** `and` and `or` evaluate only as far as they have to. */
  #shortCircuit(name: string, operands: readonly Operand[], dot: Dot, last: Dot | undefined): Dot {
    let value: Dot | undefined
    for (const operand of operands) {
      value = this.#value(operand, dot)
      if ((value === top || isTrue(value)) === (name === 'or')) return value
    }
    const result = last ?? value
    if (result === undefined) throw new TemplateFailure(`wrong number of args for ${name}`)
    return result
  }

  #value(operand: Operand, dot: Dot): Dot {
    switch (operand.kind) {
      case 'dot':
        return dot
      case 'constant':
        return operand.value
      case 'field':
        return this.#members(dot, operand.path)
      case 'variable': {
        const variable = this.#variables.findLast(({ name }) => name === operand.name)
        return this.#members(variable?.value ?? null, operand.path)
      }
      case 'pipeline':
        return this.#members(this.#pipeline(operand.pipeline, dot), operand.path)
      case 'function':
        return callFunction(operand.name, [], this.#state)
    }
  }

  #members(start: Dot, path: readonly string[]): Dot {
    let value = start
    for (const name of path) {
      if (value === top) value = this.#state.get(name) ?? ''
      else if (isMap(value)) value = value.get(name) ?? (value instanceof LabelMap ? '' : null)
      else throw new TemplateFailure(`can't evaluate field ${name} in type ${kindOf(value)}`)
    }
    return value
  }

  /** The labels as a map, where they are given away. */
  #plain(value: Dot): Value {
    return value === top ? new LabelMap(this.#state.allLabels()) : value
  }
}
