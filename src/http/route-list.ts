/** Knows every route that is registered: for `GET /`, and to tell a wrong method from a wrong path. */

import type { FastifyInstance } from 'fastify'
import { LogkeepError } from '../errors.ts'
import { pathOf } from './request.ts'

/** A route as `GET /` lists it; those without a summary are not listed: others have described them. */
export type ListedRoute = { readonly path: string; readonly methods: string[]; readonly summary: string }

/** Must come before the routes; complete when all are registered. */
export function collectRoutes(app: FastifyInstance): readonly ListedRoute[] {
  const routes: ListedRoute[] = []
  app.addHook('onRoute', ({ url, method, schema }) => {
    const path = listedPath(url)
    const methods = [method].flat()
    const known = routes.find((route) => route.path === path)
    if (known === undefined) routes.push({ path, methods, summary: schema?.summary ?? '' })
    else known.methods.push(...methods)
  })
  return routes
}

/** A path as people are told it: its parts in braces. */
export function listedPath(registered: string): string {
  return registered.replace(/:(\w+)/g, '{$1}')
}

export function refuseUnknown(app: FastifyInstance, routes: readonly ListedRoute[]): void {
  app.setNotFoundHandler((request, reply) => {
    const parts = pathOf(request).split('/')
    const known = routes.find(({ path }) => isAt(path.split('/'), parts))
    if (known === undefined) {
      throw new LogkeepError('NOT_FOUND', 'there is nothing at this path', 'GET / lists the paths')
    }
    const methods = known.methods.join(', ')
    reply.header('allow', methods)
    const message = `${request.method} is not accepted here`
    throw new LogkeepError('METHOD_NOT_ALLOWED', message, `accepted: ${methods}`)
  })
}

function isAt(route: readonly string[], parts: readonly string[]): boolean {
  return (
    route.length === parts.length &&
    route.every((part, index) => part === parts[index] || part.startsWith('{'))
  )
}
