/** Parses templates into trees: actions, pipelines, `if`, `with`, `range`, variables. */

import { logqlLimits } from '../../limits/logql.ts'
import { parseError } from '../error.ts'
import type { Command, Operand, Pipeline, TemplateNode } from './nodes.ts'
import { scanTemplate, type TemplatePiece, type TemplateToken } from './scan-template.ts'

/** `isFunction`: names that may be called. Throws `LogqlError`. */
export function parseTemplate(template: string, isFunction: (name: string) => boolean): TemplateNode[] {
  const parser = new TemplateParser(scanTemplate(template), isFunction)
  const { nodes, end } = parser.block(0)
  if (end !== null) throw bad(`unexpected {{${end}}}`)
  return nodes
}

function bad(problem: string): Error {
  return parseError(`invalid template: ${problem}`)
}

/** `end`: the word that ended a block, with what follows it; null: the end of the template. */
type Block = { nodes: TemplateNode[]; end: 'end' | 'else' | null; elseTokens: readonly TemplateToken[] }

class TemplateParser {
  readonly #pieces: readonly TemplatePiece[]
  readonly #isFunction: (name: string) => boolean
  readonly #variables: string[] = ['$']
  #next = 0
  #loops = 0

  constructor(pieces: readonly TemplatePiece[], isFunction: (name: string) => boolean) {
    this.#pieces = pieces
    this.#isFunction = isFunction
  }

  block(depth: number): Block {
    if (depth > logqlLimits.templateDepthMax) throw bad('it is nested too deeply')
    const nodes: TemplateNode[] = []
    for (;;) {
      const piece = this.#pieces[this.#next]
      if (piece === undefined) return { nodes, end: null, elseTokens: [] }
      this.#next += 1
      if ('text' in piece) {
        nodes.push({ kind: 'text', text: piece.text })
        continue
      }
      const [first, ...rest] = withoutSpaces(piece.tokens)
      const keyword = first?.kind === 'word' ? first.text : ''
      switch (keyword) {
        case 'end':
        case 'else':
          return { nodes, end: keyword, elseTokens: rest }
        case 'if':
        case 'with':
        case 'range':
          nodes.push(this.#control(keyword, afterWord(piece.tokens), depth))
          break
        case 'break':
        case 'continue':
          if (this.#loops === 0) throw bad(`{{${keyword}}} outside {{range}}`)
          nodes.push({ kind: keyword })
          break
        case 'define':
        case 'template':
        case 'block':
          throw bad(`{{${keyword}}} is not supported`)
        default:
          nodes.push({ kind: 'action', pipeline: this.#wholePipeline(piece.tokens) })
      }
    }
  }

  #control(kind: 'if' | 'with' | 'range', tokens: readonly TemplateToken[], depth: number): TemplateNode {
    const known = this.#variables.length
    const pipeline = this.#wholePipeline(tokens)
    if (kind === 'range') this.#loops += 1
    const body = this.block(depth + 1)
    if (kind === 'range') this.#loops -= 1
    let otherwise: TemplateNode[] = []
    if (body.end === 'else') {
      const [word] = body.elseTokens
      if (word === undefined) {
        const rest = this.block(depth + 1)
        if (rest.end !== 'end') throw bad('missing {{end}}')
        otherwise = rest.nodes
      } else if (word.kind === 'word' && (word.text === 'if' || word.text === 'with') && kind !== 'range') {
        otherwise = [this.#control(word.text, body.elseTokens.slice(1), depth + 1)]
      } else throw bad('unexpected word behind else')
    } else if (body.end === null) throw bad('missing {{end}}')
    this.#variables.length = known
    return { kind, pipeline, body: body.nodes, otherwise }
  }

  #wholePipeline(tokens: readonly TemplateToken[]): Pipeline {
    const reader = new TokenList(tokens)
    const pipeline = this.#pipeline(reader, 0)
    if (reader.peek() !== undefined) throw bad(`unexpected ${JSON.stringify(reader.peek()?.text)}`)
    return pipeline
  }

  #pipeline(reader: TokenList, depth: number): Pipeline {
    if (depth > logqlLimits.templateDepthMax) throw bad('it is nested too deeply')
    const declared = this.#declaration(reader)
    const commands: Command[] = []
    do {
      const operands: Operand[] = []
      for (;;) {
        reader.skipSpaces()
        const operand = this.#operand(reader, depth)
        if (operand === null) break
        operands.push(operand)
      }
      if (operands.length === 0) throw bad('missing value for command')
      const [first] = operands
      if (commands.length > 0 && (first?.kind === 'constant' || first?.kind === 'dot')) {
        throw bad('a value that cannot be called stands behind |')
      }
      commands.push({ operands })
    } while (reader.accept('|'))
    if (declared.isNew) this.#variables.push(...declared.names)
    return { ...declared, commands }
  }

  /** `$x :=`, `$x =` or `$i, $x :=`. */
  #declaration(reader: TokenList): { names: string[]; isNew: boolean } {
    const start = reader.at
    const names: string[] = []
    for (;;) {
      reader.skipSpaces()
      const token = reader.peek()
      if (token?.kind !== 'variable') break
      reader.at += 1
      names.push(token.text)
      reader.skipSpaces()
      if (reader.accept(':=')) return { names, isNew: true }
      if (reader.accept('=')) {
        for (const name of names) this.#requireVariable(name)
        return { names, isNew: false }
      }
      if (names.length === 2 || !reader.accept(',')) break
    }
    reader.at = start
    return { names: [], isNew: false }
  }

  #requireVariable(name: string): void {
    if (!this.#variables.includes(name)) throw bad(`undefined variable ${JSON.stringify(name)}`)
  }

  #operand(reader: TokenList, depth: number): Operand | null {
    const token = reader.peek()
    if (token === undefined) return null
    const isSign = token.kind === 'sign'
    if (isSign && token.text !== '.' && token.text !== '(') return null
    reader.at += 1
    switch (token.kind) {
      case 'word':
        return this.#word(token.text)
      case 'field':
        return { kind: 'field', path: [token.text.slice(1), ...fieldsOf(reader)] }
      case 'variable':
        this.#requireVariable(token.text)
        return { kind: 'variable', name: token.text, path: fieldsOf(reader) }
      case 'text':
        return { kind: 'constant', value: token.text, float: null }
      case 'character':
        return { kind: 'constant', value: BigInt(token.text.codePointAt(0) ?? 0), float: null }
      case 'number':
        return numberOf(token.text)
      default:
    }
    if (token.text === '.') return { kind: 'dot' }
    const pipeline = this.#pipeline(reader, depth + 1)
    if (!reader.accept(')')) throw bad('unclosed left paren')
    return { kind: 'pipeline', pipeline, path: fieldsOf(reader) }
  }

