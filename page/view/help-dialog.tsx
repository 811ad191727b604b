/** What the keys do, and how to search. */

import { Modal } from './modal.tsx'

const keys: readonly (readonly [string, string])[] = [
  ['/', 'search'],
  ['Ctrl K', 'jump to a namespace, workload, pod or container'],
  ['↑ ↓, j k', 'line before, line after'],
  ['Enter', 'details of the line'],
  ['n, N', 'next, previous hit of the search'],
  ['e, E', 'next, previous error'],
  ['g, G', 'oldest, newest line'],
  ['Home, End', 'the same; End also resumes live'],
  ['l', 'live on and off'],
  ['Space', 'pause and resume live'],
  ['w', 'wrap: off, on, pretty JSON'],
  ['t', 'times on and off'],
  ['r', 'range of time'],
  ['?', 'this help'],
  ['Esc', 'close, or leave the search'],
]

const forms: readonly (readonly [string, string])[] = [
  ['timeout upstream', 'lines that have both words'],
  ['!healthz', 'lines that do not have it'],
  ['"connection refused"', 'lines that have the phrase'],
  ['/5\\d\\d /', 'lines that match the pattern (RE2 syntax)'],
  ['{namespace="shop"} | json | status >= 500', 'LogQL, where it begins with {'],
]

export function HelpDialog() {
  return (
    <Modal name="help" title="Keys and search">
      <Table caption="Keys" rows={keys} />
      <Table caption="Search" rows={forms} />
    </Modal>
  )
}

function Table({ caption, rows }: { readonly caption: string; readonly rows: typeof keys }) {
  return (
    <table class="help-table">
      <caption>{caption}</caption>
      <tbody>
        {rows.map(([what, meaning]) => (
          <tr key={what}>
            <th scope="row">
              <kbd>{what}</kbd>
            </th>
            <td>{meaning}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
