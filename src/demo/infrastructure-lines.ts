/**
 * Lines of the cluster's own programs in the demo: an ingress controller, a klog component, PostgreSQL, an
 * exporter.
 */

import type { EventMaker } from './lines.ts'
import type { Random } from './random.ts'
import { accessTime } from './service-lines.ts'

const isoTime = (timeMs: number): string => new Date(timeMs).toISOString()

export const ingressLines: EventMaker = (random, timeMs) => {
  const client = `203.0.113.${random.between(1, 254)}`
  const [path, backend, address] = random.pick([
    ['/', 'shop-web-80', '10.244.1.17:80'],
    ['/api/cart', 'shop-api-8080', '10.244.2.9:8080'],
    ['/api/checkout', 'shop-api-8080', '10.244.2.9:8080'],
    ['/assets/app.js', 'shop-web-80', '10.244.1.17:80'],
  ])
  const status = random.chance(0.975) ? 200 : random.pick([308, 404, 502, 504])
  const seconds = (random.spread(20) / 1000).toFixed(3)
  const bytes = Math.round(random.spread(4000))
  const text =
    `${client} - - [${accessTime(timeMs)}] "GET ${path} HTTP/2.0" ${status} ${bytes} "-" "Mozilla/5.0" ` +
    `${random.between(200, 900)} ${seconds} [${backend}] [] ${address} ${bytes} ${seconds} ${status} ${random.hex(32)}`
  return [{ iostream: 'stdout', text }]
}

export const klogLines: EventMaker = (random, timeMs) => {
  const iso = isoTime(timeMs)
  const micros = String(random.between(0, 999)).padStart(3, '0')
  const stamp = `${iso.slice(5, 7)}${iso.slice(8, 10)} ${iso.slice(11, 23)}${micros}       1`
  return [{ iostream: 'stderr', text: klogText(random, stamp) }]
}

function klogText(random: Random, stamp: string): string {
  const draw = random.next()
  if (draw < 0.015) {
    return (
      `E${stamp} reflector.go:158] "Unhandled Error" err="failed to list *v1.EndpointSlice: Get ` +
      '\\"https://10.96.0.1:443/apis/discovery.k8s.io/v1/endpointslices\\": dial tcp 10.96.0.1:443: i/o timeout"'
    )
  }
  if (draw < 0.06) {
    return `W${stamp} warnings.go:70] v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice`
  }
  if (draw < 0.5) {
    const took = random.spread(3).toFixed(6)
    return `I${stamp} controller.go:241] "Synced records" service="shop/api" records=${random.between(2, 30)} took="${took}ms"`
  }
  const pod = `shop/api-7d9f8c6b5-${random.pick(['x2x9k', 'b7tq4', 'm5c8z'])}`
  return `I${stamp} endpoints.go:88] "Endpoint changed" pod="${pod}" ready=${random.chance(0.95)}`
}

export const postgresLines: EventMaker = (random, timeMs) => {
  const stamp = `${isoTime(timeMs).replace('T', ' ').replace('Z', '')} UTC [${random.between(60, 99)}]`
  const texts = postgresTexts(random)
  return texts.map((text) => ({ iostream: 'stderr', text: `${stamp} ${text}` }))
}

function postgresTexts(random: Random): readonly string[] {
  const draw = random.next()
  if (draw < 0.01) {
    return [
      'ERROR:  deadlock detected',
      `DETAIL:  Process 71 waits for ShareLock on transaction ${random.between(900_000, 999_999)}.`,
      'STATEMENT:  UPDATE stock SET amount = amount - $1 WHERE sku = $2',
    ]
  }
  if (draw < 0.2) {
    const wrote = `wrote ${random.between(10, 900)} buffers (${random.spread(1).toFixed(1)}%)`
    const files = `0 WAL file(s) added, 0 removed, ${random.between(0, 2)} recycled`
    return [`LOG:  checkpoint complete: ${wrote}; ${files}; write=${random.spread(20).toFixed(3)} s`]
  }
  if (draw < 0.25) return ['WARNING:  there is no transaction in progress']
  const took = random.spread(30).toFixed(3)
  return [`LOG:  duration: ${took} ms  execute <unnamed>: SELECT * FROM product WHERE sku = $1`]
}

export const logfmtLines: EventMaker = (random, timeMs) => {
  const source = `ts=${isoTime(timeMs)} caller=collector.go:${random.pick([123, 169, 212])}`
  const failed = random.chance(0.03)
  const outcome = failed ? 'level=error msg="collector failed"' : 'level=debug msg="collector succeeded"'
  const name = random.pick(['stat_database', 'replication', 'locks', 'stat_user_tables'])
  const seconds = (random.spread(failed ? 900 : 4) / 1000).toFixed(6)
  const reason = failed ? ' err="context deadline exceeded"' : ''
  const text = `${source} ${outcome} name=${name} duration_seconds=${seconds}${reason}`
  return [{ iostream: 'stderr', text }]
}
