/** The labels under which LogQL knows stored lines: those of the stream, and the level as metadata. */

import type { Labels } from '../../logql/stages/line-state.ts'
import { type Iostream, iostreamNames, levelNames } from '../../model/entry.ts'
import type { StreamRecord } from '../../store/stream-cache.ts'

/** Metadata of every line: what the detector of levels has found. */
export const levelLabel = 'detected_level'

/** Names of stream labels, sorted. `service_name` is the container, `stream` stdout or stderr. */
export const streamLabelNames = [
  'container',
  'namespace',
  'node',
  'pod',
  'restart',
  'service_name',
  'stream',
] as const

export type EntryLabels = {
  /** The same map for the same stream and iostream, as long as the stream's record lives. */
  readonly ofStream: (stream: StreamRecord, iostream: Iostream) => Labels
  /** By level code. */
  readonly metadata: readonly Labels[]
}

export function createEntryLabels(): EntryLabels {
  const known = new WeakMap<StreamRecord, [Labels, Labels]>()
  return {
    ofStream: (stream, iostream) => {
      const present = known.get(stream)
      if (present !== undefined) return present[iostream]
      const made: [Labels, Labels] = [labelsOf(stream, 0), labelsOf(stream, 1)]
      known.set(stream, made)
      return made[iostream]
    },
    metadata: levelNames.map((name) => new Map([[levelLabel, name]])),
  }
}

function labelsOf({ labels }: StreamRecord, iostream: Iostream): Labels {
  const { container, namespace, node, pod, restart } = labels
  return new Map([
    ['container', container],
    ['namespace', namespace],
    ['node', node],
    ['pod', pod],
    ['restart', String(restart)],
    ['service_name', container],
    ['stream', iostreamNames[iostream]],
  ])
}
