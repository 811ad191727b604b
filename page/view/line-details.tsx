/** What one line holds: its fields, its whole text, where it comes from, and the lines around it. */

import { useMemo, useState } from 'preact/hooks'
import { formatCount } from '../model/amounts.ts'
import { plainText } from '../model/ansi.ts'
import { textOf } from '../model/entry.ts'
import { fieldTerm } from '../model/field-term.ts'
import { fieldsOf } from '../model/line-fields.ts'
import type { Item } from '../model/rows.ts'
import { fullTime } from '../model/time-format.ts'
import type { Zone } from '../model/view-state.ts'
import { copyAndTell } from './clipboard.ts'
import { LineContext } from './line-context.tsx'
import { LineText } from './line-text.tsx'
import { useStore } from './store-context.ts'

/** Of the whole text: enough to read; more is drawn when asked for. */
const textCharsMax = 20_000

type Props = { readonly item: Item; readonly folded: readonly Item[]; readonly zone: Zone }

export function LineDetails({ item, folded, zone }: Props) {
  const store = useStore()
  const { entry, source } = item
  const [withContext, setContext] = useState(false)
  const text = [item, ...folded].map(({ entry }) => textOf(entry)).join('\n')
  const only = (path: string): void => store.address.go({ select: [path], line: null })
  const copy = (what: string, copied: string): void => void copyAndTell(store, what, copied)
  return (
    <div class="details">
      <div class="details-actions">
        <button type="button" onClick={() => copy('line', text)}>
          Copy line
        </button>
        <button type="button" onClick={() => copy('link', store.linkToLine(entry))}>
          Copy link
        </button>
        <button type="button" aria-pressed={withContext} onClick={() => setContext(!withContext)}>
          Context
        </button>
        <button type="button" onClick={() => store.goToLine(entry)}>
          Mark and go here
        </button>
        <button type="button" onClick={() => only(`${source.namespace}/${source.pod}`)}>
          Only this pod
        </button>
        <button type="button" onClick={() => only(source.id)}>
          Only this container
        </button>
      </div>
      <dl class="origin">
        <Origin name="time" value={fullTime(entry.time, zone)} />
        <Origin name="pod" value={`${source.namespace}/${source.pod}`} />
        <Origin name="container" value={source.container} />
        <Origin name="restart" value={String(entry.restart)} />
        <Origin name="node" value={entry.node} />
        {entry.kind === 'line' && <Origin name="stream" value={entry.stream} />}
        {entry.kind === 'line' && <Origin name="level" value={entry.level} />}
        {entry.flags.length > 0 && <Origin name="flags" value={entry.flags.join(', ')} />}
      </dl>
      {entry.kind === 'line' && <Fields line={plainText(entry.line)} />}
      <WholeText text={text} />
      {withContext && <LineContext entry={entry} zone={zone} />}
    </div>
  )
}

function Origin({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

function Fields({ line }: { readonly line: string }) {
  const store = useStore()
  const fields = useMemo(() => fieldsOf(line), [line])
  if (fields.length === 0) return null
  return (
    <table class="fields">
      <caption class="visually-hidden">Fields of the line</caption>
      <tbody>
        {fields.map((field, index) => (
          <tr key={`${index} ${field.name}`}>
            <th scope="row">{field.name}</th>
            <td class="field-actions">
              <button
                type="button"
                aria-label={`Only lines with this ${field.name}`}
                title="Only lines with this value"
                onClick={() => store.addTerm(fieldTerm(line, field), false)}
              >
                +
              </button>
              <button
                type="button"
                aria-label={`No lines with this ${field.name}`}
                title="No lines with this value"
                onClick={() => store.addTerm(fieldTerm(line, field), true)}
              >
                −
              </button>
              <button
                type="button"
                aria-label={`Copy ${field.name}`}
                title="Copy the value"
                onClick={() => void copyAndTell(store, field.name, field.value)}
              >
                copy
              </button>
            </td>
            <td class="field-value">
              <LineText text={field.value} highlighter={store.highlighter.value} charsMax={textCharsMax} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function WholeText({ text }: { readonly text: string }) {
  const store = useStore()
  const [charsMax, setCharsMax] = useState(textCharsMax)
  return (
    <pre class="whole-text">
      <LineText text={text} highlighter={store.highlighter.value} charsMax={charsMax} />
      {text.length > charsMax && (
        <button type="button" class="link" onClick={() => setCharsMax(charsMax * 10)}>
          … show more of {formatCount(text.length - charsMax)} characters
        </button>
      )}
    </pre>
  )
}
