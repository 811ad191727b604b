/**
 * Makes metrics in a registry of their own, and sets them to what other parts of the program have counted.
 * Names and units as in Prometheus' naming practices.
 */

import { Counter, Gauge, Histogram, Registry } from 'prom-client'

export type MetricRegistry = {
  readonly counter: (name: string, help: string, labelNames?: readonly string[]) => Counter
  readonly gauge: (name: string, help: string, labelNames?: readonly string[]) => Gauge
  /** `buckets`: upper bounds, ascending. */
  readonly histogram: (options: HistogramOptions) => Histogram
  readonly render: () => Promise<{ readonly contentType: string; readonly text: string }>
}

export type HistogramOptions = {
  readonly name: string
  readonly help: string
  readonly labelNames?: readonly string[]
  readonly buckets: readonly number[]
}

/** One series of a metric: its labels and its value. */
export type Series = readonly [labels: Readonly<Record<string, string>>, value: number]

export function createMetricRegistry(): MetricRegistry {
  const registry = new Registry()
  const registers = [registry]
  return {
    counter: (name, help, labelNames = []) =>
      new Counter({ name, help, labelNames: [...labelNames], registers }),
    gauge: (name, help, labelNames = []) => new Gauge({ name, help, labelNames: [...labelNames], registers }),
    histogram: ({ name, help, labelNames = [], buckets }) =>
      new Histogram({ name, help, labelNames: [...labelNames], buckets: [...buckets], registers }),
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  }
}

/** Sets a counter to totals that are counted elsewhere; series that are not among them vanish. */
export function setTotals(counter: Counter, series: Iterable<Series>): void {
  counter.reset()
  for (const [labels, total] of series) counter.inc(labels, total)
}

/** The same of a counter without labels. */
export function setTotal(counter: Counter, total: number): void {
  counter.reset()
  counter.inc(total)
}

/** Sets a gauge; series that are not among them vanish. */
export function setValues(gauge: Gauge, series: Iterable<Series>): void {
  gauge.reset()
  for (const [labels, value] of series) gauge.set(labels, value)
}

/** The same of a gauge without labels; null: there is no value, and no series. */
export function setValue(gauge: Gauge, value: number | null): void {
  if (value === null) gauge.remove()
  else gauge.set(value)
}

/** A record as series with one label. */
export function seriesBy(label: string, values: Readonly<Record<string, number>>): Series[] {
  return Object.entries(values).map(([name, value]) => [{ [label]: name }, value])
}
