/** Reads a backlog through the real program: from its start until the last line is visible over HTTP. */

import type { Corpus } from './corpus.ts'
import { atLeast, atMost, type Figure } from './figures.ts'
import type { MachineLimits } from './limits.ts'
import { type MeasuredOptions, type MeasuredProgram, startMeasured } from './program.ts'
import { untilRead, untilVisible } from './visible.ts'

const ingestMsMax = 15 * 60_000
const settleMsMax = 30_000
const mega = 1e6

export type IngestResult = {
  /** Still running. */
  readonly program: MeasuredProgram
  readonly seconds: number
  readonly cpuSeconds: number | null
  /** Includes what the program did in the background until it was idle. */
  readonly cpuSecondsSettled: number | null
  readonly writtenBytes: number | null
  readonly rssPeakBytes: number | null
  readonly rssSettledBytes: number | null
}

export async function ingest(
  corpus: Corpus,
  dataDir: string,
  profileDir: string | null,
  options: Pick<MeasuredOptions, 'file' | 'settings'> = {},
): Promise<IngestResult> {
  const startedMs = performance.now()
  const program = await startMeasured({ ...options, logRoot: corpus.root, dataDir, profileDir })
  await untilRead(program, corpus.bytes)
  await untilVisible(program, { lines: corpus.lines, endMs: startedMs + ingestMsMax })
  const seconds = (performance.now() - startedMs) / 1000
  const { cpuSeconds } = program.usage()
  await program.settle(settleMsMax)
  const settled = program.usage()
  return {
    program,
    seconds,
    cpuSeconds,
    cpuSecondsSettled: settled.cpuSeconds,
    writtenBytes: settled.writtenBytes,
    rssPeakBytes: settled.rssPeakBytes,
    rssSettledBytes: settled.rssBytes,
  }
}

export function ingestFigures(result: IngestResult, corpus: Corpus, limits: MachineLimits | null): Figure[] {
  const { seconds, cpuSeconds, cpuSecondsSettled, writtenBytes, rssPeakBytes, rssSettledBytes } = result
  const perGB = (value: number | null): number | null =>
    value === null ? null : (value / corpus.bytes) * 1e9
  const megabytes = (bytes: number | null): number | null => (bytes === null ? null : bytes / mega)
  const zstdMBps = limits === null ? null : corpus.bytes / mega / limits.zstd.seconds
  return [
    {
      id: 'ingest.linesPerSec',
      what: 'ingest of a backlog',
      value: corpus.lines / seconds,
      unit: 'lines/s',
      goal: atLeast(500_000),
      note: `${seconds.toFixed(2)} s from the start of the program`,
    },
    {
      id: 'ingest.MBps',
      what: 'ingest of a backlog',
      value: corpus.bytes / mega / seconds,
      unit: 'MB/s',
      goal: atLeast(80),
      ...(zstdMBps === null ? {} : { limit: { value: zstdMBps, what: 'zstd -1 of the files' } }),
    },
    {
      id: 'ingest.toZstd',
      what: 'ingest / zstd -1, wall time',
      value: limits === null ? null : seconds / limits.zstd.seconds,
      unit: 'x',
      goal: atMost(3),
    },
    {
      id: 'ingest.cpuSecondsPerGB',
      what: 'ingest, CPU until visible',
      value: perGB(cpuSeconds),
      unit: 's/GB',
      ...(limits === null
        ? {}
        : { limit: { value: limits.zstd.cpuSecondsPerGB, what: 'zstd -1, reading included' } }),
    },
    {
      id: 'ingest.cpuSecondsPerGBSettled',
      what: 'ingest, CPU until idle again',
      value: perGB(cpuSecondsSettled),
      unit: 's/GB',
    },
    {
      id: 'ingest.writtenPerByte',
      what: 'ingest, bytes written to disk per byte read',
      value: writtenBytes === null ? null : writtenBytes / corpus.bytes,
      unit: 'x',
      goal: atMost(2),
    },
    {
      id: 'ingest.rssPeak',
      what: 'ingest, peak RSS',
      value: megabytes(rssPeakBytes),
      unit: 'MB',
      goal: atMost(256),
    },
    {
      id: 'ingest.rssSettled',
      what: 'RSS when idle after ingest',
      value: megabytes(rssSettledBytes),
      unit: 'MB',
    },
    {
      id: 'ingest.startMs',
      what: 'start with an empty database, until ready',
      value: result.program.startMs,
      unit: 'ms',
    },
  ]
}
