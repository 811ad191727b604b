/** Ranges of IP addresses: single ones, CIDR and `first-last`; and the addresses in a text. */

import { isIPv4, isIPv6 } from 'node:net'
import { parseError } from '../error.ts'

/** Addresses of one family; the ends belong to it. */
export type IpRange = { readonly isSix: boolean; readonly first: bigint; readonly last: bigint }

/** Throws `LogqlError`. */
export function parseIpRange(pattern: string): IpRange {
  const bad = parseError(`ip: ${JSON.stringify(pattern)} is no address, no network and no range of addresses`)
  const single = parseAddress(pattern)
  if (single !== null) return { ...single, first: single.value, last: single.value }
  const network = /^(.+)\/(\d{1,3})$/.exec(pattern)
  if (network !== null) {
    const address = parseAddress(network[1] as string)
    const bits = address?.isSix ? 128 : 32
    const prefix = Number(network[2])
    if (address === null || prefix > bits) throw bad
    const size = 1n << BigInt(bits - prefix)
    const first = (address.value / size) * size
    return { isSix: address.isSix, first, last: first + size - 1n }
  }
  const [from = '', to = '', ...rest] = pattern.split('-')
  const first = parseAddress(from)
  const last = parseAddress(to)
  if (first === null || last === null || rest.length > 0) throw bad
  if (first.isSix !== last.isSix || first.value > last.value) throw bad
  return { isSix: first.isSix, first: first.value, last: last.value }
}

function isWithin({ isSix, first, last }: IpRange, text: string): boolean {
  const address = parseAddress(text)
  return address !== null && address.isSix === isSix && address.value >= first && address.value <= last
}

const candidateFour = /\d{1,3}(?:\.\d{1,3}){3}/g
const candidateSix = /[\da-fA-F:.]*:[\da-fA-F:.]*:[\da-fA-F:.]*/g

/** Whether a text holds an address of the range. */
export function holdsAddress(range: IpRange, text: string): boolean {
  for (const [found] of text.matchAll(range.isSix ? candidateSix : candidateFour)) {
    if (isWithin(range, found) || isWithin(range, found.replace(/[:.]$/, ''))) return true
  }
  return false
}

function parseAddress(text: string): { isSix: boolean; value: bigint } | null {
  if (isIPv4(text)) {
    const value = text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n)
    return { isSix: false, value }
  }
  if (!isIPv6(text) || text.includes('%')) return null
  return { isSix: true, value: valueOfSix(text) }
}

function valueOfSix(text: string): bigint {
  const tail = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text)
  let plain = text
  if (tail !== null) {
    const [a, b, c, d] = tail.slice(1).map(Number) as [number, number, number, number]
    plain = `${text.slice(0, tail.index)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  }
  const [head = '', rest] = plain.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = rest === undefined || rest === '' ? [] : rest.split(':')
  const zeros = rest === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0')
  return [...left, ...zeros, ...right].reduce((sum, part) => sum * 65_536n + BigInt(`0x${part}`), 0n)
}
