/** The histogram's counts: shown part by part as they come, the old ones until then. */

import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { type ApiError, type Client, toApiError } from '../api/client.ts'
import type { HistogramAnswer } from '../api/contract.ts'
import { type Histogram, layTogether, partsOf, stepFor, stepText } from '../model/buckets.ts'
import { withParameters, withRange } from '../model/query-parameters.ts'
import { pageLimits } from './limits.ts'
import type { Question } from './line-window.ts'

export type HistogramData = {
  /** What is drawn: of the question before, until the first part of an answer is there. */
  readonly histogram: Signal<Histogram | null>
  /** The same as numbers: null while they would be another question's. */
  readonly counts: ReadonlySignal<Histogram | null>
  readonly loading: Signal<boolean>
  readonly error: Signal<ApiError | null>
  readonly warnings: Signal<readonly string[]>
  /** A question that is asked while another is answered takes its place. */
  readonly load: (question: Question) => Promise<void>
  /** The same question up to now: it waits for an answer that is under way, and is shown as a whole. */
  readonly refresh: (question: Question) => Promise<void>
  /** Of a question that is not asked nothing is known. */
  readonly forget: () => void
}

/** Counting takes a third of the time at most, however long it takes once. */
const restShare = 2

export function createHistogramData(client: Client): HistogramData {
  const histogram = signal<Histogram | null>(null)
  const isStale = signal(false)
  const loading = signal(false)
  const error = signal<ApiError | null>(null)
  const warnings = signal<readonly string[]>([])
  let abort = new AbortController()
  /** `performance.now()` from which on a refresh may be asked for. */
  let restUntilMs = 0

  async function ask({ filters, range }: Question, isRefresh: boolean): Promise<void> {
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
    const startedMs = performance.now()
    loading.value = true
    try {
      const answers: HistogramAnswer[] = []
      for (const part of parts) {
        const query = withParameters(withRange(filters, part), { by: 'level', step: stepText(stepMs) })
        answers.push(await client.histogram(query, signal))
        if (isRefresh && answers.length < parts.length) continue
        batch(() => {
          histogram.value = layTogether(answers, { sinceMs, untilMs, stepMs })
          isStale.value = false
        })
      }
      error.value = null
      warnings.value = [...new Set(answers.flatMap((answer) => answer.warnings))]
    } catch (caught) {
      if (signal.aborted) return
      error.value = toApiError(caught)
    } finally {
      if (!signal.aborted) {
        const nowMs = performance.now()
        restUntilMs = nowMs + restShare * (nowMs - startedMs)
        loading.value = false
      }
    }
  }

  return {
    histogram,
    counts: computed(() => (isStale.value ? null : histogram.value)),
    loading,
    error,
    warnings,
    load: (question) => {
      isStale.value = true
      return ask(question, false)
    },
    refresh: async (question) => {
      if (!loading.value && performance.now() >= restUntilMs) await ask(question, true)
    },
    forget: () => {
      abort.abort()
      batch(() => {
        histogram.value = null
        loading.value = false
        error.value = null
        warnings.value = []
      })
    },
  }
}
