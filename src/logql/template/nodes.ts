/** The tree of a template, after Go's text/template. */

import type { Value } from './values.ts'

export type Operand =
  | { readonly kind: 'dot' }
  /** `.a.b`: members of what the dot is. */
  | { readonly kind: 'field'; readonly path: readonly string[] }
  | { readonly kind: 'variable'; readonly name: string; readonly path: readonly string[] }
  | { readonly kind: 'pipeline'; readonly pipeline: Pipeline; readonly path: readonly string[] }
  | { readonly kind: 'function'; readonly name: string }
  /** `float`: what a whole number is where a fraction may stand. */
  | { readonly kind: 'constant'; readonly value: Value; readonly float: number | null }

export type Command = { readonly operands: readonly Operand[] }

/** `names`: variables that get the value; `isNew`: they are declared by it. */
export type Pipeline = {
  readonly names: readonly string[]
  readonly isNew: boolean
  readonly commands: readonly Command[]
}

export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly pipeline: Pipeline }
  | {
      readonly kind: 'if' | 'with' | 'range'
      readonly pipeline: Pipeline
      readonly body: readonly TemplateNode[]
      readonly otherwise: readonly TemplateNode[]
    }
  | { readonly kind: 'break' | 'continue' }
