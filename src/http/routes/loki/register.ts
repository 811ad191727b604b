/** Grafana Loki's HTTP API, so that Grafana and logcli read from here as they read from Loki. */

import type { FastifyInstance } from 'fastify'
import { createLokiScope } from '../../loki/scope.ts'
import type { RouteDeps } from '../../server.ts'
import { registerLokiDrilldown } from './drilldown.ts'
import { registerLokiQueries } from './queries.ts'
import { registerLokiStatus } from './status.ts'
import { registerLokiStreams } from './streams.ts'
import { registerLokiTail } from './tail.ts'

/** In a scope of its own: errors are plain text there. */
export function registerLoki(app: FastifyInstance, deps: RouteDeps): void {
  const scope = createLokiScope(app, deps)
  registerLokiQueries(scope, deps)
  registerLokiStreams(scope, deps)
  registerLokiDrilldown(scope, deps)
  registerLokiStatus(app, scope, deps)
  registerLokiTail(app, deps)
}
