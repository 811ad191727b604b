/**
 * Starts logkeep, or its demo, where Node can run its TypeScript; says in one line what to do where it
 * cannot.
 *
 * Stripping types takes a compiler of about 30 MB in the main thread and in every worker. Node's compile
 * cache keeps the stripped code, so that a process that finds it whole never loads that compiler: 121 MB in
 * place of 171 MB. The cache is filled by a process of its own before the first start (`start.mjs warm`; the
 * image does so when it is built).
 */

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
// As objects: an older Node would refuse the file for a name that it lacks, before the line below can speak.
import fs from 'node:fs'
import module from 'node:module'
import { join } from 'node:path'

const nodeMajorMin = 26
const root = import.meta.dirname
const caches = join(root, 'node_modules/.cache/logkeep')
const nodeFlags = [
  // A young generation of the default size lets garbage of answers and batches pile up as resident memory.
  '--max-semi-space-size=1',
  // What the start leaves behind V8 would keep for hours: threads collect it once.
  '--expose-gc',
  // Those of `regexEngineFlags`. Query threads set them, for who starts without this file; but V8 takes no
  // code from a cache that was filled with other flags: every thread after the first loaded the compiler.
  '--enable-experimental-regexp-engine-on-excessive-backtracks',
  '--regexp-backtracks-before-fallback=500000',
]

const command = process.argv[2]
if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) refuse()
if (command === 'warm') warm()
else if (command === 'fill') await fill()
else if (command === 'page') buildPage()
else await start(command === 'demo' ? 'src/demo/main.ts' : 'src/main.ts')

function refuse() {
  const wanted = command === 'demo' ? 'npm run demo' : 'npm start'
  console.error(
    `logkeep needs Node ${nodeMajorMin} or newer and this is ${process.versions.node}: ` +
      `run "npm ci && ${wanted}", which brings its own, or call node_modules/.bin/node start.mjs`,
  )
  process.exit(2)
}

/** The program takes this process's place: signals reach it, nothing of the start stays in memory. */
async function start(file) {
  // Settings may stand in a file beside this one; variables that are set already win.
  const settingsFile = join(root, '.env')
  if (command !== 'demo' && fs.existsSync(settingsFile)) process.loadEnvFile(settingsFile)
  buildPage()
  const cache = cacheFolder()
  if (!fs.existsSync(cache)) warm()
  process.env.NODE_COMPILE_CACHE ??= cache
  // glibc otherwise keeps an arena per thread, each with holes of its own.
  process.env.MALLOC_ARENA_MAX ??= '2'
  const main = join(root, file)
  if (process.platform === 'win32') await import(main)
  else process.execve(process.execPath, [process.execPath, ...nodeFlags, main])
}

/** The cache is good only for the flags that it was filled with. */
function warm() {
  spawnSync(process.execPath, [...nodeFlags, import.meta.filename, 'fill'], { stdio: 'ignore' })
}

/**
 * Builds the web page where its sources are newer than what was built. An image has no sources, an
 * installation without development dependencies no builder: what is there is served, or the API alone.
 */
function buildPage() {
  const built = fs.statSync(join(root, 'dist/page/index.html'), { throwIfNoEntry: false })?.mtimeMs ?? 0
  // Folders too: a source that is gone changes its folder.
  const sources = ['package-lock.json', ...fs.globSync('page{,/**/*}', { cwd: root })]
  const changed = sources.map(
    (path) => fs.statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0,
  )
  if (sources.length === 1 || Math.max(...changed) <= built) return
  const vite = join(root, 'node_modules/vite/bin/vite.js')
  if (!fs.existsSync(vite)) {
    console.error(
      'The web page is not built, which needs "npm ci" with development dependencies; the API works.',
    )
    return
  }
  const { status, stderr } = spawnSync(process.execPath, [vite, 'build', 'page', '--logLevel', 'error'], {
    cwd: root,
    encoding: 'utf8',
  })
  if (status !== 0) console.error(`The web page could not be built; the API works without.\n${stderr}`)
}

/** Loads every module once; entry files do nothing, or throw, when they are not started as such. */
async function fill() {
  const cache = cacheFolder()
  fs.rmSync(caches, { recursive: true, force: true })
  // One that was interrupted would be taken for whole by the next start.
  const unfinished = `${cache}-unfinished`
  module.enableCompileCache(unfinished)
  for (const file of sources()) await import(join(root, file)).catch(() => undefined)
  // Kept under another name for who requires it, as the pool of query threads does.
  const require = module.createRequire(import.meta.url)
  try {
    void require('./src/query/worker.ts')
  } catch {
    // It has no task outside a thread.
  }
  module.flushCompileCache()
  fs.renameSync(unfinished, cache)
}

/** One folder per state of sources and flags: a cache with gaps would load the compiler after all. */
function cacheFolder() {
  const hash = createHash('sha256').update([process.version, ...nodeFlags].join(' '))
  for (const file of sources()) hash.update(fs.readFileSync(join(root, file)))
  return join(caches, hash.digest('hex').slice(0, 16))
}

function sources() {
  return fs.globSync('src/**/*.ts', { cwd: root }).sort()
}
