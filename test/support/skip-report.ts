/**
 * A reporter for node:test that writes one JSON line per finished test, from which test/run.ts makes its
 * summary.
 */

import type { TestEvent } from 'node:test/reporters'

/** Outcome of one test; suites are left out. `reason` is the text given to `skip` or `todo`, else empty. */
export type TestOutcome = {
  readonly name: string
  readonly outcome: 'passed' | 'failed' | 'skipped' | 'todo'
  readonly reason: string
}

/**
 * Called by node:test with its events in the order of definition: parents start before their children end.
 */
export default async function* skipReport(events: AsyncIterable<TestEvent>): AsyncGenerator<string, void> {
  const parents: string[] = []
  for await (const event of events) {
    if (event.type === 'test:start') {
      parents.length = event.data.nesting
      parents[event.data.nesting] = event.data.name
    }
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue
    const { name, nesting, skip, todo, details } = event.data
    if (details.type === 'suite') continue
    const mark = skip ?? todo
    const outcome: TestOutcome = {
      name: [...parents.slice(0, nesting), name].join(' > '),
      outcome: outcomeOf(event.type, skip, todo),
      reason: typeof mark === 'string' ? mark : '',
    }
    yield `${JSON.stringify(outcome)}\n`
  }
}

function outcomeOf(
  type: 'test:pass' | 'test:fail',
  skip: string | boolean | undefined,
  todo: string | boolean | undefined,
): TestOutcome['outcome'] {
  if (skip !== undefined && skip !== false) return 'skipped'
  if (todo !== undefined && todo !== false) return 'todo'
  return type === 'test:pass' ? 'passed' : 'failed'
}
