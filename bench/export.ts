/** Exports everything as ndjson and looks at the program's memory meanwhile. */

import * as fs from 'node:fs'
import type { Corpus } from './corpus.ts'
import { atLeast, atMost, type Figure, percentile } from './figures.ts'
import { type MeasuredProgram, since } from './program.ts'
import { rangeOfData } from './query-kinds.ts'
import { takeExport } from './take-export.ts'

const mega = 1e6
/** How often memory is looked at. */
const sampleMs = 50

/** `share`: newest part of the time range, 0 to 1. */
export async function exportFigures(
  program: MeasuredProgram,
  corpus: Corpus,
  share: number,
): Promise<Figure[]> {
  const { sinceSec, untilSec } = rangeOfData(corpus)
  const fromSec = Math.round(untilSec - share * (untilSec - sinceSec))
  const before = program.usage()
  const isPeakNew = forgetRssPeak(program.pid)
  const startedMs = performance.now()
  const rss: number[] = []
  let bytes = 0
  let sampledMs = 0
  await takeExport(`${program.base}/logs?format=ndjson&since=${fromSec}&until=${untilSec}`, (length) => {
    bytes += length
    const now = performance.now()
    if (now - sampledMs < sampleMs) return
    sampledMs = now
    rss.push((program.usage().rssBytes ?? Number.NaN) / mega)
  })
  const seconds = (performance.now() - startedMs) / 1000
  const after = program.usage()
  const quarter = Math.floor(rss.length / 4)
  const early = percentile(rss.slice(quarter, 2 * quarter), 0.5)
  const late = percentile(rss.slice(-quarter), 0.5)
  const megabytes = (value: number | null): number | null => (value === null ? null : value / mega)
  return [
    {
      id: 'export.MBps',
      what: `export of ${share * 100} % as ndjson, text of the lines`,
      value: (corpus.textBytes * share) / mega / seconds,
      unit: 'MB/s',
      goal: atLeast(100),
      note: `${(bytes / mega / seconds).toFixed(0)} MB/s of JSON, ${seconds.toFixed(1)} s`,
    },
    {
      id: 'export.cpu',
      what: 'processor time of the program for it',
      value: since(before.cpuSeconds, after.cpuSeconds),
      unit: 's',
    },
    { id: 'export.rssBefore', what: 'RSS before the export', value: megabytes(before.rssBytes), unit: 'MB' },
    {
      id: 'export.rssPeak',
      what: 'peak RSS during the export',
      value: megabytes(after.rssPeakBytes),
      unit: 'MB',
      goal: atMost(256),
      note: isPeakNew ? 'VmHWM, set back before' : 'VmHWM, since the start of the program',
    },
    { id: 'export.rssAfter', what: 'RSS after the export', value: megabytes(after.rssBytes), unit: 'MB' },
    {
      id: 'export.rssGrowth',
      what: 'RSS in the last quarter of the export, to that in the second',
      value: early === null || late === null || quarter === 0 ? null : late / early,
      unit: 'x',
      goal: atMost(1.1),
      note: `${rss.length} samples`,
    },
  ]
}

/** Sets the largest RSS so far to that of now; false where the system cannot. */
function forgetRssPeak(pid: number): boolean {
  try {
    fs.writeFileSync(`/proc/${pid}/clear_refs`, '5')
    return true
  } catch {
    return false
  }
}
