/** Prints figures as a table, writes them as JSON, and compares them with those of an earlier run. */

import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import type { Figure } from './figures.ts'

export type Run = {
  readonly madeAt: string
  readonly machine: {
    readonly cpu: string
    readonly cores: number
    readonly memoryBytes: number
    readonly node: string
    readonly platform: string
    /** Of the last minute before the run: above zero means that others used the machine. */
    readonly loadBefore: number
    readonly loadAfter: number
  }
  readonly options: Readonly<Record<string, unknown>>
  readonly figures: readonly Figure[]
}

export function machineOf(loadBefore: number): Run['machine'] {
  const cpus = os.cpus()
  return {
    cpu: cpus[0]?.model ?? 'unknown',
    cores: cpus.length,
    memoryBytes: os.totalmem(),
    node: process.version,
    platform: `${os.platform()} ${os.release()}`,
    loadBefore,
    loadAfter: os.loadavg()[0] ?? 0,
  }
}

const headings = ['what', 'measured', 'goal', '', 'of the machine', 'note'] as const

/** `earlier`: figures by id, of the run to compare with. */
export function tableOf(figures: readonly Figure[], earlier: ReadonlyMap<string, number> | null): string {
  const rows = figures.map((figure) => rowOf(figure, earlier))
  const head: readonly string[] = earlier === null ? headings : [...headings, 'to earlier']
  const widths = head.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => (row[column] ?? '').length)),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === 1 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

function rowOf(figure: Figure, earlier: ReadonlyMap<string, number> | null): string[] {
  const { id, what, value, unit, goal, limit, note = '' } = figure
  const cells = [
    what,
    value === null ? '–' : `${format(value)} ${unit}`,
    goal?.text ?? '',
    goal === undefined || value === null ? '' : goal.isMet(value) ? 'met' : 'MISSED',
    limit === undefined || value === null
      ? ''
      : `${format((value / limit.value) * 100)} % of ${format(limit.value)} (${limit.what})`,
    note,
  ]
  if (earlier === null) return cells
  const before = earlier.get(id)
  return [
    ...cells,
    before === undefined || before === 0 || value === null ? '' : `${format(value / before)} x`,
  ]
}

/** Three significant digits; whole thousands in groups. */
export function format(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(3)))
}

/** Path of the file. */
export function writeRun(folder: string, run: Run): string {
  fs.mkdirSync(folder, { recursive: true })
  const file = path.join(folder, `${run.madeAt.replaceAll(':', '-').slice(0, 19)}.json`)
  fs.writeFileSync(file, `${JSON.stringify(run, null, 2)}\n`)
  return file
}

export function readFigures(file: string): Map<string, number> {
  const run = JSON.parse(fs.readFileSync(file, 'utf8')) as Run
  return new Map(run.figures.flatMap(({ id, value }) => (value === null ? [] : [[id, value]])))
}
