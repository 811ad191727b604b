/**
 * Breaks `src/` line by line, in copies, and fails where the tests of a fault do not notice:
 * `npm run test:mutants`, or `npm run test:mutants -- F21 F45` for the mutants of some faults.
 */

import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { TestOutcome } from '../support/skip-report.ts'
import { projectRoot } from '../support/source-tree.ts'
import { faultsOf, type Mutant, misfit, patternOf } from './mutant.ts'
import { mutants } from './mutants.ts'

/** What the tests of faults need of the tree. */
const copied = ['src', 'test', 'migrations', 'package.json', 'start.mjs']
/** No single test takes longer unbroken, on a busy machine too. */
const testMsMax = 60_000
/** One that a mutant keeps in a circle does not end by itself: all of its tests are killed after this. */
const mutantMsMax = 120_000
/** For the unbroken tree's tests of one file. */
const fileMsMax = 10 * 60_000

/** `hasHung`: they were killed, and what had not ended by then is not among the outcomes. */
type Run = { readonly outcomes: readonly TestOutcome[]; readonly hasHung: boolean; readonly seconds: number }

process.exitCode = await main(process.argv.slice(2))

async function main(wanted: readonly string[]): Promise<number> {
  const chosen = mutants.filter(
    ({ faults }) => wanted.length === 0 || faults.some((fault) => wanted.includes(fault)),
  )
  const misfits = chosen.flatMap((mutant) => misfit(mutant, sourceOf(projectRoot, mutant)) ?? [])
  for (const text of misfits) console.error(text)
  if (misfits.length > 0 || chosen.length === 0) return 1
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-mutants-'))
  // Some tests read as another user.
  fs.chmodSync(folder, 0o755)
  try {
    const trees = Array.from({ length: os.availableParallelism() }, (_, index) => copyTree(folder, index))
    const isGreen = await checkUnbroken(trees, chosen)
    return isGreen ? await breakAll(trees, chosen) : 1
  } finally {
    unmountBelow(folder)
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** What a test that was killed had mounted. */
function unmountBelow(folder: string): void {
  if (!fs.existsSync('/proc/mounts')) return
  const points = fs
    .readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
  for (const point of points.filter((each) => each.startsWith(`${folder}/`)).toReversed())
    spawnSync('umount', ['-l', point])
}

function sourceOf(tree: string, { file }: Mutant): string {
  return fs.readFileSync(path.join(tree, 'src', file), 'utf8')
}

/** Copies the tree; its tests have a folder for temporary files that goes with it, whatever they leave. */
function copyTree(folder: string, index: number): string {
  const tree = path.join(folder, String(index))
  for (const name of copied)
    fs.cpSync(path.join(projectRoot, name), path.join(tree, name), { recursive: true })
  fs.symlinkSync(path.join(projectRoot, 'node_modules'), path.join(tree, 'node_modules'))
  fs.mkdirSync(path.join(tree, 'tmp'))
  return tree
}

/** Each mutant says something only where the tests are green without it. */
async function checkUnbroken(trees: readonly string[], chosen: readonly Mutant[]): Promise<boolean> {
  const faults = [...new Set(chosen.flatMap((mutant) => mutant.faults))]
  console.log(`The tests of ${faults.length} faults, with nothing broken:`)
  let isGreen = true
  await inParallel(trees, testFilesOf(trees[0] as string, faults), async (tree, file) => {
    const { outcomes, hasHung, seconds } = await runTests(tree, faults, [file], fileMsMax)
    const failed = outcomes.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name)
    if (hasHung) failed.push('they did not end')
    if (failed.length > 0) isGreen = false
    const verdict = failed.length === 0 ? `${outcomes.length} green` : `RED: ${failed.join('; ')}`
    console.log(`${seconds.toFixed(1).padStart(6)} s  ${file}: ${verdict}`)
  })
  return isGreen
}

async function breakAll(trees: readonly string[], chosen: readonly Mutant[]): Promise<number> {
  console.log(`\n${chosen.length} mutants: seconds, faults, what is broken, and the tests that notice`)
  const green: string[] = []
  let hung = 0
  await inParallel(trees, chosen, async (tree, mutant) => {
    const run = await runBroken(tree, mutant)
    const unnoticed = mutant.faults.filter((fault) => !isTripped(run, fault))
    const failed = run.outcomes.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name)
    if (run.hasHung) hung += 1
    if (unnoticed.length > 0) green.push(`${unnoticed.join(' ')}: ${mutant.what} (src/${mutant.file})`)
    const time = run.seconds.toFixed(1).padStart(6)
    console.log(`${time} s  ${mutant.faults.join(' ').padEnd(12)} ${mutant.what} (src/${mutant.file})`)
    for (const name of failed) console.log(`          tripped by ${name}`)
    if (run.hasHung) console.log('          tripped by a hang: its tests were killed')
    if (unnoticed.length > 0) console.log(`          GREEN for ${unnoticed.join(' ')}`)
  })
  for (const text of green) console.log(`stayed green: ${text}`)
  const faults = new Set(chosen.flatMap((mutant) => mutant.faults)).size
  const noticed = chosen.length - green.length
  console.log(`\n${noticed} of ${chosen.length} mutants tripped all of their faults, ${hung} by a hang`)
  console.log(`${faults} faults named by them`)
  return green.length === 0 ? 0 : 1
}

