/** Knows the lines that go on with a stack trace: Java, Node, Python, Go, .NET, Ruby. */

const continuations = new RegExp(
  [
    String.raw`^(?:\s+at |\s*\.\.\. \d+ (?:more|common frames)|Caused by: |\s*Suppressed: |\s*--- End of `,
    String.raw`\s+File "|Traceback \(most recent|goroutine \d+ \[|created by |\s+from \S+:\d+`,
    String.raw`\s{2,}\S|\t\S|[\w./*]+\(.*\)$|[\w.]*(?:Error|Exception): )`,
  ].join('|'),
)
/** Begins like one, but is a line of its own: times, levels, brackets, objects. */
const ownLines = /^(?:\d{4}-\d\d|\d\d:\d\d|[IWEF]\d{4} |\[|\{|level=|time=|ts=)/

export function isContinuation(line: string): boolean {
  const head = line.length > 200 ? line.slice(0, 200) : line
  return continuations.test(head) && !ownLines.test(head)
}
