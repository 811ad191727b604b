/** Counts, contexts, fields, lists and files of the real program, against the entries that /logs gives. */

import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Entry, getPage, type Params, toQuery, walk } from '../support/client.ts'
import { chooseSeed, createRandom, type Random } from '../support/random.ts'
import { createScene, waitForEntries } from '../support/scene.ts'
import { waitFor } from '../support/wait.ts'

type Bucket = { time: string; count: number; complete: boolean; counts: Record<string, number> }
type Histogram = {
  since: string
  until: string
  stepMs: number
  groups: { name: string; count: number }[]
  buckets: Bucket[]
  count: number
  complete: boolean
}
type Row = {
  namespace: string
  pod: string
  lines: number
  bytes: number
  firstTime: string
  lastTime: string
  present: boolean
}
type File = { path: string; size: number; position: number; lagBytes: number; state: string; error: unknown }

const hourMs = 3_600_000
const nanosPerMs = 1_000_000n
const levels = ['trace', 'debug', 'info', 'warn', 'error']

async function ask<T>(base: string, address: string, params: Params = {}): Promise<T> {
  const response = await fetch(`${base}${address}?${toQuery(params)}`)
  const body = await response.text()
  assert.equal(response.status, 200, `${address} ${JSON.stringify(params)}: ${body}`)
  return JSON.parse(body) as T
}

/**
 * Lines of three namespaces over the last two hours, in JSON, logfmt and plain; one container has restarted,
 * and some lines were lost while the program was down.
 */
async function startNode(t: TestContext, random: Random) {
  let time = BigInt(Date.now() - 2 * hourMs) * nanosPerMs
  const now = (): bigint => {
    time += BigInt(random.between(1, 8_000_000_000))
    return time
  }
  const scene = createScene(t, { now, seed: random.seed })
  const pods = ['shop api-1', 'shop api-2', 'kube-system dns-1', 'jobs import-1'].map((text) => {
    const [namespace = '', pod = ''] = text.split(' ')
    return scene.node.startPod({ namespace, pod, containers: ['main', 'side'] })
  })
  let lines = 0
  const write = (): void => {
    const container = random.pick(random.pick(pods).containers)
    const level = random.pick(levels)
    const texts = [
      JSON.stringify({ level, n: lines % 7, http: { path: `/${lines % 3}` } }),
      `level=${level} n=${lines % 7}`,
    ]
    container.write(
      random.pick(['stdout', 'stderr'] as const),
      random.pick([...texts, `plain line ${lines}`]),
    )
    lines += 1
  }
  for (let index = 0; index < 600; index += 1) write()
  const first = await scene.start()
  await waitForEntries(first.base, lines)
  await first.kill('SIGKILL')
  const lossy = pods[0]?.container('main')
  for (let round = 0; round < 7; round += 1) {
    lossy?.write('stdout', `round ${round}`)
    lossy?.rotate()
  }
  pods[1]?.container('side').restart()
  for (let index = 0; index < 600; index += 1) write()
  const { base } = await scene.start()
  // Of seven rotated files four are kept, and a gap stands for the others.
  await waitForEntries(base, lines + 4 + 1)
  const { entries } = await walk(base, { direction: 'forward', limit: 5000 })
  return { base, entries, scene, pods }
}

function randomFilter(random: Random): Params {
  const filters: Params[] = [
    {},
    { namespace: random.pick(['shop', 'kube-*', '*']) },
    { pod: ['api-?', 'dns-1'] },
    { container: random.pick(['main', 'side']), stream: random.pick(['stdout', 'stderr']) },
    { level: random.pick(['error', 'warn+', 'info,debug', 'unknown']) },
    { q: random.pick(['plain', '!plain', '/n=[1-3]/', 'LINE']), ignoreCase: 'true' },
    { restart: random.pick(['0', '1']) },
  ]
  return { ...random.pick(filters), ...random.pick(filters) }
}

