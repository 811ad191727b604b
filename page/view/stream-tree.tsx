/** The tree of namespaces, workloads, pods and containers to choose from. */

import { useMemo, useState } from 'preact/hooks'
import { formatAge, formatCount, shortCount } from '../model/amounts.ts'
import { hueOf } from '../model/rows.ts'
import { type Node, toggleSelected } from '../model/stream-tree.ts'
import type { Store } from '../state/store.ts'
import { useStore } from './store-context.ts'

export function StreamTree() {
  const store = useStore()
  const { streams, address } = store
  const tree = streams.tree.value
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set())
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set())
  const [typed, setTyped] = useState('')
  const shown = useMemo(() => (typed === '' ? tree : filterTree(tree, typed.toLowerCase())), [tree, typed])
  const { select } = address.view.value
  const isOpen = (node: Node): boolean => {
    if (typed !== '') return true
    return node.kind === 'namespace' ? !closed.has(node.path) : opened.has(node.path)
  }
  const flip = (node: Node): void => {
    const [keys, set] = node.kind === 'namespace' ? [closed, setClosed] : [opened, setOpened]
    const next = new Set(keys)
    if (!next.delete(node.path)) next.add(node.path)
    set(next)
  }
  return (
    <nav class="tree" aria-label="Namespaces and pods">
      <div class="tree-head">
        <input
          type="search"
          aria-label="Narrow the tree"
          placeholder="narrow the tree"
          value={typed}
          onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        />
        <button
          type="button"
          class="chip"
          disabled={select.length === 0}
          onClick={() => address.go({ select: [], line: null })}
        >
          all
        </button>
      </div>
      {streams.streams.value === null && streams.error.value === null && <p class="note">Loading …</p>}
      {streams.error.value !== null && <p class="error-text">{streams.error.value.message}</p>}
      {streams.streams.value !== null && shown.length === 0 && <p class="note">Nothing here.</p>}
      <ul class="tree-list">
        {shown.map((node) => (
          <TreeNode
            key={node.path}
            node={node}
            depth={0}
            store={store}
            isOpen={isOpen}
            flip={flip}
            held={false}
          />
        ))}
      </ul>
    </nav>
  )
}

type TreeNodeProps = {
  readonly node: Node
  readonly depth: number
  readonly store: Store
  readonly isOpen: (node: Node) => boolean
  readonly flip: (node: Node) => void
  /** Whether one above it is selected. */
  readonly held: boolean
}

function TreeNode({ node, depth, store, isOpen, flip, held }: TreeNodeProps) {
  const { select } = store.address.view.value
  const isSelected = node.paths.every((path) => select.includes(path))
  const open = isOpen(node)
  const choose = (alone: boolean): void =>
    store.address.go({ select: toggleSelected(select, node.paths, alone), line: null })
  const state = `${node.present ? '' : ' gone'}${isSelected ? ' selected' : ''}${held ? ' held' : ''}`
  return (
    <li>
      <div class={`node depth-${depth} kind-${node.kind}${state}`}>
        {node.children.length > 0 ? (
          <button
            type="button"
            class="twist"
            aria-expanded={open}
            aria-label={`${open ? 'Close' : 'Open'} ${node.name}`}
            onClick={() => flip(node)}
          >
            {open ? '▾' : '▸'}
          </button>
        ) : (
          <span class="twist" />
        )}
        <input
          type="checkbox"
          aria-label={`Select ${node.name} too`}
          checked={isSelected || held}
          disabled={held && !isSelected}
          onChange={() => choose(false)}
        />
        <button
          type="button"
          class="name"
          title={titleOf(node)}
          onClick={(event) => choose(!event.ctrlKey && !event.metaKey && !event.shiftKey)}
        >
          {node.kind === 'pod' && <span class={`source-mark hue-${hueOf(node.path)}`} />}
          <span class="name-text">{node.name}</span>
          {!node.present && <span class="badge">gone</span>}
          {node.restarts > 0 && node.kind !== 'namespace' && (
            <span class="badge restarts" title={`restarted ${node.restarts} times`}>
              ↻{node.restarts}
            </span>
          )}
          <span class="count">{shortCount(node.lines)}</span>
          <span class="ago">{agoOf(node)}</span>
        </button>
      </div>
      {open && node.children.length > 0 && (
        <ul>
          {node.children.map((child) => (
            <TreeNode
              key={child.path}
              node={child}
              depth={depth + 1}
              store={store}
              isOpen={isOpen}
              flip={flip}
              held={held || isSelected}
            />
          ))}
        </ul>
      )}
    </li>
  )
}

function agoOf({ lastTime }: Node): string {
  return lastTime === null ? '' : formatAge(Date.now() - Date.parse(lastTime))
}

function titleOf(node: Node): string {
  const last = node.lastTime === null ? 'never written' : `last line ${agoOf(node)} ago`
  const state = node.present ? '' : ', gone: its lines stay until they expire'
  return `${node.kind} ${node.name}: ${formatCount(node.lines)} lines, ${last}${state}. With Ctrl: select it too.`
}

/** Nodes whose name holds the text, with all that is above and below them. */
function filterTree(nodes: readonly Node[], typed: string): readonly Node[] {
  return nodes.flatMap((node) => {
    if (node.name.toLowerCase().includes(typed)) return [node]
    const children = filterTree(node.children, typed)
    return children.length === 0 ? [] : [{ ...node, children }]
  })
}