  #word(text: string): Operand {
    if (text === 'true' || text === 'false') return { kind: 'constant', value: text === 'true', float: null }
    if (text === 'nil') return { kind: 'constant', value: null, float: null }
    if (!this.#isFunction(text)) throw bad(`function ${JSON.stringify(text)} not defined`)
    return { kind: 'function', name: text }
  }
}

class TokenList {
  readonly #tokens: readonly TemplateToken[]
  at = 0

  constructor(tokens: readonly TemplateToken[]) {
    this.#tokens = tokens
  }

  peek(): TemplateToken | undefined {
    return this.#tokens[this.at]
  }

  skipSpaces(): void {
    while (this.peek()?.kind === 'space') this.at += 1
  }

  /** Steps over a sign, with spaces before it. */
  accept(text: string): boolean {
    const start = this.at
    this.skipSpaces()
    const token = this.peek()
    if (token?.kind === 'sign' && token.text === text) {
      this.at += 1
      return true
    }
    this.at = start
    return false
  }
}

/** Fields that follow without a space. */
function fieldsOf(reader: TokenList): string[] {
  const path: string[] = []
  for (;;) {
    const token = reader.peek()
    if (token?.kind !== 'field') return path
    path.push(token.text.slice(1))
    reader.at += 1
  }
}

function withoutSpaces(tokens: readonly TemplateToken[]): TemplateToken[] {
  return tokens.filter(({ kind }) => kind !== 'space')
}

function afterWord(tokens: readonly TemplateToken[]): TemplateToken[] {
  return tokens.slice(tokens.findIndex(({ kind }) => kind === 'word') + 1)
}

function numberOf(text: string): Operand {
  const digits = text.replaceAll('_', '')
  const isWhole = /^[+-]?(?:\d+|0[xX][\da-fA-F]+|0[bB][01]+|0[oO][0-7]+)$/.test(digits)
  if (!isWhole) return { kind: 'constant', value: Number(digits), float: Number(digits) }
  const isNegative = digits.startsWith('-')
  const size = digits.replace(/^[+-]/, '')
  const value = BigInt(/^0\d/.test(size) ? `0o${size.slice(1).replace(/[89]/g, '0')}` : size)
  if (value >= 2n ** 63n) throw bad('a number is too large')
  const signed = isNegative ? -value : value
  return { kind: 'constant', value: signed, float: Number(signed) }
}
