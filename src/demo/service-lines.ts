/** Lines of the shop's own programs in the demo: a JSON service, nginx, a Java service and a batch job. */

import type { EventMaker, ProgramEvent, ProgramLine } from './lines.ts'
import type { Random } from './random.ts'

const out = (text: string): ProgramLine => ({ iostream: 'stdout', text })
const err = (text: string): ProgramLine => ({ iostream: 'stderr', text })
const isoTime = (timeMs: number): string => new Date(timeMs).toISOString()

const paths = [
  '/api/products',
  '/api/cart',
  '/api/checkout',
  '/api/orders',
  '/api/search',
  '/healthz',
] as const
const agents = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
  'kube-probe/1.34',
] as const

const sku = (random: Random): string => `sku-${random.between(1000, 1400)}`
const order = (random: Random): string => `o-${random.between(480_000, 489_999)}`

export const jsonLines: EventMaker = (random, timeMs) => {
  const line = (level: string, msg: string, fields: object): ProgramEvent => [
    out(JSON.stringify({ level, time: isoTime(timeMs), service: 'api', msg, ...fields })),
  ]
  const draw = random.next()
  if (draw < 0.012) {
    return line('error', 'checkout failed', {
      orderId: order(random),
      traceId: random.hex(16),
      err: { type: 'GatewayError', message: 'payments answered 502', attempt: random.between(1, 3) },
    })
  }
  if (draw < 0.04) {
    return line('warn', 'slow query', {
      ms: Math.round(random.spread(900)),
      statement: 'SELECT * FROM product WHERE category = $1 ORDER BY rank LIMIT 50',
    })
  }
  if (draw < 0.041) return line('debug', 'cart dump', { items: cartItems(random) })
  if (draw < 0.2)
    return line('debug', random.chance(0.8) ? 'cache hit' : 'cache miss', { key: `product:${sku(random)}` })
  const path = random.pick(paths)
  return line('info', 'request completed', {
    method: path === '/api/checkout' ? 'POST' : 'GET',
    path: path === '/api/products' ? `${path}/${sku(random)}` : path,
    status: random.chance(0.97) ? 200 : random.pick([400, 404, 409]),
    ms: Math.round(random.spread(14) * 10) / 10,
    traceId: random.hex(16),
    user: `u-${random.between(1, 900)}`,
  })
}

/** Longer than the 16 KiB at which a container runtime cuts a line into pieces. */
function cartItems(random: Random): object[] {
  return Array.from({ length: 300 }, () => ({
    sku: sku(random),
    amount: random.between(1, 5),
    price: random.between(199, 19_999) / 100,
    note: 'gift wrapping asked for',
  }))
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `22/Nov/2026:10:11:12 +0000`, as nginx writes it. */
export function accessTime(timeMs: number): string {
  const iso = isoTime(timeMs)
  const month = months[Number(iso.slice(5, 7)) - 1] ?? ''
  return `${iso.slice(8, 10)}/${month}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`
}

export const webLines: EventMaker = (random, timeMs) => {
  const client = `10.244.${random.between(0, 3)}.${random.between(2, 250)}`
  if (random.chance(0.006)) {
    const stamp = isoTime(timeMs).slice(0, 19).replaceAll('-', '/').replace('T', ' ')
    return [
      err(
        `${stamp} [error] 31#31: *${random.between(1000, 99_999)} connect() failed (111: Connection refused) while ` +
          `connecting to upstream, client: ${client}, server: shop.example.com, request: "GET /api/cart HTTP/1.1", ` +
          'upstream: "http://10.96.14.7:8080/api/cart", host: "shop.example.com"',
      ),
    ]
  }
  const file = random.chance(0.4)
    ? `/products/${sku(random)}`
    : random.pick(['/', '/cart', '/assets/app.js', '/assets/app.css'])
  const status = random.chance(0.96) ? 200 : random.pick([304, 404, 499, 502])
  return [
    out(
      `${client} - - [${accessTime(timeMs)}] "GET ${file} HTTP/1.1" ${status} ${Math.round(random.spread(6000))} ` +
        `"https://shop.example.com/" "${random.pick(agents)}"`,
    ),
  ]
}

const stackFrames = [
  'java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java:278)',
  'java.base/sun.nio.ch.NioSocketImpl.implRead(NioSocketImpl.java:304)',
  'java.base/java.net.Socket$SocketInputStream.read(Socket.java:1099)',
  'com.example.payments.gateway.GatewayClient.exchange(GatewayClient.java:141)',
  'com.example.payments.gateway.GatewayClient.charge(GatewayClient.java:87)',
  'com.example.payments.ChargeService.charge(ChargeService.java:63)',
  'com.example.payments.ChargeController.post(ChargeController.java:38)',
  'java.base/jdk.internal.reflect.DirectMethodHandleAccessor.invoke(DirectMethodHandleAccessor.java:103)',
  'org.springframework.web.servlet.FrameworkServlet.service(FrameworkServlet.java:885)',
  'org.apache.tomcat.util.net.SocketProcessorBase.run(SocketProcessorBase.java:52)',
]

export const javaLines: EventMaker = (random, timeMs) => {
  const prefix = (level: string, logger: string): string => {
    const stamp = isoTime(timeMs).replace('T', ' ').replace('Z', '')
    return `${stamp} ${level.padStart(5)} 1 --- [nio-8080-exec-${random.between(1, 10)}] ${logger.padEnd(40)} :`
  }
  if (random.chance(0.008)) {
    return [
      err(`${prefix('ERROR', 'c.e.payments.gateway.GatewayClient')} Charge of order ${order(random)} failed`),
      err('java.net.SocketTimeoutException: Read timed out'),
      ...stackFrames.map((frame) => err(`\tat ${frame}`)),
      err('Caused by: java.io.IOException: connection reset by gateway.example.net'),
      ...stackFrames.slice(0, 3).map((frame) => err(`\tat ${frame}`)),
      err(`\t... ${random.between(20, 40)} more`),
    ]
  }
  if (random.chance(0.03)) {
    const wait = random.between(200, 3200)
    return [
      out(`${prefix('WARN', 'c.e.payments.gateway.GatewayClient')} Gateway is slow, retrying in ${wait} ms`),
    ]
  }
  const amount = (random.spread(4200) / 100).toFixed(2)
  const text = `Charged order ${order(random)} with ${amount} EUR in ${Math.round(random.spread(40))} ms`
  return [out(`${prefix('INFO', 'c.example.payments.ChargeService')} ${text}`)]
}

export const jobLines: EventMaker = (random, timeMs) => {
  const stamp = isoTime(timeMs).slice(0, 19).replace('T', ' ')
  const draw = random.next()
  if (draw < 0.02)
    return [err(`[${stamp}] [ERROR] could not read partition ${random.between(1, 64)}: checksum differs`)]
  if (draw < 0.07)
    return [out(`[${stamp}] [WARN] ${random.between(2, 40)} rows without a customer were left out`)]
  if (draw < 0.5)
    return [out(`step ${random.between(1, 5)}/5: wrote ${random.between(100, 9000)} rows to report_daily`)]
  return [out(`[${stamp}] [INFO] reading partition ${random.between(1, 64)} of 64`)]
}
