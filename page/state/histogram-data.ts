/** The histogram's counts: shown part by part as they come, the old ones until then. */

import { type Signal, signal } from '@preact/signals'
import { type ApiError, type Client, toApiError } from '../api/client.ts'
import type { HistogramAnswer } from '../api/contract.ts'
import { type Histogram, layTogether, partsOf, stepFor, stepText } from '../model/buckets.ts'
import { withParameters, withRange } from '../model/query-parameters.ts'
import { pageLimits } from './limits.ts'
import type { Question } from './line-window.ts'

export type HistogramData = {
  readonly histogram: Signal<Histogram | null>
  readonly loading: Signal<boolean>
  readonly error: Signal<ApiError | null>
  readonly warnings: Signal<readonly string[]>
  /** A question that is asked while another is answered takes its place. */
  readonly load: (question: Question) => Promise<void>
}

export function createHistogramData(client: Client): HistogramData {
  const histogram = signal<Histogram | null>(null)
  const loading = signal(false)
  const error = signal<ApiError | null>(null)
  const warnings = signal<readonly string[]>([])
  let abort = new AbortController()

  async function load({ filters, range }: Question): Promise<void> {
    abort.abort()
    abort = new AbortController()
    const { signal } = abort
    const { sinceMs } = range
    const untilMs = range.untilMs ?? Date.now()
    const stepMs = stepFor(untilMs - sinceMs, pageLimits.bucketsMax)
    const scans = filters.has('q') || filters.has('query')
    const parts = scans
      ? partsOf(sinceMs, untilMs, stepMs, pageLimits.histogramParts)
      : [{ sinceMs, untilMs }]
    loading.value = true
    try {
      const answers: HistogramAnswer[] = []
      for (const part of parts) {
        const query = withParameters(withRange(filters, part), { by: 'level', step: stepText(stepMs) })
        answers.push(await client.histogram(query, signal))
        histogram.value = layTogether(answers, { sinceMs, untilMs, stepMs })
      }
      error.value = null
      warnings.value = [...new Set(answers.flatMap((answer) => answer.warnings))]
    } catch (caught) {
      if (signal.aborted) return
      error.value = toApiError(caught)
    } finally {
      if (!signal.aborted) loading.value = false
    }
  }

  return { histogram, loading, error, warnings, load }
}
