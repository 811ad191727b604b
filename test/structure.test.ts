/**
 * Holds the source tree to its own rules: which way imports point, who owns a dependency, sizes, and names.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settings } from '../src/config.ts'
import { misfit } from './mutants/mutant.ts'
import { mutants } from './mutants/mutants.ts'
import { importsOf, readSources, readText, type SourceFile } from './support/source-tree.ts'

/**
 * What a part of `src/` may import, beside itself. `types` names parts of which only types may be imported,
 * and those from their `contract.ts` or single file: the words in which `main` carries messages between
 * siblings.
 */
type Allowed = { readonly parts: readonly string[]; readonly types: readonly string[] }

const leaves = ['errors', 'limits', 'model']
const allowed: Readonly<Record<string, Allowed>> = {
  limits: { parts: [], types: [] },
  errors: { parts: [], types: [] },
  model: { parts: ['errors', 'limits'], types: [] },
  config: { parts: [...leaves, 'setting-values'], types: ['log'] },
  log: { parts: leaves, types: ['config'] },
  'setting-values': { parts: leaves, types: [] },
  store: { parts: [...leaves, 'log'], types: [] },
  collector: { parts: [...leaves, 'log', 'store'], types: ['config', 'query'] },
  regex: { parts: [...leaves, 'store'], types: [] },
  logql: { parts: [...leaves, 'regex'], types: [] },
  query: { parts: [...leaves, 'log', 'store', 'regex', 'logql'], types: ['config', 'collector'] },
  tail: { parts: [...leaves, 'log', 'query'], types: ['config', 'collector'] },
  http: {
    parts: [...leaves, 'log', 'query', 'tail', 'regex', 'logql'],
    types: ['config', 'collector', 'metrics'],
  },
  metrics: { parts: leaves, types: ['query', 'collector'] },
  main: {
    parts: [...leaves, 'config', 'log', 'store', 'collector', 'query', 'tail', 'http', 'metrics'],
    types: [],
  },
  demo: { parts: [], types: [] },
}

/** Parts that may import a package. `types`: its types only. A dependency without a row here is refused. */
const owners: Readonly<
  Record<string, { readonly parts: readonly string[]; readonly types?: readonly string[] }>
> = {
  'better-sqlite3': { parts: ['store'] },
  chokidar: { parts: ['collector'] },
  fastify: { parts: ['http'], types: ['tail'] },
  '@fastify/websocket': { parts: ['http'], types: ['tail'] },
  '@fastify/swagger': { parts: ['http'] },
  '@fastify/swagger-ui': { parts: ['http'] },
  piscina: { parts: ['query'] },
  'prom-client': { parts: ['metrics'] },
  ws: { parts: [], types: ['http', 'tail'] },
  pino: { parts: [], types: ['http', 'log', 'main'] },
}

const sourceLinesMax = 400
const testLinesMax = 600
const lineColumnsMax = 110
/**
 * A line that ends in a text (the name of a test, a hint) may be longer: the text stays in one piece, to be
 * found.
 */