function isTripped({ outcomes, hasHung }: Run, fault: string): boolean {
  return (
    hasHung || outcomes.some(({ name, outcome }) => outcome === 'failed' && faultsOf(name).includes(fault))
  )
}

async function runBroken(tree: string, mutant: Mutant): Promise<Run> {
  const file = path.join(tree, 'src', mutant.file)
  const whole = sourceOf(tree, mutant)
  // A function: in a text `$` would mean something.
  fs.writeFileSync(
    file,
    whole.replace(mutant.from, () => mutant.to),
  )
  try {
    return await runTests(tree, mutant.faults, testFilesOf(tree, mutant.faults), mutantMsMax)
  } finally {
    fs.writeFileSync(file, whole)
  }
}

/** Files that name one of the faults: to load the others takes longer than most tests. */
function testFilesOf(tree: string, faults: readonly string[]): string[] {
  const ids = new RegExp(`\\b(?:${faults.join('|')})\\b`)
  const files = fs.globSync('test/faults/*.test.ts', { cwd: tree })
  return files.filter((file) => ids.test(fs.readFileSync(path.join(tree, file), 'utf8'))).toSorted()
}

async function runTests(
  tree: string,
  faults: readonly string[],
  files: readonly string[],
  msMax: number,
): Promise<Run> {
  const startedMs = performance.now()
  const report = path.join(tree, 'report.ndjson')
  fs.rmSync(report, { force: true })
  const hasHung = await runNode(tree, msMax, [
    '--test',
    '--test-isolation=none',
    '--test-force-exit',
    `--test-timeout=${testMsMax}`,
    `--test-name-pattern=${patternOf(faults)}`,
    '--test-reporter=./test/support/skip-report.ts',
    `--test-reporter-destination=${report}`,
    ...files,
  ])
  const lines = fs.existsSync(report) ? fs.readFileSync(report, 'utf8').split('\n') : []
  const outcomes = lines.filter((line) => line !== '').map((line): TestOutcome => JSON.parse(line))
  return { outcomes, hasHung, seconds: (performance.now() - startedMs) / 1000 }
}

/** True where it had to be killed. */
async function runNode(tree: string, msMax: number, args: readonly string[]): Promise<boolean> {
  const env = { ...process.env, TMPDIR: path.join(tree, 'tmp') }
  // A group of its own, so that the programs which a test has started end with it.
  const child = spawn(process.execPath, args, { cwd: tree, env, stdio: 'ignore', detached: true })
  let hasHung = false
  const timer = setTimeout(() => {
    hasHung = true
    endGroup(child.pid)
  }, msMax)
  try {
    await new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', resolve)
    })
    return hasHung
  } finally {
    clearTimeout(timer)
    endGroup(child.pid)
  }
}

function endGroup(leader: number | undefined): void {
  if (leader === undefined) return
  try {
    process.kill(-leader, 'SIGKILL')
  } catch (error) {
    // None of the group is left.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** One after the other in each tree. */
async function inParallel<T>(
  trees: readonly string[],
  jobs: readonly T[],
  work: (tree: string, job: T) => Promise<void>,
): Promise<void> {
  const left = jobs.values()
  await Promise.all(
    trees.map(async (tree) => {
      for (const job of left) await work(tree, job)
    }),
  )
}
