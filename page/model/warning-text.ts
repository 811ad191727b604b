/** Says warnings of the server to people: those that are made for programs are put into words. */

import { formatAge } from './amounts.ts'

const behind = /^behind: (\d+) ms$/

/** How far the collector was behind when it was asked, where the warning is about it. */
export function behindMsOf(warning: string): number | null {
  const ms = behind.exec(warning)?.[1]
  return ms === undefined ? null : Number(ms)
}

export function isBehind(warning: string): boolean {
  return behind.test(warning)
}

/** As it is shown. */
export function warningText(warning: string): string {
  const ms = behindMsOf(warning)
  return ms === null ? warning : behindText(ms)
}

export function behindText(ms: number): string {
  return `The collector was ${secondsText(ms)} behind when this was asked for: the newest lines may be missing`
}

/** `0.3 s`, `4.2 s`, `2 min`. */
export function secondsText(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : formatAge(ms)
}