const textColumnsMax = 150
const endsInText = /['"`][,;:)\]}+\s]*(, (async )?\(\w*\) =>( \{)?)?$/

const sources = readSources('src/**/*.ts')
const code = readSources(
  '{src,page,test,bench}/**/*.{ts,tsx,mjs}',
  'page/**/*.css',
  '*.mjs',
  'migrations/*.sql',
)

/** `src/store/reader.ts` → `store`; `src/limits/store.ts` → `limits`. */
function partOf(path: string): string {
  return path.split('/')[1]?.replace(/\.ts$/, '') ?? path
}

function violations(files: readonly SourceFile[], find: (file: SourceFile) => readonly string[]): string[] {
  return files.flatMap((file) => find(file).map((what) => `${file.path}: ${what}`))
}

test('S-TREE-01 imports point one way: main, then http and tail, then collector and query, then store, then model', () => {
  const found = violations(sources, (file) => {
    const part = partOf(file.path)
    const rule = allowed[part]
    if (rule === undefined) return [`the part "${part}" has no row in the table of this test`]
    return importsOf(file)
      .filter((wanted) => {
        if (!wanted.relative) return false
        const target = partOf(wanted.target)
        if (target === part || rule.parts.includes(target)) return false
        const isContract = wanted.target.endsWith('/contract.ts') || wanted.target === `src/${target}.ts`
        return !(wanted.typeOnly && isContract && rule.types.includes(target))
      })
      .map((wanted) => `imports ${wanted.target}${wanted.typeOnly ? ' (types)' : ''}`)
  })
  assert.deepEqual(found, [])
})

/** The web page has parts of its own, and imports nothing of the server; `model` needs no browser. */
const pageAllowed: Readonly<Record<string, readonly string[]>> = {
  model: [],
  api: ['model'],
  state: ['model', 'api'],
  view: ['model', 'api', 'state'],
  main: ['state', 'view', 'style'],
  vite: [],
}
const pageOwners: Readonly<Record<string, readonly string[]>> = {
  preact: ['state', 'view', 'main'],
  '@preact/signals': ['state', 'view'],
  uplot: ['view'],
  '@tanstack/virtual-core': ['view'],
  vite: ['vite'],
}

test('S-TREE-01 imports of the web page point one way: main, then view, then state, then api, then model', () => {
  const partOfPage = (path: string): string => path.split('/')[1]?.replace(/\..*$/, '') ?? path
  const found = violations(readSources('page/**/*.{ts,tsx}'), (file) => {
    const part = partOfPage(file.path)
    return importsOf(file)
      .filter(({ target, relative }) => {
        if (target.startsWith('node:')) return part !== 'vite'
        if (!relative) return pageOwners[target]?.includes(part) !== true
        const isWithin = target.startsWith('page/')
        return !isWithin || (partOfPage(target) !== part && !pageAllowed[part]?.includes(partOfPage(target)))
      })
      .map(({ target }) => `imports ${target}`)
  })
  assert.deepEqual(found, [])
})

test('S-TREE-02 one part owns each dependency, and every dependency has an owner', () => {
  const found = violations(sources, (file) =>
    importsOf(file)
      .filter((wanted) => {
        if (wanted.relative || wanted.target.startsWith('node:')) return false
        const owner = owners[wanted.target]
        const part = partOf(file.path)
        if (owner?.parts.includes(part)) return false
        return !(wanted.typeOnly && owner?.types?.includes(part))
      })
      .map((wanted) => `imports ${wanted.target}`),
  )
  assert.deepEqual(found, [])
  const manifest: { dependencies: Record<string, string> } = JSON.parse(readText('package.json'))
  const unowned = Object.keys(manifest.dependencies).filter((name) => (owners[name]?.parts.length ?? 0) === 0)
  assert.deepEqual(unowned, [])
})

test('S-TREE-03 only the programs that start something read the environment', () => {
  const readers = sources.filter((file) => /\bprocess\.env\b/.test(file.text)).map((file) => file.path)
  const starters = ['src/main.ts', 'src/demo/main.ts']
  assert.deepEqual(
    readers.filter((path) => !starters.includes(path)),
    [],
  )
})

test('S-TREE-04 every file opens with what it does, and keeps to the bounds of length', () => {
  const found = violations(code, (file) => {
    const linesMax = file.path.startsWith('test/') ? testLinesMax : sourceLinesMax
    const what: string[] = []
    if (file.lines.length > linesMax) what.push(`${file.lines.length} lines, at most ${linesMax}`)
    const opening = file.path.endsWith('.sql') ? /^-- \S/ : /^(#!.*\n)?\/\*\*?\s+\S/
    if (!opening.test(file.text)) what.push('does not open with a comment that says what it does')
    file.lines.forEach((line, index) => {
      if (line.length > lineColumnsMax && !(endsInText.test(line) && line.length <= textColumnsMax))
        what.push(`line ${index + 1} has more than ${lineColumnsMax} columns`)
    })
    return what
  })
  assert.deepEqual(found, [])
})

test('S-TREE-05 no module keeps changing state, no mark of unfinished work, no test left out', () => {
  const unfinished = new RegExp(`\\b(${['TO', 'FIX'].join('DO|')}ME)\\b`)
  const leftOut = /\b(test|it|suite|describe)\.(only|skip|todo)\(|\bonly: true\b/
  const found = violations(code, (file) => {
    const what: string[] = []
    file.lines.forEach((line, index) => {
      if (/^(export )?(let|var) /.test(line)) what.push(`line ${index + 1}: module-level variable`)
      if (unfinished.test(line)) what.push(`line ${index + 1}: unfinished`)
      if (file.path.startsWith('test/') && leftOut.test(line)) what.push(`line ${index + 1}: test left out`)
    })
    return what
  })
  assert.deepEqual(found, [])
})

test('S-TREE-06 files are named after one concept: no index files, no utils, kebab-case', () => {
  const found = code
    .map((file) => file.path)
    .filter((path) => {
      const parts = path.split('/')
      const name = (parts.at(-1) ?? '').replace(/\.[a-z]+$/, '')
      if (parts.some((part) => /^(utils?|helpers?)(\.|$)/.test(part)) || name === 'index') return true
      return !/^[a-z0-9]+([-_.][a-z0-9]+)*$/.test(name)
    })
  assert.deepEqual(found, [])
})

const settingName = /\bLOGKEEP_[A-Z][A-Z_]*[A-Z]\b/g

function settingsIn(...globs: readonly string[]): Set<string> {
  return new Set(readSources(...globs).flatMap((file) => file.text.match(settingName) ?? []))
}

/** A setting as the README's table shows it. */
function settingRow(setting: (typeof settings)[keyof typeof settings]): string {
  const shown = setting.default === '' ? ' ' : ` \`${setting.default}\` `
  return `| \`${setting.name}\` |${shown}| ${setting.bounds} | ${setting.description} |`
}

/** Members of `set` that `other` lacks. */
function without(set: ReadonlySet<string>, other: ReadonlySet<string>): string[] {
  return [...set].filter((name) => !other.has(name))
}

test('S-TREE-07 every setting is in .env.example and in the README, and nothing names a setting that does not exist', () => {
  const names = new Set<string>(Object.values(settings).map((setting) => setting.name))
  assert.deepEqual(without(names, settingsIn('.env.example')), [], 'settings missing in .env.example')
  const readme = readText('README.md').split('\n')
  assert.deepEqual(
    Object.values(settings)
      .map(settingRow)
      .filter((row) => !readme.includes(row)),
    [],
    'rows missing in the README',
  )
  const places = [
    '.env.example',
    'README.md',
    'Dockerfile',
    'deploy/**/*.yaml',
    'docs/**/*.md',
    'src/**/*.ts',
  ]
  assert.deepEqual(without(settingsIn(...places), names), [], 'names of settings that do not exist')
})

const specId = /\bS-[A-Z0-9]+-\d+\b/g

test('S-TREE-08 every statement of docs/spec.md is cited by the name of a test, and no test cites another', () => {
  const stated = readText('docs/spec.md').match(/^- \*\*S-[A-Z0-9]+-\d+\*\*/gm) ?? []
  const ids = stated.map((line) => line.slice('- **'.length, -'**'.length))
  assert.equal(new Set(ids).size, ids.length, 'every id is stated once')
  const cited = new Set(
    readSources('test/**/*.test.ts')
      .flatMap((file) => file.text.match(/['"`]((?:F\d+ )*S-[A-Z0-9]+-\d+[^'"`]*)/g) ?? [])
      .flatMap((name) => name.match(specId) ?? []),
  )
  assert.deepEqual(without(new Set(ids), cited), [], 'stated, but cited by no test')
  assert.deepEqual(without(cited, new Set(ids)), [], 'cited, but not stated')
})

const faultsCount = 122
const untestedMax = 10
const mutantsMin = 60
const faultRow = /^\| (F\d{2,3}) \| (.+) \| (.+?) \|$/gm

test('S-TREE-09 every fault has a row in docs/spec.md, and a test that begins with its id or a reason why not', () => {
  const rows = [...readText('docs/spec.md').matchAll(faultRow)].map(([, id = '', , where = '']) => ({
    id,
    where,
  }))
  const ids = Array.from({ length: faultsCount }, (_, index) => `F${String(index + 1).padStart(2, '0')}`)
  assert.deepEqual(
    rows.map(({ id }) => id),
    ids,
    'one row for each, in order',
  )
  const untested = rows.filter(({ where }) => where.startsWith('none: '))
  assert.ok(untested.length <= untestedMax, `${untested.length} faults have no test, at most ${untestedMax}`)
  const tests = new Map(
    readSources('test/faults/*.test.ts').map(({ path, text }) => [path, faultsTested(text)]),
  )
  const missing = rows.filter(
    ({ id, where }) => !untested.some((row) => row.id === id) && !tests.get(`test/faults/${where}`)?.has(id),
  )
  assert.deepEqual(missing, [], 'rows whose file has no test that begins with their id')
})

test('S-TREE-10 each mutant changes one line of src, and faults with tests are what it names', () => {
  assert.ok(mutants.length >= mutantsMin, `${mutants.length} mutants`)
  const misfits = mutants.map((mutant) => misfit(mutant, readText(`src/${mutant.file}`)))
  assert.deepEqual(
    misfits.filter((text) => text !== null),
    [],
  )
  const tested = new Set(readSources('test/faults/*.test.ts').flatMap(({ text }) => [...faultsTested(text)]))
  const named = mutants.flatMap(({ faults }) => faults)
  assert.deepEqual(
    named.filter((fault) => !tested.has(fault)),
    [],
  )
})

/** Ids that begin the names of a file's tests: several in one name, or from a table of `['F01', …]`. */
function faultsTested(text: string): Set<string> {
  const names = [...text.matchAll(/^ *test\(\s*['"`]((?:F\d{2,3} )+)/gm)]
  const tables = /^ *test\(\s*`\$\{/m.test(text) ? [...text.matchAll(/^ *\['(F\d{2,3})',/gm)] : []
  return new Set([...names, ...tables].flatMap(([, ids = '']) => ids.trim().split(' ')))
}
