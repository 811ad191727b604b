/** Does something as a user who is not root: who has the rights of all files cannot be refused. */

const otherUser = 1000

export function asOther<T>(body: () => T): T {
  if (process.getuid?.() !== 0) return body()
  process.seteuid?.(otherUser)
  try {
    return body()
  } finally {
    process.seteuid?.(0)
  }
}
