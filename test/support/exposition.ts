/**
 * Reads Prometheus' text format as its documentation describes it (version 0.0.4), strictly, and without
 * anything of the library that writes it.
 */

import assert from 'node:assert/strict'

export type Sample = {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export type Family = {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly samples: Sample[]
}

export type Exposition = ReadonlyMap<string, Family>

const types = ['counter', 'gauge', 'histogram', 'summary', 'untyped']
const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/s
const labelPair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(,|$)/sy

/** Throws an assertion with the line where the text is not in the format. */
export function parseExposition(text: string): Exposition {
  assert.ok(text.endsWith('\n'), 'the last line ends in a line feed')
  const families = new Map<string, Family>()
  let open = null as { name: string; help: string; family: Family | null } | null
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? []
    if (keyword === 'HELP') {
      assert.ok(!families.has(name), `${name} is described once`)
      open = { name, help: rest.replace(/\\(\\|n)/g, unescaped), family: null }
    } else if (keyword === 'TYPE') {
      assert.ok(open?.name === name && open.family === null, `HELP stands before ${line}`)
      assert.ok(types.includes(rest), line)
      open.family = { name, help: open.help, type: rest, samples: [] }
      families.set(name, open.family)
    } else if (!line.startsWith('#')) {
      const sample = parseSample(line)
      assert.ok(open?.family, `TYPE stands before ${line}`)
      assert.equal(familyName(sample.name, open.family), open.name, 'the samples of a metric stand together')
      open.family.samples.push(sample)
    }
  }
  for (const family of families.values()) checkFamily(family)
  return families
}

/** The value of one series; undefined where there is none. */
export function valueOf(
  families: Exposition,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''))
  return family?.samples.find((sample) => sample.name === name && isSame(sample.labels, labels))?.value
}

/** The values of a metric with one label, by the label's value. */
export function valuesBy(families: Exposition, name: string, label: string): Record<string, number> {
  const samples = families.get(name)?.samples ?? []
  return Object.fromEntries(samples.map((sample) => [sample.labels[label] ?? '', sample.value]))
}

function parseSample(line: string): Sample {
  const [, name, pairs = '', value = ''] = sampleLine.exec(line) ?? []
  assert.ok(name, `a sample: ${line}`)
  const labels: Record<string, string> = {}
  labelPair.lastIndex = 0
  while (labelPair.lastIndex < pairs.length) {
    const [, label, escaped] = labelPair.exec(pairs) ?? []
    assert.ok(label !== undefined && escaped !== undefined, `labels: ${line}`)
    assert.ok(!Object.hasOwn(labels, label), `a label stands once: ${line}`)
    labels[label] = escaped.replace(/\\(["\\n])/g, unescaped)
  }
  assert.match(value, /^([+-]?Inf|NaN|[+-]?\d+(\.\d+)?(e[+-]?\d+)?)$/, line)
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) }
}

function unescaped(_match: string, character: string): string {
  return character === 'n' ? '\n' : character
}

function familyName(sample: string, { name, type }: Family): string {
  const suffixes = type === 'histogram' ? /_(bucket|sum|count)$/ : type === 'summary' ? /_(sum|count)$/ : null
  return suffixes === null || sample === name ? sample : sample.replace(suffixes, '')
}

function checkFamily({ name, type, samples }: Family): void {
  const keys = samples.map((sample) =>
    JSON.stringify([sample.name, Object.entries(sample.labels).toSorted(([a], [b]) => (a < b ? -1 : 1))]),
  )
  assert.equal(new Set(keys).size, keys.length, `each series of ${name} stands once`)
  if (type === 'counter') for (const { value } of samples) assert.ok(value >= 0, name)
  if (type !== 'histogram') return
  for (const count of samples.filter((sample) => sample.name === `${name}_count`)) {
    const buckets = samples
      .filter(({ labels: { le, ...rest } }) => le !== undefined && isSame(rest, count.labels))
      .map((sample) => ({ le: Number(sample.labels['le']?.replace('Inf', 'Infinity')), value: sample.value }))
    assert.deepEqual(
      buckets,
      buckets.toSorted((a, b) => a.le - b.le || a.value - b.value),
      `buckets of ${name} ascend`,
    )
    assert.deepEqual(buckets.at(-1), { le: Number.POSITIVE_INFINITY, value: count.value }, name)
  }
}

function isSame(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}
