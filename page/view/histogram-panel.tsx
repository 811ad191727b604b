/** The histogram above the lines: stacked by level, drag to zoom, double-click to zoom out. */

import { useEffect, useRef, useState } from 'preact/hooks'
import { formatCount } from '../model/amounts.ts'
import type { Histogram } from '../model/buckets.ts'
import { levelNames } from '../model/entry.ts'
import { minuteTime } from '../model/time-format.ts'
import { createChart, type HistogramChart } from './histogram-chart.ts'
import { useStore } from './store-context.ts'

export function HistogramPanel() {
  const store = useStore()
  const { histogram, address, zoomOut, zoomTo } = store
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<HistogramChart | null>(null)
  const [hovered, setHovered] = useState<number | null>(null)
  const shown = histogram.histogram.value
  const { zone } = address.view.value
  useEffect(() => {
    if (place.current === null) return undefined
    const made = createChart(place.current, { onZoom: zoomTo, onHover: setHovered })
    chart.current = made
    return () => made.close()
  }, [])
  const theme = useTheme()
  useEffect(() => {
    if (shown !== null) chart.current?.draw(shown, zone, theme)
  }, [shown, zone, theme])
  return (
    <section class={`histogram${histogram.loading.value ? ' loading' : ''}`} aria-label="Lines over time">
      {histogram.loading.value && (
        <span class="spinner" role="progressbar" aria-label="Lines are being counted" />
      )}
      <div
        ref={place}
        class="chart"
        data-testid="chart"
        role="img"
        aria-label={describe(shown)}
        onDblClick={zoomOut}
      />
      <div class="histogram-note" aria-hidden="true">
        {shown !== null && hovered !== null ? (
          <Hovered histogram={shown} index={hovered} />
        ) : (
          <Totals histogram={shown} />
        )}
      </div>
      <div class="zoom">
        <button type="button" class="icon" aria-label="Zoom out" title="Zoom out" onClick={zoomOut}>
          −
        </button>
      </div>
    </section>
  )
}

function Totals({ histogram }: { readonly histogram: Histogram | null }) {
  if (histogram === null) return null
  const incomplete = histogram.complete ? '' : ' at least: a limit of the server ended the counting'
  return <>{`${formatCount(histogram.total)} lines${incomplete}`}</>
}

function Hovered({ histogram, index }: { readonly histogram: Histogram; readonly index: number }) {
  const { zone } = useStore().address.view.value
  const time = histogram.timesMs[index]
  if (time === undefined) return null
  const counts = levelNames.flatMap((level) => {
    const count = histogram.counts[level][index] ?? 0
    return count === 0 ? [] : [`${level} ${formatCount(count)}`]
  })
  return (
    <>{`${minuteTime(time, zone)}  ${counts.length === 0 ? 'no lines' : counts.toReversed().join(', ')}`}</>
  )
}

function describe(histogram: Histogram | null): string {
  if (histogram === null) return 'Lines over time, not counted yet'
  const levels = levelNames.flatMap((level) => {
    const count = histogram.totals[level]
    return count === 0 ? [] : [`${formatCount(count)} ${level}`]
  })
  return `${formatCount(histogram.total)} lines over time: ${levels.join(', ')}`
}

/** Changes with the colours, which the canvas does not follow by itself. */
function useTheme(): string {
  const { preferences } = useStore()
  const [system, setSystem] = useState('')
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)')
    const look = (): void => setSystem(query.matches ? 'dark' : 'light')
    look()
    query.addEventListener('change', look)
    return () => query.removeEventListener('change', look)
  }, [])
  return preferences.theme.value + system
}
