/** Breakages of what the names of folders, files and links say, F93 to F100. */

import type { Mutant } from './mutant.ts'

export const namingMutants: readonly Mutant[] = [
  {
    what: 'the name of a pod ends at its first dot',
    faults: ['F93'],
    file: 'collector/pod-path.ts',
    from: 'pod: name.slice(first + 1, last),',
    to: "pod: name.slice(first + 1, last).split('.')[0],",
  },
  {
    what: 'links to pod folders are read by their own names',
    faults: ['F94'],
    file: 'collector/discovery.ts',
    from: 'if (parseInstanceFile(path.basename(target)) === null) return null',
    to: 'if (parseInstanceFile(path.basename(target)) !== null) return null',
  },
  {
    what: 'the uid of a pod has to be a UUID',
    faults: ['F95'],
    file: 'collector/pod-path.ts',
    from: 'last === name.length - 1) return null',
    to: "!name.includes('-', last)) return null",
  },
  {
    what: 'instances are ordered as texts',
    faults: ['F98'],
    file: 'collector/container.ts',
    from: 'const newest = Math.max(-1, ...files.keys())',
    to: 'const newest = Number([...files.keys()].map(String).toSorted().at(-1) ?? -1)',
  },
  {
    what: 'numbers with leading zeros are restarts',
    faults: ['F98'],
    file: 'collector/pod-path.ts',
    from: '/^(0|[1-9]\\d{0,8})\\.log(',
    to: '/^(\\d{1,9})\\.log(',
  },
  {
    what: 'streams are told apart without the uid of their pod',
    faults: ['F99'],
    file: 'collector/population.ts',
    from: 'writer.resolveStream({ ...labels, restart, node: options.nodeName })',
    to: "writer.resolveStream({ ...labels, podUid: '', restart, node: options.nodeName })",
  },
  {
    what: 'of a pod the first container is read',
    faults: ['F100'],
    file: 'collector/discovery.ts',
    from: 'for (const container of containers ?? []) {',
    to: 'for (const container of containers?.slice(0, 1) ?? []) {',
  },
]