/** Milliseconds since 1970, those below a millisecond cut. */
function msOf(time: string): number {
  return Date.parse(`${time.slice(0, 23)}Z`)
}

function groupOf(entry: Entry, by: string): string {
  return String(entry[by as keyof Entry])
}

test('S-API-20 a histogram has the entries of /logs, by each group, for any filters, range and width', async (t) => {
  const random = createRandom(chooseSeed())
  t.diagnostic(`seed ${random.seed}`)
  const { base, entries } = await startNode(t, random)
  let empty = 0
  for (let round = 0; round < 60; round += 1) {
    const filters = randomFilter(random)
    const ends = random.chance(0.5) ? [] : [random.pick(entries).time, random.pick(entries).time].toSorted()
    const range: Params =
      ends.length > 0 && ends[0] !== ends[1] ? { since: ends[0] ?? '', until: ends[1] ?? '' } : {}
    const width: Params = random.pick([
      {},
      { buckets: random.between(1, 100) },
      { step: random.pick(['1m', '7m', '1h30m']) },
    ])
    const by = random.pick(['level', 'namespace', 'pod', 'container', 'node', 'stream', ''])
    const asked = { ...filters, ...range, ...width, ...(by === '' ? {} : { by }) }
    const what = `seed ${random.seed}: ${JSON.stringify(asked)}`
    const histogram = await ask<Histogram>(base, '/logs/histogram', asked)
    const { since, until, stepMs, buckets } = histogram
    const found = (await walk(base, { ...filters, since, until, gaps: 'false', limit: 5000 })).entries
    assert.equal(histogram.count, found.length, what)
    assert.equal(histogram.complete, true)
    if (range['since'] === undefined) {
      assert.equal(
        found.length,
        (await walk(base, { ...filters, gaps: 'false', limit: 5000 })).entries.length,
        what,
      )
    }
    assert.ok(width['buckets'] === undefined || buckets.length <= Number(width['buckets']), what)
    const first = Math.floor(msOf(since) / stepMs)
    const expected = new Map<number, Bucket>()
    buckets.forEach(({ time }, index) => {
      assert.equal(
        msOf(time),
        (first + index) * stepMs,
        `${what}: buckets lie side by side at multiples of their width`,
      )
      expected.set(first + index, { time, count: 0, complete: true, counts: {} })
    })
    for (const entry of found) {
      const bucket = expected.get(Math.floor(msOf(entry.time) / stepMs))
      assert.ok(bucket, `${what}: a bucket for ${entry.time}`)
      bucket.count += 1
      if (by !== '') bucket.counts[groupOf(entry, by)] = (bucket.counts[groupOf(entry, by)] ?? 0) + 1
    }
    assert.deepEqual(buckets, [...expected.values()], what)
    const totals = Object.groupBy(by === '' ? [] : found, (entry) => groupOf(entry, by))
    const groups = Object.entries(totals).map(([name, own = []]) => ({ name, count: own.length }))
    const order = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1)
    assert.deepEqual(histogram.groups.toSorted(order), groups.toSorted(order), what)
    assert.ok((first + buckets.length) * stepMs >= msOf(until), `${what}: they reach to the end of the range`)
    empty += buckets.filter(({ count }) => count === 0).length
  }
  assert.ok(empty > 0, 'buckets without lines are among them')
})

