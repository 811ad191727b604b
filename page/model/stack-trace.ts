/**
 * Knows the lines that go on with a stack trace: Java, Node, Python, Go, .NET, Ruby, Rust, PHP. The line that
 * names an error is never one of them: it begins a row of its own.
 */

/**
 * `frame`: a place in code. `inner`: what stands between frames. `call`: a name and parentheses, which are a
 * frame's first half in Go alone.
 */
export type TracePart = 'frame' | 'inner' | 'call'

const frames = new RegExp(
  [
    String.raw`^(?:\s+at \S|\s+File "|\s+from \S+:\d+|\t\S+\.go:\d+|\s*\d+: \S+::\S|#\d+ \S+[(:]\d+)`,
    String.raw`^\s+\.\.\. \d+ (?:more|common frames)`,
  ].join('|'),
)
const inners = new RegExp(
  [
    String.raw`^(?:Caused by: |\s*Suppressed: |\s*--- End of |Traceback \(most recent|goroutine \d+ \[`,
    String.raw`created by |\.\.\. \d+ (?:more|common frames)|\s{2,}\S|\t\S)`,
  ].join('|'),
)
const calls = /^[\w./*()]+\(.*\)$/
/** Begins like one, but is a line of its own: times, levels, brackets, objects. */
const ownLines = /^(?:\d{4}-\d\d|\d\d:\d\d|[IWEF]\d{4} |\[|\{|level=|time=|ts=)/
/** What a call of Go may follow. */
const beforeCalls = /^goroutine \d+ \[|^\t\S+\.go:\d+/

const headCharsMax = 200

/** Null: a line of its own. */
export function tracePartOf(line: string): TracePart | null {
  const head = line.length > headCharsMax ? line.slice(0, headCharsMax) : line
  if (ownLines.test(head)) return null
  if (frames.test(head)) return 'frame'
  if (inners.test(head)) return 'inner'
  return calls.test(head) ? 'call' : null
}

/** Whether a call of Go may follow: behind the head of a goroutine, or the place of the call before. */
export function isBeforeCall(line: string): boolean {
  return beforeCalls.test(line)
}
