/** Writes instants in the zone on screen. Fractions come from the text: a Date keeps milliseconds alone. */

import type { Zone } from './view-state.ts'

type Clock = { readonly day: string; readonly time: string; readonly offset: string }

const two = (value: number): string => String(value).padStart(2, '0')

function clockOf(date: Date, zone: Zone): Clock {
  if (zone === 'utc') {
    const iso = date.toISOString()
    return { day: iso.slice(0, 10), time: iso.slice(11, 19), offset: 'Z' }
  }
  const minutes = -date.getTimezoneOffset()
  const size = Math.abs(minutes)
  return {
    day: `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`,
    time: `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`,
    offset: `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`,
  }
}

/** `10:11:12.123` of an entry's time; with its day where that is not today's. */
export function shortTime(time: string, zone: Zone, today: string): string {
  const { day, time: clock } = clockOf(new Date(time), zone)
  const text = `${clock}.${fractionOf(time).slice(0, 3)}`
  return day === today ? text : `${day} ${text}`
}

/** RFC 3339 in the zone, with all nine digits: what is copied and exported. */
export function fullTime(time: string, zone: Zone): string {
  const { day, time: clock, offset } = clockOf(new Date(time), zone)
  return `${day}T${clock}.${fractionOf(time)}${offset}`
}

/** `2026-11-30 10:11:12`. */
export function minuteTime(ms: number, zone: Zone): string {
  if (Number.isNaN(ms)) return '?'
  const { day, time } = clockOf(new Date(ms), zone)
  return `${day} ${time.endsWith(':00') ? time.slice(0, 5) : time}`
}

/** `2026-11-30` in the zone. */
export function dayIn(ms: number, zone: Zone): string {
  return clockOf(new Date(ms), zone).day
}

/** `10:11`, or `30 Nov` at midnight: labels of an axis. */
export function axisTime(ms: number, zone: Zone, withSeconds: boolean): string {
  const { day, time } = clockOf(new Date(ms), zone)
  if (time === '00:00:00') return day.slice(5)
  return withSeconds ? time : time.slice(0, 5)
}

function fractionOf(time: string): string {
  return (/\.(\d+)/.exec(time)?.[1] ?? '').padEnd(9, '0')
}
