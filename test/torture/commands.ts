/** What may happen to log files and to who reads them, as random programs of commands for fast-check. */

import fc from 'fast-check'
import { type Format, oddTimeCount, type RecordSpec } from './records.ts'

/** Done to one container's files, also while the collector is down. `at`: which container. */
export type FileCommand = { readonly at: number } & (
  | { readonly type: 'write'; readonly records: readonly RecordSpec[] }
  /** Begins a record and writes `share` of it; the next record comes behind its rest. */
  | { readonly type: 'half'; readonly record: RecordSpec; readonly share: number }
  /** `isLate`: what was begun ends in the renamed file. `kept`: rotated files that stay. */
  | { readonly type: 'rotate'; readonly isLate: boolean; readonly kept: number }
  /** The kubelet dies on its way through a rotation. */
  | { readonly type: 'crash'; readonly stage: 'tmp' | 'twin' | 'renamed' }
  /** `isWatched`: the collector looks between the copy and the truncation. */
  | { readonly type: 'copytruncate'; readonly isWatched: boolean }
  /** `isSeen`: the collector has just looked. `hasHole`: the writer goes on where it was. */
  | { readonly type: 'truncate'; readonly isSeen: boolean; readonly hasHole: boolean }
  | { readonly type: 'delete' }
  | { readonly type: 'recreate'; readonly record: RecordSpec }
  | { readonly type: 'restart' }
  | { readonly type: 'removeOld' }
  | { readonly type: 'removeFolder' }
)

export type Command =
  | FileCommand
  /** One round of the collector's loop. `ms`: time that passes before it. */
  | { readonly type: 'step'; readonly ms: number }
  /** Everything there is, is looked at once; not stored. */
  | { readonly type: 'look' }
  /** The poll ends after its first turn. */
  | { readonly type: 'slice' }
  | { readonly type: 'commit' }
  /** Time passes, with rounds of the loop in it. */
  | { readonly type: 'pass'; readonly ms: number }
  /** The clock alone moves: the process was stopped, or its clock was set. */
  | { readonly type: 'jump'; readonly ms: number }
  | { readonly type: 'fail'; readonly isFailing: boolean }
  /** `inCommit`: behind the transaction, before the collector knows of it. */
  | { readonly type: 'kill'; readonly inCommit: boolean; readonly down: readonly FileCommand[] }

export type Setup = {
  readonly formats: readonly Format[]
  readonly lineBytesMax: number
  /** 0: as many as there are. */
  readonly openFilesMax: number
  /** First lines of files have odd times too: then nothing tells in which order the files were written. */
  readonly isWild: boolean
}

export type TortureProgram = { readonly setup: Setup; readonly commands: readonly Command[] }

/** Any byte but the line feed, and but those that mark ids. */
const anyByte = fc
  .integer({ min: 0, max: 255 })
  .map((code) => (code === 0x0a || code === 0x23 || code === 0x7e ? '.' : String.fromCharCode(code)))
const text = fc.oneof(
  { weight: 5, arbitrary: fc.string({ unit: fc.constantFrom('a', ' ', '{', '"', '\\'), maxLength: 30 }) },
  { weight: 3, arbitrary: fc.string({ unit: anyByte, maxLength: 20 }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '2026-11-22T10:11:12Z stderr P inner ',
      '{"log":"inner\\n","stream":"stderr","time":"2026-11-22T10:11:12Z"}',
      '\0\0\0',
      '\r',
      '\xef\xbb\xbf',
      '\xe2\x80\xa8',
      '\xff\xfe',
      '\x1b[31m',
    ),
  },
)
const pad = fc.oneof(
  { weight: 60, arbitrary: fc.constant(0) },
  { weight: 6, arbitrary: fc.integer({ min: 200, max: 2_500 }) },
  { weight: 1, arbitrary: fc.constantFrom(16_384, 40_000) },
)
/** Above one read; costs as much as all else in a program. */
const hugePad = fc.constantFrom(262_144, 300_000)
const oddTime = fc.option(fc.integer({ min: 0, max: oddTimeCount - 1 }), { freq: 6 })
const isStderr = fc.boolean()

function recordOf(shape: fc.Arbitrary<RecordSpec['shape']>, padding = pad): fc.Arbitrary<RecordSpec> {
  return fc.record({ shape, isStderr, text, pad: padding, oddTime })
}

const record = recordOf(
  fc.oneof(
    { weight: 10, arbitrary: fc.constant('line' as const) },
    { weight: 4, arbitrary: fc.constant('part' as const) },
    { weight: 1, arbitrary: fc.constant('raw' as const) },
    { weight: 1, arbitrary: fc.constant('empty' as const) },
  ),
)
const begun = recordOf(fc.constantFrom('line', 'part', 'raw'))
const hugeRecord = recordOf(fc.constantFrom('line', 'part'), hugePad)

const at = fc.constantFrom(0, 0, 0, 1, 1, 2)
const share = fc.integer({ min: 0, max: 100 })

function of(
  weight: number,
  type: Command['type'],
  fields: Record<string, fc.Arbitrary<unknown>> = {},
): { weight: number; arbitrary: fc.Arbitrary<Command> } {
  return {
    weight,
    arbitrary: fc.record({
      type: fc.constant(type),
      ...fields,
    }) as fc.Arbitrary<unknown> as fc.Arbitrary<Command>,
  }
}

const fileCommand = fc.oneof(
  of(220, 'write', { at, records: fc.array(record, { minLength: 1, maxLength: 12 }) }),
  of(1, 'write', { at, records: fc.array(hugeRecord, { minLength: 1, maxLength: 2 }) }),
  of(50, 'half', { at, record: begun, share }),
  of(80, 'rotate', { at, isLate: fc.boolean(), kept: fc.constantFrom(99, 99, 99, 3, 1) }),
  of(20, 'crash', { at, stage: fc.constantFrom('tmp', 'twin', 'renamed') }),
  of(20, 'copytruncate', { at, isWatched: fc.boolean() }),
  of(20, 'truncate', { at, isSeen: fc.constantFrom(true, true, true, false), hasHole: fc.boolean() }),
  of(12, 'delete', { at }),
  of(20, 'recreate', { at, record }),
  of(20, 'restart', { at }),
  of(15, 'removeOld', { at }),
  of(4, 'removeFolder', { at }),
) as fc.Arbitrary<FileCommand>

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 40, arbitrary: fileCommand },
  of(12, 'step', { ms: fc.constantFrom(0, 200, 1_100) }),
  of(4, 'look'),
  of(2, 'slice'),
  of(4, 'commit'),
  of(5, 'pass', { ms: fc.constantFrom(1_500, 5_000, 15_000) }),
  of(2, 'jump', { ms: fc.constantFrom(60_000, 3_600_000, -30_000, -1_800_000) }),
  of(2, 'fail', { isFailing: fc.boolean() }),
  of(7, 'kill', { inCommit: fc.boolean(), down: fc.array(fileCommand, { maxLength: 6 }) }),
)

const format = fc.constantFrom<Format>('containerd', 'containerd', 'conmon', 'docker')

export const tortureProgram: fc.Arbitrary<TortureProgram> = fc.record({
  setup: fc.record({
    formats: fc.tuple(format, format, format),
    lineBytesMax: fc.constantFrom(1024 * 1024, 1024 * 1024, 1_000),
    openFilesMax: fc.constantFrom(0, 0, 0, 0, 1, 3),
    isWild: fc.constantFrom(false, false, false, false, true),
  }),
  commands: fc.array(command, { maxLength: 28, size: 'max' }),
})
