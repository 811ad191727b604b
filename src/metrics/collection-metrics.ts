/** What the collector has read, committed and missed, from the counters that its thread reports. */

import type { Collector } from '../collector/contract.ts'
import {
  type MetricRegistry,
  type Series,
  seriesBy,
  setTotal,
  setTotals,
  setValue,
  setValues,
} from './registry.ts'

/** Not `namespace`: scrapers give that name to the namespace of the pod that they scrape. */
const namespaceLabel = 'log_namespace'

/** Returns what brings the metrics up to date. Counters begin at 0 again when the thread was restarted. */
export function createCollectionMetrics(
  registry: MetricRegistry,
  collector: Pick<Collector, 'status' | 'syncs' | 'deaths'>,
): () => void {
  const { counter, gauge } = registry
  const lines = counter('logkeep_read_lines_total', 'Lines read from log files.', [namespaceLabel])
  const bytes = counter('logkeep_read_bytes_total', 'Bytes of the lines read from log files.', [
    namespaceLabel,
  ])
  const files = gauge('logkeep_files', 'Log files that the collector knows.', ['state'])
  const lagBytes = gauge('logkeep_lag_bytes', 'Bytes in log files that are known and not read yet.')
  const lagSec = gauge('logkeep_lag_seconds', 'How long the file that waits longest has had unread bytes.')
  const malformed = counter(
    'logkeep_malformed_lines_total',
    'Lines that are no lines of a container runtime; they are kept whole.',
    ['reason'],
  )
  const gaps = counter('logkeep_gaps_total', 'Places where lines are known to be missing.', ['reason'])
  const rotations = counter('logkeep_rotations_total', 'Rotations of log files that were followed.')
  const commits = counter('logkeep_commits_total', 'Commits of lines and read positions.')
  const failures = counter('logkeep_commit_failures_total', 'Commits that failed; they are tried again.')
  const commitSec = counter('logkeep_commit_seconds_total', 'Time spent on commits.')
  const syncs = counter(
    'logkeep_syncs_total',
    'Times that everything unread was read and committed on demand.',
  )
  const incomplete = counter(
    'logkeep_syncs_incomplete_total',
    'Syncs that could not read or commit everything.',
  )
  const syncSec = counter('logkeep_sync_seconds_total', 'Time that syncs took.')
  const degraded = gauge('logkeep_degraded_reasons', 'Troubles of the collector that /readyz tells now.')
  const deaths = counter('logkeep_collector_deaths_total', "Times that the collector's thread has died.")
  return () => {
    const { counters, degraded: reasons } = collector.status()
    const byNamespace = (of: 'lines' | 'bytes'): Series[] =>
      counters.namespaces.map((each) => [{ [namespaceLabel]: each.namespace }, each[of]])
    setTotals(lines, byNamespace('lines'))
    setTotals(bytes, byNamespace('bytes'))
    setValues(files, seriesBy('state', counters.files))
    setValue(lagBytes, counters.lagBytes)
    setValue(lagSec, counters.lagSec)
    setTotals(malformed, seriesBy('reason', counters.malformed))
    setTotals(gaps, seriesBy('reason', counters.gaps))
    setTotal(rotations, counters.rotations)
    setTotal(commits, counters.commits)
    setTotal(failures, counters.commitFailures)
    setTotal(commitSec, counters.commitSec)
    const { runs, incomplete: notComplete, seconds } = collector.syncs()
    setTotal(syncs, runs)
    setTotal(incomplete, notComplete)
    setTotal(syncSec, seconds)
    setValue(degraded, reasons.length)
    setTotal(deaths, collector.deaths())
  }
}
