/** Copies text, also over plain http, where browsers keep the clipboard to themselves. */

import { harmlessText } from '../model/ansi.ts'
import type { Store } from '../state/store.ts'

async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) {
    await navigator.clipboard.writeText(text)
    return
  }
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'visually-hidden'
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}

/** Copies what is no command to a terminal, and says so. */
export async function copyAndTell(
  { message }: Pick<Store, 'message'>,
  what: string,
  text: string,
): Promise<void> {
  try {
    await copyText(harmlessText(text))
    message.value = `The ${what} was copied`
  } catch {
    message.value = `The browser does not let the ${what} be copied`
  }
}
