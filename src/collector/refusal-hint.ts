/** Says in plain words why a file is not read, and what a person can do about it. */

import { constants, readlinkSync, realpathSync } from 'node:fs'
import path from 'node:path'
import type { SeenFileError } from './contract.ts'
import type { PassedOver } from './listing.ts'
import type { Refusal } from './refusals.ts'

/** Whose file it is, as `lstat` says. */
export type Ownership = { readonly mode: number; readonly uid: number; readonly gid: number }

/** Whom this process is. */
export type Reader = { readonly uid: number; readonly groups: ReadonlySet<number> }

export function thisProcess(): Reader {
  // Windows has neither.
  const groups = [...(process.getgroups?.() ?? []), process.getegid?.() ?? 0]
  return { uid: process.geteuid?.() ?? 0, groups: new Set(groups) }
}

/** For what the system refused. `owned` is null where not even that could be seen. */
export function explainRefusal(
  { code, message }: Refusal,
  owned: Ownership | null,
  reader: Reader,
): SeenFileError {
  return { message, ...ownershipText(owned), hint: hintOf(code, owned, reader) }
}

/** For a name that looks like a log and is not read. */
export function explainPassedOver(
  file: string,
  reason: PassedOver['reason'],
  owned: Ownership | null,
): SeenFileError {
  return { ...passedOverText[reason](file), ...ownershipText(owned) }
}

/** For a log root that cannot be listed. */
export function explainRoot(refusal: Refusal, owned: Ownership | null, reader: Reader): SeenFileError {
  const explained = explainRefusal(refusal, owned, reader)
  if (refusal.code !== 'ENOENT') return explained
  const hint = 'mount the folder of the node there, or set LOGKEEP_LOG_ROOT; it is looked for again'
  return { ...explained, hint }
}

function ownershipText(owned: Ownership | null): Pick<SeenFileError, 'mode' | 'owner'> {
  if (owned === null) return { mode: null, owner: null }
  const mode = (owned.mode & permissionBits).toString(8).padStart(4, '0')
  return { mode, owner: `${owned.uid}:${owned.gid}` }
}

const permissionBits = 0o7777
/** Where the bits of the owner, of the group and of others stand in a mode. */
const shiftOf = { owner: 6, group: 3, others: 0 } as const
/** To read a file; to list a folder and look at what is in it. */
const readBits = { file: 4, folder: 5 } as const

const tryAgain = 'it is tried again about every 30 s'

function hintOf(code: string | null, owned: Ownership | null, reader: Reader): string {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return accessHint(owned, reader)
    case 'ELOOP':
      return 'a link stands where the file was; it is followed when its folder is listed again'
    case 'EMFILE':
    case 'ENFILE':
      return 'raise the limit of open files of the container, or of the node'
    case 'EIO':
      return `the disk or its file system has an error, see the kernel's messages; ${tryAgain}`
    default:
      return tryAgain
  }
}

function accessHint(owned: Ownership | null, reader: Reader): string {
  if (owned === null) return `a folder above it may not be entered: ${asRoot}`
  const { gid, mode, uid } = owned
  const isFolder = (mode & constants.S_IFMT) === constants.S_IFDIR
  const needed = isFolder ? readBits.folder : readBits.file
  const mayRead = (who: keyof typeof shiftOf): boolean => ((mode >> shiftOf[who]) & needed) === needed
  const isMember = reader.groups.has(gid)
  if (mayRead(reader.uid === uid ? 'owner' : isMember ? 'group' : 'others'))
    return `its mode allows it: a folder above it may not be entered, or ${forbidden}`
  if (mayRead('group') && !isMember && reader.uid !== uid) return `run with group ${gid} (runAsGroup: ${gid})`
  // Of a mode without any rights, root alone takes no notice.
  const mayOwner = uid !== 0 && mayRead('owner')
  return mayOwner ? `run as user ${uid} (runAsUser: ${uid}), or ${asRoot}` : asRoot
}

const asRoot = 'run as root: the overlay deploy/overlays/crio'
const forbidden = 'a security policy of the node forbids it (SELinux, AppArmor)'

const nothingToDo = 'nothing to do: each line is read once'

const passedOverText: Readonly<
  Record<PassedOver['reason'], (file: string) => Pick<SeenFileError, 'message' | 'hint'>>
> = {
  link_refused: (file) => {
    const target = targetOf(file)
    if (target === null)
      return { message: 'its link leads in a circle', hint: 'remove the link, or have it lead to a file' }
    const folder = path.dirname(target)
    return {
      message: `its link leads outside LOGKEEP_LINK_ROOTS: to ${target}`,
      hint: `if these are logs, add ${folder} to LOGKEEP_LINK_ROOTS, and mount it`,
    }
  },
  link_dangling: (file) => ({
    message: `its link leads to nothing: to ${firstStepOf(file)}`,
    hint: 'mount the folder that it leads to, under the same path; after a rotation it comes by itself',
  }),
  irregular: () => ({
    message: 'not a regular file',
    hint: 'only regular files are read; nothing to do if it is not meant to be a log',
  }),
  claimed: () => ({ message: 'the same file is read under another name', hint: nothingToDo }),
  copy: () => ({ message: 'a copy of a file that is read beside it', hint: nothingToDo }),
}

/** Where links lead in the end, or, where that is not there, in the first step. Null: in a circle. */
function targetOf(link: string): string | null {
  try {
    return realpathSync(link)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ELOOP' ? null : firstStepOf(link)
  }
}

function firstStepOf(link: string): string {
  try {
    return path.resolve(path.dirname(link), readlinkSync(link))
  } catch {
    // Replaced a moment ago, or not a link but behind one.
    return link
  }
}
