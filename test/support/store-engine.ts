/** A store whose lines are known, and an engine over it, for as long as a test's work takes. */

import { createEngine, type Engine } from '../../src/query/engine.ts'
import { openReader } from '../../src/store/reader.ts'
import { createStoreModel, type StoreModel } from './store-model.ts'

/** `model`: its limits and retention, as for `createStoreModel`. */
export function withStoreEngine<T>(
  work: (model: StoreModel, engine: Engine) => T,
  ...settings: Parameters<typeof createStoreModel>
): T {
  const model = createStoreModel(...settings)
  const engine = createEngine(openReader(model.dataDir))
  try {
    return work(model, engine)
  } finally {
    engine.close()
    model.close()
  }
}
