/** All breakages of `src/`, and the faults that none of them names. */

import { dockerMutants } from './docker.ts'
import { fileMutants } from './files.ts'
import { identityMutants } from './identity.ts'
import { lineMutants } from './lines.ts'
import type { Mutant } from './mutant.ts'
import { namingMutants } from './naming.ts'
import { rotationMutants } from './rotation.ts'
import { storageMutants } from './storage.ts'
import { timeMutants } from './time.ts'

export const mutants: readonly Mutant[] = [
  ...rotationMutants,
  ...identityMutants,
  ...lineMutants,
  ...timeMutants,
  ...dockerMutants,
  ...fileMutants,
  ...namingMutants,
  ...storageMutants,
]
