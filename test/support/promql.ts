/**
 * Takes an expression of PromQL apart far enough to say which series it selects, and refuses what cannot be
 * one. Facts: "Querying basics", "Operators" and "Functions" of Prometheus' documentation.
 */

import assert from 'node:assert/strict'

export type Matcher = { readonly label: string; readonly operator: string; readonly value: string }

/** A metric as an expression names it. */
export type Selector = {
  readonly metric: string
  readonly matchers: readonly Matcher[]
  /** A range such as `[5m]` follows. */
  readonly hasRange: boolean
}

export type Expression = {
  readonly selectors: readonly Selector[]
  /** Labels that it groups or matches by. */
  readonly labels: readonly string[]
}

const functions = ['absent', 'changes', 'histogram_quantile', 'increase', 'rate', 'time']
const aggregations = ['count', 'max', 'min', 'sum']
const operators = ['and', 'or', 'unless']
const groupings = ['by', 'without', 'on', 'ignoring']
const pairs: Readonly<Record<string, string>> = { ')': '(', '}': '{', ']': '[' }
const quoted = String.raw`"(?:[^"\\]|\\.)*"`
const number = String.raw`\d+(?:\.\d+)?(?:ms|[smhdwy])?`
const name = String.raw`\$\w+|[a-zA-Z_:][\w:]*`
const sign = String.raw`[=!]~|[=!<>]=|[-+*/%^<>=(){}[\],]`

/** Throws an assertion with what is wrong. */
export function parsePromql(text: string): Expression {
  const tokens = tokensOf(text)
  const at = (index: number): string => tokens[index] ?? ''
  const selectors: Selector[] = []
  const labels: string[] = []
  for (let index = 0; index < tokens.length; index += 1) {
    const word = at(index)
    if (!/^[a-zA-Z_:]/.test(word)) continue
    if (word === 'offset') assert.match(at(index + 1), /^\d+[smhdw]$/, text)
    else if (groupings.includes(word)) {
      const [names, end] = listAfter(tokens, index + 1, '(', ')', text)
      labels.push(...names)
      index = end
    } else if (aggregations.includes(word)) assert.ok(['(', 'by', 'without'].includes(at(index + 1)), text)
    else if (functions.includes(word)) assert.equal(at(index + 1), '(', text)
    else if (!operators.includes(word)) {
      const [matchers, end] = at(index + 1) === '{' ? matchersAfter(tokens, index + 1, text) : [[], index]
      selectors.push({ metric: word, matchers, hasRange: at(end + 1) === '[' })
      index = end
    }
  }
  assert.ok(selectors.length > 0, `selects something: ${text}`)
  return { selectors, labels }
}

/** Tokens without white space; brackets are in pairs, and no operator is left without its sides. */
function tokensOf(text: string): string[] {
  const tokens: string[] = []
  const open: string[] = []
  const token = new RegExp(`\\s+|${quoted}|${number}|${name}|${sign}`, 'y')
  while (token.lastIndex < text.length) {
    const from = token.lastIndex
    const found = token.exec(text)?.[0]
    assert.ok(found !== undefined, `at ${JSON.stringify(text.slice(from, from + 20))}: ${text}`)
    if (found.trim() === '') continue
    if ('({['.includes(found)) open.push(found)
    if (found in pairs) assert.equal(open.pop(), pairs[found], `brackets: ${text}`)
    tokens.push(found)
  }
  assert.deepEqual(open, [], `brackets: ${text}`)
  const isOperator = (word: string | undefined): boolean =>
    /^([-+*/%^<>]|[=!<>]=|and|or|unless)$/.test(word ?? '')
  tokens.forEach((word, index) => {
    if (!isOperator(word)) return
    const next = tokens[index + 1]
    assert.ok(
      index > 0 && !['(', ','].includes(tokens[index - 1] ?? ''),
      `"${word}" has a left side: ${text}`,
    )
    assert.ok(next !== undefined && ![')', ','].includes(next), `"${word}" has a right side: ${text}`)
    assert.ok(!isOperator(next), `"${word} ${next}": ${text}`)
  })
  return tokens
}

function listAfter(
  tokens: readonly string[],
  from: number,
  opening: string,
  closing: string,
  text: string,
): [string[], number] {
  assert.equal(tokens[from], opening, text)
  const end = tokens.indexOf(closing, from)
  const inside = tokens.slice(from + 1, end)
  inside.forEach((word, index) => {
    if (index % 2 === 1) assert.equal(word, ',', text)
    else assert.match(word, /^[a-zA-Z_]\w*$/, text)
  })
  return [inside.filter((word) => word !== ','), end]
}

function matchersAfter(tokens: readonly string[], from: number, text: string): [Matcher[], number] {
  const matchers: Matcher[] = []
  let index = from
  do {
    const [label = '', operator = '', value = ''] = tokens.slice(index + 1, index + 4)
    assert.match(label, /^[a-zA-Z_]\w*$/, text)
    assert.ok(['=', '!=', '=~', '!~'].includes(operator), text)
    assert.match(value, /^"/, text)
    matchers.push({ label, operator, value: JSON.parse(value) as string })
    index += 4
  } while (tokens[index] === ',')
  assert.equal(tokens[index], '}', text)
  return [matchers, index]
}
