/** Draws a histogram with uPlot: bars of levels on top of each other, the most severe at the bottom. */

import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { shortCount } from '../model/amounts.ts'
import type { Histogram } from '../model/buckets.ts'
import { type Level, levelNames } from '../model/entry.ts'
import { axisTime } from '../model/time-format.ts'
import type { Zone } from '../model/view-state.ts'

export type HistogramChart = {
  /** `theme`: changes with the colours. */
  readonly draw: (histogram: Histogram, zone: Zone, theme: string) => void
  readonly close: () => void
}

type Handlers = {
  readonly onZoom: (sinceMs: number, untilMs: number) => void
  /** Index of the bucket under the pointer. */
  readonly onHover: (index: number | null) => void
}

/** From the bottom up: errors stand on the axis, where their heights can be compared. */
const stack: readonly Level[] = ['fatal', 'critical', 'error', 'warn', 'info', 'debug', 'trace', 'unknown']
const height = 76
/** A drag shorter than this is a click. */
const dragPixelsMin = 5
const axisFont = '11px system-ui, sans-serif'

type Shown = { readonly histogram: Histogram; readonly zone: Zone; readonly theme: string }

export function createChart(place: HTMLElement, { onZoom, onHover }: Handlers): HistogramChart {
  let plot: uPlot | null = null
  let shown: Shown | null = null
  /** What a chart is built for; other counts are put into the one that is there. */
  let built = ''
  let isDragged = false
  /** What came while it was dragged over. */
  let waiting: Shown | null = null

  function show(): void {
    // A drag goes on over what it began on; what came meanwhile is shown behind it.
    if (shown === null || isDragged) return
    const width = place.clientWidth
    if (width === 0) return
    const { histogram, zone, theme } = shown
    const wanted = `${width} ${zone} ${theme}`
    if (plot === null || wanted !== built) {
      plot?.destroy()
      const histogramOf = (): Histogram => shown?.histogram ?? histogram
      plot = new uPlot(
        optionsOf({ histogramOf, zone, width, colors: colorsOf(place) }, hooks),
        dataOf(histogram),
        place,
      )
      built = wanted
    } else plot.setData(dataOf(histogram))
  }

  const beginDrag = (): void => {
    isDragged = true
  }
  const endDrag = (): void => {
    if (!isDragged) return
    isDragged = false
    shown = waiting ?? shown
    waiting = null
    show()
  }

  const hooks: uPlot.Hooks.Arrays = {
    setSelect: [
      (chart) => {
        const { left, width } = chart.select
        if (width < dragPixelsMin || shown === null) return
        const { stepMs } = shown.histogram
        // A drag over part of a bucket means the bucket.
        const sinceMs = Math.floor(chart.posToVal(left, 'x') / stepMs) * stepMs
        const untilMs = Math.ceil(chart.posToVal(left + width, 'x') / stepMs) * stepMs
        chart.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false)
        onZoom(sinceMs, Math.max(untilMs, sinceMs + stepMs))
      },
    ],
    setCursor: [(chart) => onHover(chart.cursor.idx ?? null)],
  }
  const resized = new ResizeObserver(show)
  resized.observe(place)
  place.addEventListener('mousedown', beginDrag)
  // Behind uPlot's own, which asks what was dragged over.
  globalThis.addEventListener('mouseup', endDrag)

  return {
    draw: (histogram, zone, theme) => {
      // Of what a drag is over, its end asks for the width of a bucket.
      if (isDragged) waiting = { histogram, zone, theme }
      else shown = { histogram, zone, theme }
      show()
    },
    close: () => {
      resized.disconnect()
      globalThis.removeEventListener('mouseup', endDrag)
      plot?.destroy()
    },
  }
}

/** The tallest sums are drawn first, so that lower ones stand before them. */
function dataOf(histogram: Histogram): uPlot.AlignedData {
  const sums: number[][] = []
  let below: readonly number[] = histogram.timesMs.map(() => 0)
  for (const level of stack) {
    const counts = histogram.counts[level]
    const sum = below.map((value, index) => value + (counts[index] ?? 0))
    sums.push(sum)
    below = sum
  }
  return [[...histogram.timesMs], ...sums.reverse()]
}

type Look = {
  /** The one that is shown: it changes while the chart stays. */
  readonly histogramOf: () => Histogram
  readonly zone: Zone
  readonly width: number
  readonly colors: Readonly<Record<string, string>>
}

function optionsOf({ histogramOf, zone, width, colors }: Look, hooks: uPlot.Hooks.Arrays): uPlot.Options {
  const axis = { stroke: colors['muted'] as string, font: axisFont, ticks: { show: false } }
  const bars = uPlot.paths.bars?.({ align: 1, size: [1, Number.POSITIVE_INFINITY], gap: 1 })
  const paths = bars === undefined ? {} : { paths: bars }
  return {
    width,
    height,
    ms: 1,
    hooks,
    legend: { show: false },
    padding: [6, 8, 0, 0],
    scales: {
      x: { time: true, range: () => spanOf(histogramOf()) },
      y: { range: (_, __, max) => [0, Math.max(1, max)] },
    },
    cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
    axes: [
      {
        ...axis,
        size: 20,
        gap: 2,
        grid: { show: false },
        values: (_, places) => places.map((ms) => axisTime(ms, zone, histogramOf().stepMs < 5000)),
      },
      {
        ...axis,
        size: 42,
        gap: 4,
        grid: { stroke: colors['line'] as string, width: 1 },
        splits: (_, __, ___, max) => [0, Math.round(max / 2), Math.round(max)],
        values: (_, places) => places.map((count) => shortCount(count)),
      },
    ],
    series: [
      {},
      ...stack.toReversed().map((level) => ({
        ...paths,
        fill: colors[level] as string,
        stroke: colors[level] as string,
        width: 0,
        points: { show: false },
      })),
    ],
    tzDate: (ms) => (zone === 'utc' ? uPlot.tzDate(new Date(ms), 'Etc/UTC') : new Date(ms)),
  }
}

function spanOf({ timesMs, stepMs }: Histogram): [number, number] {
  return [timesMs[0] ?? 0, (timesMs.at(-1) ?? 0) + stepMs]
}

/** A canvas needs colours as they are, of the theme that holds. */
function colorsOf(place: HTMLElement): Readonly<Record<string, string>> {
  const probe = document.createElement('span')
  place.append(probe)
  const colors: Record<string, string> = {}
  for (const name of [...levelNames, 'muted', 'line']) {
    const variable = (levelNames as readonly string[]).includes(name) ? `--level-${name}` : `--${name}`
    probe.style.color = `var(${variable})`
    colors[name] = getComputedStyle(probe).color
  }
  probe.remove()
  return colors
}
