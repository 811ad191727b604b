/** A page on the collector: whether all is well, the disk, and every file with its position. */

import { useEffect, useState } from 'preact/hooks'
import { type ApiError, toApiError } from '../api/client.ts'
import type { FileRow, FilesAnswer, Readiness } from '../api/contract.ts'
import { formatAge, formatBytes, formatCount } from '../model/amounts.ts'
import { byLabel, parseMetrics, sumOf } from '../model/metrics-text.ts'
import type { Store } from '../state/store.ts'
import { useStore } from './store-context.ts'

type Known = {
  readonly readiness: Readiness
  readonly files: FilesAnswer
  readonly metrics: ReadonlyMap<string, number>
}

const refreshMs = 5000
const filesMax = 1000
const msPerSecond = 1000

export function CollectorPage() {
  const store = useStore()
  const [known, setKnown] = useState<Known | null>(null)
  const [error, setError] = useState<ApiError | null>(null)
  useEffect(() => {
    let isLeft = false
    const ask = async (): Promise<void> => {
      try {
        const found = await askAll(store)
        if (isLeft) return
        setKnown(found)
        setError(null)
      } catch (caught) {
        if (!isLeft) setError(toApiError(caught))
      }
    }
    void ask()
    const timer = setInterval(() => void ask(), refreshMs)
    return () => {
      isLeft = true
      clearInterval(timer)
    }
  }, [])
  return (
    <main class="collector">
      <div class="collector-head">
        <h2>Collector and disk</h2>
        <button type="button" onClick={() => store.address.go({ view: 'logs' })}>
          Back to the lines
        </button>
      </div>
      {error !== null && (
        <p class="error-text" role="alert">
          {error.status === 0
            ? 'The server cannot be reached; it is tried again.'
            : `${error.message}: ${error.hint}`}
        </p>
      )}
      {known === null ? error === null && <p class="note">Loading …</p> : <Report known={known} />}
    </main>
  )
}

async function askAll({ client }: Store): Promise<Known> {
  const [readiness, files, metrics] = await Promise.all([
    client.readiness(),
    client.files(new URLSearchParams({ limit: String(filesMax) })),
    client.metrics(),
  ])
  return { readiness, files, metrics: parseMetrics(metrics) }
}

function Report({ known: { readiness, files, metrics } }: { readonly known: Known }) {
  const value = (name: string): number => sumOf(metrics, name) ?? 0
  const gaps = byLabel(metrics, 'logkeep_gaps_total', 'reason').filter(([, count]) => count > 0)
  const malformed = value('logkeep_malformed_lines_total')
  return (
    <>
      <section class={`readiness ${readiness.status}`} aria-label="State">
        <strong>{stateText[readiness.status]}</strong> on {readiness.node}
        {readiness.reasons.length > 0 && (
          <ul>
            {readiness.reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        )}
      </section>
      <div class="cards">
        <DiskCard metrics={metrics} />
        <section class="card">
          <h3>Reading</h3>
          <Fact name="files" value={formatCount(files.totals.files)} />
          <Fact name="not read yet" value={formatBytes(files.totals.lagBytes)} />
          <Fact name="longest wait" value={`${formatCount(Math.round(value('logkeep_lag_seconds')))} s`} />
          <Fact name="lines read since the start" value={formatCount(value('logkeep_read_lines_total'))} />
          <Fact name="rotations seen" value={formatCount(value('logkeep_rotations_total'))} />
        </section>
        <section class="card">
          <h3>Known losses since the start</h3>
          {gaps.length === 0 && malformed === 0 && <p class="note">None.</p>}
          {gaps.map(([reason, count]) => (
            <Fact key={reason} name={reason.replaceAll('_', ' ')} value={formatCount(count)} />
          ))}
          {malformed > 0 && <Fact name="malformed lines, kept whole" value={formatCount(malformed)} />}
        </section>
      </div>
      <Files files={files} />
    </>
  )
}

const stateText: Readonly<Record<Readiness['status'], string>> = {
  ready: 'All is well',
  degraded: 'Works, with trouble',
  unavailable: 'Queries cannot be answered',
}

function DiskCard({ metrics }: { readonly metrics: ReadonlyMap<string, number> }) {
  const value = (name: string): number => sumOf(metrics, name) ?? 0
  const used = value('logkeep_database_bytes') + value('logkeep_wal_bytes')
  const budget = value('logkeep_retention_size_bytes')
  const oldestSec = value('logkeep_oldest_arrival_timestamp_seconds')
  const ageMs = value('logkeep_retention_age_seconds') * msPerSecond
  const size = value('logkeep_disk_size_bytes')
  const available = value('logkeep_disk_available_bytes')
  return (
    <section class="card">
      <h3>Disk and retention</h3>
      <Fact name="stored" value={`${formatBytes(used)} of ${formatBytes(budget)}`} />
      <meter min={0} max={Math.max(budget, 1)} value={used} aria-label="Part of the budget that is used" />
      <Fact name="free on the disk" value={`${formatBytes(available)} of ${formatBytes(size)}`} />
      <Fact name="kept free" value={`${Math.round(value('logkeep_disk_free_min_ratio') * 100)} %`} />
      <Fact name="kept for" value={formatAge(ageMs)} />
      {oldestSec > 0 && (
        <Fact name="oldest arrived" value={`${formatAge(Date.now() - oldestSec * msPerSecond)} ago`} />
      )}
      <Fact
        name="deleted since the start"
        value={`${formatCount(value('logkeep_swept_lines_total'))} lines`}
      />
    </section>
  )
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <p class="fact">
      <span>{name}</span> <strong>{value}</strong>
    </p>
  )
}

function Files({ files }: { readonly files: FilesAnswer }) {
  const [typed, setTyped] = useState('')
  const problems = files.files.filter(({ error }) => error !== null)
  const shown = files.files.filter(({ path, state }) => `${path} ${state}`.includes(typed))
  return (
    <section aria-label="Files">
      <h3>
        Files under {files.root}
        {files.next !== null && ` (the first ${formatCount(files.files.length)})`}
      </h3>
      {files.rootError !== null && (
        <p class="error-text">
          {files.rootError.message}: {files.rootError.hint}
        </p>
      )}
      {problems.map(({ path, error }) => (
        <p key={path} class="error-text">
          {path}: {error?.message}. {error?.hint}
        </p>
      ))}
      <input
        type="search"
        aria-label="Narrow the files"
        placeholder="part of a path, or a state"
        value={typed}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
      />
      <div class="table-frame" tabIndex={0} role="region" aria-label="Table of files">
        <table class="files">
          <thead>
            <tr>
              <th scope="col">file</th>
              <th scope="col">state</th>
              <th scope="col">size</th>
              <th scope="col">read</th>
              <th scope="col">behind</th>
              <th scope="col">changed</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((file) => (
              <FileLine key={file.path} file={file} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function FileLine({ file }: { readonly file: FileRow }) {
  const { path, state, size, position, lagBytes, lagSec, modified } = file
  const behind = lagBytes === null || lagBytes === 0 ? '' : `${formatBytes(lagBytes)}, ${lagSec ?? '?'} s`
  return (
    <tr class={`state-${state}`}>
      <td class="path">{path}</td>
      <td>{state}</td>
      <td>{size === null ? '' : formatBytes(size)}</td>
      <td>{formatBytes(position)}</td>
      <td>{behind}</td>
      <td>{modified === null ? '' : `${formatAge(Date.now() - Date.parse(modified))} ago`}</td>
    </tr>
  )
}