test('S-API-21 a context has the neighbours that /logs gives, in its stream, pod or namespace, with or without filters', async (t) => {
  const random = createRandom(chooseSeed())
  t.diagnostic(`seed ${random.seed}`)
  const { base, entries } = await startNode(t, random)
  const scopes: Readonly<Record<string, readonly (keyof Entry)[]>> = {
    stream: ['namespace', 'pod', 'podUid', 'container', 'restart'],
    pod: ['namespace', 'pod', 'podUid'],
    namespace: ['namespace'],
  }
  const plain = ({ cursor: _cursor, ...rest }: Entry) => rest
  for (let round = 0; round < 60; round += 1) {
    const middle = random.pick(entries)
    const scope = random.pick(Object.keys(scopes))
    const filters: Params = random.pick([
      {},
      { level: 'error' },
      { q: 'plain' },
      { stream: 'stderr', gaps: 'false' },
    ])
    const [before, after] = [random.between(0, 15), random.between(0, 15)]
    const what = `seed ${random.seed}: ${JSON.stringify({ scope, filters, before, after, cursor: middle.cursor })}`
    const matching = (await walk(base, { ...filters, direction: 'forward', limit: 5000 })).entries
    const isInScope = (entry: Entry): boolean =>
      (scopes[scope] ?? []).every((label) => entry[label] === middle[label])
    const places = new Map(entries.map((entry, index) => [JSON.stringify(plain(entry)), index]))
    const placeOf = (entry: Entry): number => places.get(JSON.stringify(plain(entry))) ?? Number.NaN
    const around = matching.filter(isInScope)
    const earlier = around.filter((entry) => placeOf(entry) < placeOf(middle))
    const later = around.filter((entry) => placeOf(entry) > placeOf(middle))
    const page = await ask<{ entries: Entry[]; target: number; moreBefore: boolean; moreAfter: boolean }>(
      base,
      '/logs/context',
      { cursor: middle.cursor, scope, before, after, ...filters },
    )
    const chosen = [...earlier.slice(Math.max(0, earlier.length - before)), middle, ...later.slice(0, after)]
    assert.deepEqual(page.entries.map(plain), chosen.map(plain), what)
    assert.equal(page.target, Math.min(before, earlier.length), what)
    assert.deepEqual([page.moreBefore, page.moreAfter], [earlier.length > before, later.length > after], what)
  }
  const { cursor } = random.pick(entries)
  const response = await fetch(
    `${base}/logs/context?${toQuery({ cursor, format: 'text', before: 2, after: 2, scope: 'namespace' })}`,
  )
  const lines = (await response.text()).trimEnd().split('\n')
  assert.ok(lines.length >= 3 && lines.every((line) => /^\[pod\/[^ ]+\] \d{4}-/.test(line)))
  assert.match(response.headers.get('x-logkeep-target') ?? '', /^[0-2]$/)
  await getPage(base, { cursor })
})

test('S-API-22 fields and their values are those of the newest matching lines, and the sample is told', async (t) => {
  const random = createRandom(chooseSeed())
  t.diagnostic(`seed ${random.seed}`)
  const { base, entries } = await startNode(t, random)
  const sample = 100
  const newest = (await getPage(base, { q: '{', limit: sample, gaps: 'false' })).entries
  const objects = newest.map(
    ({ line }) => JSON.parse(line) as { level: string; n: number; http: { path: string } },
  )
  type Fields = {
    fields: { name: string; types: object; count: number }[]
    more: number
    sample: Record<string, unknown>
  }
  const answer = await ask<Fields>(base, '/logs/fields', { q: '{', sample })
  assert.deepEqual(answer.fields, [
    { name: 'http.path', types: { string: objects.length }, count: objects.length },
    { name: 'level', types: { string: objects.length }, count: objects.length },
    { name: 'n', types: { number: objects.length }, count: objects.length },
  ])
  assert.deepEqual(answer.sample, {
    limit: sample,
    lines: newest.length,
    withFields: newest.length,
    since: newest.at(-1)?.time,
    until: newest[0]?.time,
  })
  type Values = { name: string; values: { value: string; type: string; count: number }[]; missing: number }
  for (const [name, of] of [
    ['level', (object: (typeof objects)[number]) => object.level],
    ['http.path', (object: (typeof objects)[number]) => object.http.path],
  ] as const) {
    const found = await ask<Values>(base, `/logs/fields/${name}/values`, { q: '{', sample })
    const counted = Object.entries(Object.groupBy(objects, of)).map(([value, own = []]) => ({
      value,
      type: 'string',
      count: own.length,
    }))
    const order = (a: { value: string; count: number }, b: typeof a): number =>
      b.count - a.count || (a.value < b.value ? -1 : 1)
    assert.deepEqual(found.values, counted.toSorted(order))
    assert.deepEqual([found.name, found.missing], [name, 0])
  }
  const limited = await ask<Fields>(base, '/logs/fields', { limit: 1, sample: 5000 })
  assert.deepEqual([limited.fields.length, limited.more], [1, 2])
  assert.equal(limited.sample['lines'], entries.filter(({ kind }) => kind === 'line').length)
})

