/**
 * The one error of this language: a query that cannot be read, built or evaluated, told for whoever wrote
 * it.
 */

/** Where in the query: line and column count from 1, columns in characters. */
export type QueryPosition = { readonly line: number; readonly column: number }

/**
 * `parse`: refused before anything is read. `evaluate`: refused by what the lines or the numbers were.
 * `message` is complete: `parse error at line 1, col 7: …`.
 */
export class LogqlError extends Error {
  readonly kind: 'parse' | 'evaluate'
  readonly position: QueryPosition | null

  constructor(kind: LogqlError['kind'], message: string, position: QueryPosition | null = null) {
    super(message)
    this.name = 'LogqlError'
    this.kind = kind
    this.position = position
  }
}

/** `position` null: the query reads well, but cannot mean anything. */
export function parseError(message: string, position: QueryPosition | null = null): LogqlError {
  const where = position === null ? ' ' : ` at line ${position.line}, col ${position.column}`
  return new LogqlError('parse', `parse error${where}: ${message}`, position)
}

export function evaluateError(message: string): LogqlError {
  return new LogqlError('evaluate', message)
}

export function positionAt(query: string, offset: number): QueryPosition {
  const before = query.slice(0, offset).split('\n')
  const column = Array.from(before.at(-1) as string).length + 1
  return { line: before.length, column }
}
