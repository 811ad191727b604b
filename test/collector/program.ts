/**
 * A writer as containers and kubelet are, driven by random commands, that knows which lines it wrote in which
 * order.
 */

import fs from 'node:fs'
import { NodeFolder } from './node-folder.ts'

export type Command =
  | { readonly type: 'lines'; readonly texts: readonly string[]; readonly isStderr: boolean }
  | { readonly type: 'fragment'; readonly text: string; readonly isStderr: boolean }
  | { readonly type: 'half'; readonly text: string }
  | { readonly type: 'rotate'; readonly isLate: boolean }
  | { readonly type: 'copytruncate' }
  | { readonly type: 'restart' }
  | { readonly type: 'kill'; readonly down: readonly Command[] }
  | { readonly type: 'pass'; readonly ms: number }
  | { readonly type: 'poll' }
  | { readonly type: 'commit' }
  | { readonly type: 'removeOld' }

type Iostream = 'stdout' | 'stderr'

export class Program {
  readonly node = new NodeFolder()
  /** Expected bodies by instance and iostream. */
  readonly expected = new Map<string, string[]>()
  readonly #pending = new Map<Iostream, string>()
  #restart = 0
  #stamp = 0
  #half: string | null = null
  #count = 0

  async run(command: Command): Promise<void> {
    const { node } = this
    if (command.type === 'pass') await node.pass(command.ms)
    else if (command.type === 'commit') node.core.commit(node.now)
    else if (command.type === 'kill') {
      node.core.close()
      for (const one of command.down) await this.run(one)
      node.kill()
    } else if (command.type === 'poll') {
      node.now += 250
      node.core.scan(node.now)
      node.core.poll(node.now)
    } else if (command.type === 'removeOld') await this.#removeOld()
    else this.#write(command)
  }

  /** Ends what is open, lets everything be read, and compares. */
  async finish(): Promise<void> {
    this.#endHalf()
    await this.node.pass(40_000)
    await this.node.settle()
    for (const [iostream, text] of this.#pending) this.#expect(iostream, text)
    this.node.append(`${this.#restart + 1}.log`, this.node.line('last'))
    this.expected.set(`${this.#restart + 1}/stdout`, ['last'])
    await this.node.pass(40_000)
    await this.node.settle()
  }

  actual(): Map<string, string[]> {
    const found = new Map<string, string[]>()
    for (const { stream, text, attributes } of this.node.writer.entries()) {
      const key = `${stream.split('/').at(-1)}/${(attributes & 1) === 1 ? 'stderr' : 'stdout'}`
      found.set(key, [...(found.get(key) ?? []), text])
    }
    return found
  }

  get #live(): string {
    return `${this.#restart}.log`
  }

  #expect(iostream: Iostream, text: string): void {
    const key = `${this.#restart}/${iostream}`
    this.expected.set(key, [...(this.expected.get(key) ?? []), text])
  }

  #name(text: string): string {
    this.#count += 1
    return `${this.#count}-${text}`
  }

  #write(command: Command): void {
    const { node } = this
    if (command.type === 'lines' || command.type === 'fragment') {
      this.#endHalf()
      const iostream = command.isStderr ? 'stderr' : 'stdout'
      const isFragment = command.type === 'fragment'
      for (const text of isFragment ? [command.text] : command.texts) {
        const named = this.#name(text)
        node.append(this.#live, node.line(named, isFragment ? 'P' : 'F', iostream))
        this.#piece(iostream, named, isFragment)
      }
    } else if (command.type === 'half') {
      this.#endHalf()
      const named = this.#name(command.text)
      node.append(this.#live, node.line(`${named} begun`).trimEnd())
      this.#half = `${named} begun`
    } else if (command.type === 'rotate') this.#rotate(command.isLate)
    else if (command.type === 'copytruncate') this.#copyTruncate()
    else if (command.type === 'restart') this.#nextInstance()
  }

  #piece(iostream: Iostream, text: string, isFragment: boolean): void {
    const whole = (this.#pending.get(iostream) ?? '') + text
    if (isFragment) this.#pending.set(iostream, whole)
    else {
      this.#pending.delete(iostream)
      this.#expect(iostream, whole)
    }
  }

  /** Writes the rest of a line that was begun, into the file where it was begun. */
  #endHalf(file = this.#live): void {
    if (this.#half === null) return
    this.node.append(file, ' ended\n')
    this.#piece('stdout', `${this.#half} ended`, false)
    this.#half = null
  }

  #nextStamp(): string {
    this.#stamp += 1
    return `${this.#live}.20261122-${String(100_000 + this.#stamp)}`
  }

  #rotate(isLate: boolean): void {
    const { node } = this
    const live = this.#live
    if (!fs.existsSync(node.file(live))) return
    if (!isLate) this.#endHalf()
    for (const name of fs.readdirSync(node.container)) {
      if (name.startsWith(`${live}.`) && !name.endsWith('.gz')) node.gzip(name)
    }
    const stamped = this.#nextStamp()
    node.rename(live, stamped)
    node.append(live)
    this.#endHalf(stamped)
  }

  #copyTruncate(): void {
    const { node } = this
    this.#endHalf()
    const live = node.file(this.#live)
    if (!fs.existsSync(live) || fs.statSync(live).size === 0) return
    fs.copyFileSync(live, node.file(this.#nextStamp()))
    fs.truncateSync(live)
  }

  /** What the old instance left open comes out as it is. */
  #nextInstance(): void {
    if (this.#half !== null) this.#piece('stdout', this.#half, false)
    this.#half = null
    for (const [iostream, text] of this.#pending) this.#expect(iostream, text)
    this.#pending.clear()
    this.#restart += 1
    this.node.append(this.#live)
  }

  /** Kubelet deletes the files of an instance that is over; there is time to read them first. */
  async #removeOld(): Promise<void> {
    const { node } = this
    const old = `${this.#restart - 1}.log`
    if (this.#restart === 0 || !fs.existsSync(node.file(old))) return
    await node.pass(4000)
    await node.settle()
    for (const name of fs.readdirSync(node.container)) if (name.startsWith(old)) node.remove(name)
  }
}
