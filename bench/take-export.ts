/**
 * Takes an export and throws it away, into one buffer that is used again and again: `fetch` took twenty times
 * the processor time, as much as the program that was measured.
 */

import * as net from 'node:net'

const readBytes = 256 * 1024
/** Of the answer's end, where it says whether it is complete. */
const keptBytes = 4 * 1024
const good = Buffer.from('HTTP/1.1 200 ')
const complete = '"kind":"end","complete":true'

/**
 * `onPart` is given how many bytes came, headers included. Rejects on any status but 200, on an export that
 * says that it is not complete or is cut off, and on the signal.
 */
export function takeExport(
  url: string,
  onPart: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const { hostname, port, pathname, search } = new URL(url)
  let head = Buffer.alloc(0)
  let tail = Buffer.alloc(0)
  const take = (length: number, bytes: Uint8Array): boolean => {
    const part = Buffer.from(bytes.buffer, bytes.byteOffset, length)
    if (head.length < good.length) head = Buffer.concat([head, part.subarray(0, good.length)])
    tail = Buffer.concat([tail, part.subarray(-keptBytes)]).subarray(-keptBytes)
    onPart(length)
    return true
  }
  const onread = { buffer: Buffer.allocUnsafeSlow(readBytes), callback: take }
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: hostname, port: Number(port), onread, ...(signal && { signal }) })
    socket.write(
      `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: close\r\n\r\n`,
    )
    socket.on('error', reject)
    socket.on('close', () => {
      const text = tail.toString('latin1')
      if (head.subarray(0, good.length).equals(good) && text.includes(complete)) resolve()
      else reject(new Error(`${url} was not answered to its end: ${text.slice(-500)}`))
    })
  })
}
