/** The long run of random LogQL queries: `npm run test:fuzz -- 200000 7` for so many inputs and a seed. */

import v8 from 'node:v8'
import { regexEngineFlags } from '../../src/regex/compile.ts'
import { fuzzLogql } from '../support/logql-fuzz.ts'

const [inputs = 200_000, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number)
/** Told after each of these. */
const partInputs = 10_000

for (const flag of regexEngineFlags) v8.setFlagsFromString(flag)
console.log(`${inputs} inputs from seed ${seed}`)
for (let done = 0; done < inputs; done += partInputs) {
  const { parsed, evaluated } = fuzzLogql(seed + done, Math.min(partInputs, inputs - done))
  console.log(`${Math.min(done + partInputs, inputs)}: ${parsed} read, ${evaluated} evaluated`)
}
