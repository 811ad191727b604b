/** Breakages of how Docker's lines are read, F71 to F76. */

import type { Mutant } from './mutant.ts'

export const dockerMutants: readonly Mutant[] = [
  {
    what: 'half a surrogate pair is written as it is',
    faults: ['F71'],
    file: 'collector/json-text.ts',
    from: 'character = isPair ? 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00) : replacement',
    to: 'character = isPair ? 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00) : unit',
  },
  {
    what: 'only small letters are digits of an escape',
    faults: ['F71'],
    file: 'collector/json-text.ts',
    from: 'const lower = byte | 0x20',
    to: 'const lower = byte',
  },
  {
    what: 'a line with more keys than three is none of Docker’s',
    faults: ['F72', 'F76'],
    file: 'collector/docker-json.ts',
    from: 'this.#hasForeignKey ||= !isText(bytes, keyStart, keyEnd, attrsKey)',
    to: 'return -1',
  },
  {
    what: 'brackets in attributes are not counted',
    faults: ['F72'],
    file: 'collector/json-text.ts',
    from: 'depth -= 1',
    to: 'depth = 0',
  },
  {
    what: 'a part without a line feed is a line',
    faults: ['F74'],
    file: 'collector/docker-json.ts',
    from: 'this.partial = !isOnlyLineFeed',
    to: 'this.partial = false',
  },
  {
    what: 'the sign of a lost character is left out',
    faults: ['F75'],
    file: 'collector/json-text.ts',
    from: 'length = writeCharacter(out, length, character)',
    to: 'if (character !== replacement) length = writeCharacter(out, length, character)',
  },
  {
    what: 'a read holds less than the longest line of Docker',
    faults: ['F76'],
    file: 'limits/collector.ts',
    from: 'readBytes: 256 * kibibyte,',
    to: 'readBytes: 64 * kibibyte,',
  },
]
