/** Lets a thread give way to the others of its process: on Linux each thread has a priority of its own. */

import fs from 'node:fs'
import os from 'node:os'

/**
 * Steps of `nice`: such a thread gets a tenth of a core where others want it, all of it where not. Reading
 * files, tails and latest lines go before scans.
 */
const niceness = 10
const nicenessMax = os.constants.priority.PRIORITY_LOW

/** Of the calling thread. Where that is not possible, it stays as it is. */
export function giveWay(): void {
  try {
    // `<process>/task/<thread>`
    const thread = Number(fs.readlinkSync('/proc/thread-self').split('/').at(-1))
    os.setPriority(thread, Math.min(nicenessMax, os.getPriority(thread) + niceness))
  } catch {
    // Not Linux, or not allowed: all threads are equal, and scans delay the rest.
  }
}