test('S-API-23 lists count the lines of /logs, in pages, by filters; a broken clock spoils no times', async (t) => {
  const random = createRandom(chooseSeed())
  t.diagnostic(`seed ${random.seed}`)
  const { base, entries, scene, pods } = await startNode(t, random)
  pods.pop()?.delete()
  await waitFor('the pod to be gone', async () => {
    const answer = await ask<{ pods: Row[] }>(base, '/pods', { namespace: 'jobs' })
    return answer.pods[0]?.present === false
  })
  const lines = entries.filter(({ kind }) => kind === 'line')
  const labels = {
    namespaces: ['namespace'],
    pods: ['namespace', 'pod', 'podUid'],
    containers: ['namespace', 'pod', 'podUid', 'container'],
    streams: ['namespace', 'pod', 'podUid', 'container', 'restart'],
  } as const
  for (const [list, names] of Object.entries(labels)) {
    const keyOf = (row: object): string =>
      names.map((name) => (row as Record<string, unknown>)[name]).join('/')
    const all = (await ask<Record<string, Row[]>>(base, `/${list}`))[list] ?? []
    const groups = new Map(Object.entries(Object.groupBy(lines, keyOf)))
    assert.deepEqual(all.map(keyOf).toSorted(), [...groups.keys()].toSorted(), list)
    for (const row of all) {
      const own = groups.get(keyOf(row)) ?? []
      const times = own.map(({ time }) => time).toSorted()
      const bytes = own.reduce((sum, { line }) => sum + Buffer.byteLength(line), 0)
      const found = [row.lines, row.bytes, row.firstTime, row.lastTime, row.present]
      assert.deepEqual(
        found,
        [own.length, bytes, times[0], times.at(-1), row.namespace !== 'jobs'],
        `${list} ${keyOf(row)}`,
      )
    }
    const paged: Row[] = []
    let cursor: Params = {}
    for (let pages = 0; pages <= all.length; pages += 1) {
      const page = await ask<Record<string, Row[]> & { next: string | null }>(base, `/${list}`, {
        limit: 1,
        ...cursor,
      })
      paged.push(...(page[list] ?? []))
      if (page.next === null) break
      cursor = { cursor: page.next }
    }
    assert.deepEqual(paged, all, `${list} in pages`)
    const chosen = await ask<Record<string, Row[]>>(base, `/${list}`, { namespace: 'kube-*', pod: 'dns-?' })
    assert.deepEqual(
      chosen[list],
      all.filter(({ namespace }) => namespace === 'kube-system'),
    )
  }
  const container = scene.node
    .startPod({ namespace: 'clocks', pod: 'late-1', containers: ['main'] })
    .container('main')
  container.write('stdout', 'from far ahead', { time: BigInt(Date.UTC(2999, 0, 1)) * nanosPerMs })
  container.write('stdout', 'from the beginning', { time: 0n })
  container.write('stdout', 'now')
  const row = await waitFor('the lines', async () => {
    const { streams } = await ask<{ streams: Row[] }>(base, '/streams', { namespace: 'clocks' })
    return streams[0]?.lines === 3 ? streams[0] : null
  })
  const { entries: right } = await getPage(base, { namespace: 'clocks', q: 'now' })
  assert.deepEqual([row.firstTime, row.lastTime], [right[0]?.time, right[0]?.time])
})

