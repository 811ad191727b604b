/** Who a query is for, known to all that is done for it without being handed on from call to call. */

import { AsyncLocalStorage } from 'node:async_hooks'

const clients = new AsyncLocalStorage<string>()

/** `work` and everything that it begins is for this client. */
export function forClient<Result>(client: string, work: () => Result): Result {
  return clients.run(client, work)
}

/** Null: the program itself. */
export function currentClient(): string | null {
  return clients.getStore() ?? null
}
