/**
 * Runs every test, layer by layer, then lists the skipped ones: `npm test`, or `npm test -- store http` for
 * some layers.
 */

import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { findChromium } from './support/chromium.ts'
import type { TestOutcome } from './support/skip-report.ts'

/** Tests of a layer share one process; those of `process` and `browser` start the real program and have
 * one each. */
type Layer = { readonly name: string; readonly glob: string; readonly isolation: 'none' | 'process' }

type Skip = { readonly test: string; readonly reason: string }

const root = path.dirname(import.meta.dirname)
/** A layer that has not ended by then hangs: the slowest is killed after this. */
const layerMsMax = 15 * 60_000
/** No single test of a layer takes longer; those of `process` bound themselves. */
const testMsMax = 120_000

/** In place of every test of the layer, where no browser is found. */
const noBrowser = 'layer browser'

const sharedLayers = [
  'model',
  'collector',
  'store',
  'regex',
  'logql',
  'query',
  'tail',
  'metrics',
  'http',
  'page',
  'demo',
  'deploy',
  'faults',
]

const layers: readonly Layer[] = [
  { name: 'structure', glob: 'test/*.test.ts', isolation: 'none' },
  ...sharedLayers.map((name): Layer => ({ name, glob: `test/${name}/**/*.test.ts`, isolation: 'none' })),
  { name: 'process', glob: 'test/process/**/*.test.ts', isolation: 'process' },
  { name: 'browser', glob: 'test/browser/**/*.test.ts', isolation: 'process' },
]

process.exitCode = await main(process.argv.slice(2))

async function main(wanted: readonly string[]): Promise<number> {
  const unknown = wanted.filter((name) => !layers.some((layer) => layer.name === name))
  const homeless = filesOutsideLayers()
  if (unknown.length > 0 || homeless.length > 0) {
    for (const name of unknown)
      console.error(`no layer "${name}": ${layers.map((layer) => layer.name).join(', ')}`)
    for (const file of homeless) console.error(`${file} belongs to no layer of test/run.ts`)
    return 2
  }
  const outcomes: TestOutcome[] = []
  for (const layer of layers) {
    if (wanted.length > 0 && !wanted.includes(layer.name)) continue
    const files = fs.globSync(layer.glob, { cwd: root }).toSorted()
    if (files.length === 0) continue
    if (layer.name === 'browser' && findChromium() === null) {
      outcomes.push({ name: noBrowser, outcome: 'skipped', reason: '' })
      continue
    }
    console.log(`\n== ${layer.name}: ${files.length} ${files.length === 1 ? 'file' : 'files'}`)
    outcomes.push(...(await runLayer(layer, files)))
  }
  return summarise(outcomes, wanted.length === 0)
}

function filesOutsideLayers(): string[] {
  const owned = new Set(layers.flatMap((layer) => fs.globSync(layer.glob, { cwd: root })))
  return fs.globSync('test/**/*.test.ts', { cwd: root }).filter((file) => !owned.has(file))
}

/** A layer that ended badly without a failed test (a crash, a hang) counts as one failed test. */
async function runLayer(layer: Layer, files: readonly string[]): Promise<TestOutcome[]> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-test-'))
  const report = path.join(folder, 'report.ndjson')
  try {
    const failure = await runNode([
      '--test',
      ...(layer.isolation === 'none'
        ? ['--test-isolation=none', `--test-timeout=${testMsMax}`]
        : ['--test-concurrency=1']),
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      `--test-reporter=${path.join(import.meta.dirname, 'support/skip-report.ts')}`,
      `--test-reporter-destination=${report}`,
      ...files,
    ])
    const lines = fs.existsSync(report) ? fs.readFileSync(report, 'utf8').split('\n') : []
    const outcomes = lines.filter((line) => line !== '').map((line): TestOutcome => JSON.parse(line))
    const ended = failure ?? (outcomes.length === 0 ? 'no test ran' : null)
    if (ended === null || outcomes.some((test) => test.outcome === 'failed')) return outcomes
    return [...outcomes, { name: `layer ${layer.name} ${ended}`, outcome: 'failed', reason: ended }]
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** Resolves with null when Node ended well, else with how it ended. */
async function runNode(args: readonly string[]): Promise<string | null> {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  const timer = setTimeout(() => child.kill('SIGKILL'), layerMsMax)
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (code, signal) =>
        resolve(code === 0 ? null : `ended with ${signal ?? `exit code ${code}`}`),
      )
    })
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Prints what failed and what was skipped and why; a skip must be listed in test/skips.json. The last line
 * counts.
 */
function summarise(outcomes: readonly TestOutcome[], complete: boolean): number {
  const listed: readonly Skip[] = JSON.parse(
    fs.readFileSync(path.join(import.meta.dirname, 'skips.json'), 'utf8'),
  )
  const of = (outcome: TestOutcome['outcome']) => outcomes.filter((test) => test.outcome === outcome)
  const problems = of('failed').map((test) => `failed: ${test.name}`)
  for (const test of of('todo')) problems.push(`unfinished test: ${test.name}`)
  const skipped = of('skipped')
  console.log(`\nSkipped tests: ${skipped.length === 0 ? 'none' : ''}`)
  for (const test of skipped) {
    const reason = listed.find((skip) => skip.test === test.name)?.reason
    console.log(`- ${test.name}: ${reason ?? test.reason}`)
    if (reason === undefined) problems.push(`skipped, but not listed in test/skips.json: ${test.name}`)
  }
  for (const skip of listed) {
    if (skip.reason.trim() === '') problems.push(`test/skips.json gives no reason for: ${skip.test}`)
    if (complete && skip.test !== noBrowser && !outcomes.some((test) => test.name === skip.test)) {
      problems.push(`test/skips.json names a test that does not exist: ${skip.test}`)
    }
  }
  if (problems.length > 0) console.log(`\nProblems:\n${problems.map((problem) => `- ${problem}`).join('\n')}`)
  console.log(`\n${of('passed').length} passed, ${of('failed').length} failed, ${skipped.length} skipped`)
  return problems.length === 0 ? 0 : 1
}
