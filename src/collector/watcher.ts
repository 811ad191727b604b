/**
 * Hints that directories have come or gone, from chokidar over directories alone. Nothing depends on them:
 * scans find everything. Facts: inotify drops events silently when its queue is full, and crosses no 9p or
 * virtiofs mount.
 */

import { watch } from 'chokidar'
import type { Logger } from '../log.ts'

export type HintWatcher = { readonly close: () => Promise<void> }

/** Calls `hint` when a pod's or a container's folder was added or removed under the log root. */
export function createHintWatcher(logRoot: string, log: Logger, hint: () => void): HintWatcher {
  const watcher = watch(logRoot, {
    depth: 1,
    followSymlinks: false,
    atomic: false,
    ignoreInitial: true,
    // Files are polled: an event for each line would cost half a core.
    ignored: (_path, stats) => stats !== undefined && !stats.isDirectory(),
  })
  let hasWarned = false
  watcher.on('addDir', hint)
  watcher.on('unlinkDir', hint)
  watcher.on('error', (error) => {
    if (hasWarned) return
    // Scans tell of a log root that may not be read, and in one warning.
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return
    hasWarned = true
    const reason = error instanceof Error ? error.message : String(error)
    log.warn(
      'watch_refused',
      `Directories cannot be watched (${reason}); polling finds everything a little later.`,
    )
  })
  return { close: () => watcher.close() }
}
