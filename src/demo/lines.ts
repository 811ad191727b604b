/**
 * What programs in a cluster print, one source per kind of program: deterministic from a seed, without a
 * clock.
 */

import { ingressLines, klogLines, logfmtLines, postgresLines } from './infrastructure-lines.ts'
import { createRandom, type Random } from './random.ts'
import { javaLines, jobLines, jsonLines, webLines } from './service-lines.ts'

/** One physical line as a program writes it, without its line feed. */
export type ProgramLine = { readonly iostream: 'stdout' | 'stderr'; readonly text: string }

/** What a program writes at one event: usually one line, more for a stack trace. Never empty. */
export type ProgramEvent = readonly ProgramLine[]

/** `timeMs`: milliseconds since 1970, printed by programs that stamp their lines. */
export type EventMaker = (random: Random, timeMs: number) => ProgramEvent

const makers = {
  /** A Node service that logs JSON objects. */
  json: jsonLines,
  /** nginx: access log, errors on stderr. */
  nginx: webLines,
  /** Spring Boot: text, stack traces on stderr. */
  java: javaLines,
  /** An ingress controller's access log. */
  ingress: ingressLines,
  /** A Kubernetes component: klog. */
  klog: klogLines,
  /** PostgreSQL: everything on stderr. */
  postgres: postgresLines,
  /** A Go exporter: logfmt. */
  logfmt: logfmtLines,
  /** A batch job: text, with levels in brackets here and there. */
  job: jobLines,
} as const satisfies Readonly<Record<string, EventMaker>>

export type LineKind = keyof typeof makers

export const lineKinds = Object.keys(makers) as readonly LineKind[]

export type LineSource = { readonly next: (timeMs: number) => ProgramEvent }

/** Sources of the same kind and seed print the same for the same times. */
export function createLineSource(kind: LineKind, seed: number): LineSource {
  const random = createRandom(seed)
  const make: EventMaker = makers[kind]
  return { next: (timeMs) => make(random, timeMs) }
}
