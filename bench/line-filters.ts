/** Prints how fast line filters search bodies of typical log lines; takes no arguments. */

import v8 from 'node:v8'
import { createBodyMatcher } from '../src/query/match/body-matcher.ts'
import type { LineFilter } from '../src/query/plan.ts'
import { regexEngineFlags } from '../src/regex/compile.ts'

const bodyBytes = 256 * 1024
const warmUpRuns = 60
const measuredRuns = 100

type Options = { readonly ignoreCase?: boolean; readonly negate?: boolean }

function substring(text: string, { ignoreCase = false, negate = false }: Options = {}): LineFilter {
  return { kind: 'substring', text, ignoreCase, negate }
}

function regex(pattern: string, { ignoreCase = false, negate = false }: Options = {}): LineFilter {
  return { kind: 'regex', pattern, ignoreCase, negate }
}

const ignoreCase = { ignoreCase: true }
const cases: readonly (readonly [name: string, filters: readonly LineFilter[]])[] = [
  ['substring, absent', [substring('no such thing')]],
  ['substring, few lines', [substring('needle')]],
  ['substring, a sixth of the lines', [substring('status=500')]],
  ['substring, every line', [substring('caller')]],
  ['ignoreCase, absent', [substring('No Such Thing', ignoreCase)]],
  ['ignoreCase, few lines', [substring('Needle', ignoreCase)]],
  ['ignoreCase, a sixth of the lines', [substring('Status=500', ignoreCase)]],
  ['ignoreCase, every line', [substring('Caller', ignoreCase)]],
  ['level=(error|warn).*status=500', [regex('level=(error|warn).*status=500')]],
  ['the same, ignoreCase', [regex('level=(error|warn).*status=500', ignoreCase)]],
  ['.*level=error.*', [regex('.*level=error.*')]],
  ['[^ ]+ [^ ]+ zzz', [regex('[^ ]+ [^ ]+ zzz')]],
  ['two substrings', [substring('level=error'), substring('status=500')]],
  ['substring and a negated one', [substring('status=500'), substring('level=info', { negate: true })]],
  ['negated only', [substring('level=info', { negate: true })]],
]

function main(): void {
  for (const flag of regexEngineFlags) v8.setFlagsFromString(flag)
  for (const [name, extra] of [
    ['ASCII', ''],
    ['with é', 'é '],
  ] as const) {
    const { body, lineCount } = typicalBody(extra)
    console.log(`${name}: ${body.length} bytes, ${lineCount} lines`)
    for (const [label, filters] of cases) console.log(measured(label, filters, body, lineCount))
  }
}

function measured(label: string, filters: readonly LineFilter[], body: Buffer, lineCount: number): string {
  const matcher = createBodyMatcher(filters)
  const hits = new Uint32Array(lineCount)
  const elapsedMs: number[] = []
  let count = 0
  for (let run = 0; run < warmUpRuns + measuredRuns; run += 1) {
    const startedMs = performance.now()
    count = matcher?.match(body, null, lineCount, hits) ?? 0
    if (run >= warmUpRuns) elapsedMs.push(performance.now() - startedMs)
  }
  const median = elapsedMs.sort((a, b) => a - b)[measuredRuns / 2] as number
  const speed = Math.round(body.length / 1e3 / median)
  return `  ${label.padEnd(34)} ${String(count).padStart(5)} lines ${String(speed).padStart(6)} MB/s`
}

/** The same lines at every run: logfmt with numbers from a fixed xorshift. */
function typicalBody(extra: string): { readonly body: Buffer; readonly lineCount: number } {
  let state = 12345
  const random = (below: number): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
  const pick = (words: readonly string[]): string => words[random(words.length)] as string
  const lines: string[] = []
  for (let length = 0; length < bodyBytes; ) {
    const line =
      `ts=2026-11-22T10:11:${10 + (lines.length % 50)}.${random(1000)}Z level=${pick(['info', 'info', 'info', 'debug', 'warn', 'error'])}` +
      ` caller=handler.go:${random(500)} msg="request ${extra}done" method=GET path=/api/v1/items/${random(100000)}` +
      ` status=${pick(['200', '200', '200', '201', '404', '500'])} duration=${random(1000)}ms user=${random(10000)}` +
      (lines.length % 500 === 7 ? ' needle\n' : '\n')
    lines.push(line)
    length += line.length
  }
  return { body: Buffer.from(lines.join('')), lineCount: lines.length }
}

main()