test('S-API-24 files are those of the node, with sizes and positions, as JSON and as a tree', async (t) => {
  const random = createRandom(chooseSeed())
  const { base, scene } = await startNode(t, random)
  const root = scene.node.podsRoot
  const onDisk = fs.globSync('**/*', { cwd: root, withFileTypes: true }).filter((file) => file.isFile())
  const expected = onDisk.map((file) => path.relative(root, path.join(file.parentPath, file.name))).toSorted()
  const all = await waitFor('everything to be read', async () => {
    const answer = await ask<{ root: string; files: File[]; totals: Record<string, number> }>(base, '/files')
    return answer.totals['lagBytes'] === 0 && answer.files.every(({ state }) => state !== 'waiting')
      ? answer
      : null
  })
  assert.equal(all.root, root)
  assert.deepEqual(all.files.map((file) => file.path).toSorted(), expected)
  for (const file of all.files) {
    const { size } = fs.statSync(path.join(root, file.path))
    assert.equal(file.size, size, file.path)
    if (file.path.endsWith('.log')) assert.deepEqual([file.position, file.lagBytes], [size, 0], file.path)
    // The instance before the restart is over.
    const isLive = file.path.endsWith('.log') && !file.path.includes('api-2') ? ['live'] : ['live', 'done']
    assert.ok(isLive.includes(file.state), `${file.path} is ${file.state}`)
  }
  assert.equal(all.totals['files'], expected.length)
  const live = await ask<{ files: File[] }>(base, '/files', { state: 'live', namespace: 'shop' })
  assert.ok(
    live.files.length > 0 &&
      live.files.every(({ state, path: at }) => state === 'live' && at.startsWith('shop_')),
  )
  const paged: string[] = []
  let cursor: Params = {}
  for (let pages = 0; pages <= expected.length; pages += 1) {
    const page = await ask<{ files: File[]; next: string | null }>(base, '/files', { limit: 2, ...cursor })
    paged.push(...page.files.map((file) => file.path))
    if (page.next === null) break
    cursor = { cursor: page.next }
  }
  assert.deepEqual(
    paged,
    all.files.map((file) => file.path),
  )
  const tree = (await (await fetch(`${base}/files?format=text`)).text()).trimEnd().split('\n')
  assert.equal(tree[0], `${root}/`)
  for (const line of tree.slice(1)) assert.match(line, /^(?: {2}[^ ]+\/| {4}[^ ]+\/| {6}[^ /]+ .*)$/)
  assert.equal(tree.filter((line) => /^ {6}\S/.test(line)).length, expected.length)
})

test('S-API-25 gaps come with their stream and range whatever text and level ask, count for limit and in no count', async (t) => {
  const random = createRandom(chooseSeed())
  const { base, entries } = await startNode(t, random)
  const gap = entries.find(({ kind }) => kind === 'gap') as Entry
  const stream: Params = { pod: gap.pod, container: gap.container, limit: 5000 }
  const isThere = async (params: Params): Promise<boolean> =>
    (await getPage(base, { ...stream, ...params })).entries.some(({ kind }) => kind === 'gap')
  for (const params of [
    {},
    { level: 'fatal' },
    { q: 'no line has this' },
    { q: '!a' },
    { since: gap.time },
  ]) {
    assert.equal(await isThere(params), true, JSON.stringify(params))
  }
  const others: Params[] = [{ gaps: 'false' }, { until: gap.time }, { pod: 'dns-1' }, { restart: '9' }]
  for (const params of others) assert.equal(await isThere(params), false, JSON.stringify(params))
  const [only, ...further] = (await getPage(base, { ...stream, level: 'fatal', limit: 1 })).entries
  assert.deepEqual([only?.kind, further.length], ['gap', 0])
  const lines = entries.filter(({ kind }) => kind === 'line').length
  assert.equal((await ask<Histogram>(base, '/logs/histogram')).count, lines)
  const { namespaces } = await ask<{ namespaces: Row[] }>(base, '/namespaces')
  assert.equal(
    namespaces.reduce((sum, row) => sum + row.lines, 0),
    lines,
  )
})
