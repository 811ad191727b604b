/** Random patterns in RE2 syntax, with lines that some of them match. */

import fc from 'fast-check'

const literals = [
  ...Array.from('aabbcksKS.1 _=-'),
  '\\.',
  'é',
  'É',
  '\u212a',
  '\u017f',
  '😀',
  'ß',
  '\\x41',
  '\\x{e9}',
  '\r',
  '\\n',
  '\ufffd',
  '/',
]
const classes = [
  '.',
  '\\d',
  '\\D',
  '\\w',
  '\\W',
  '\\s',
  '\\S',
  '[abc]',
  '[^abc]',
  '[a-k]',
  '[^a-z]',
  '[[:upper:]]',
  '[^[:alpha:]_]',
  '[é-ÿa]',
  '[^é]',
  '[😀-😂x]',
  '\\pL',
  '\\PL',
  '\\p{Greek}',
  '[\\d_]',
  '[^\\S]',
  '[\\r\\n]',
  '[^\\x00-\\x{10ffff}]',
]
const assertions = ['^', '$', '\\b', '\\B', '\\A', '\\z', '(?m:^)', '(?m:$)']
const repeats = [
  '*',
  '+',
  '?',
  '*?',
  '+?',
  '??',
  '{2}',
  '{0,2}',
  '{1,3}?',
  '{2,}',
  '{0}',
  '{17}',
  '{0,20}',
  '{3,21}',
]
const groups = ['(', '(?:', '(?i:', '(?s:', '(?m:', '(?U:', '(?i-s:']

const atom = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...literals) },
  { weight: 3, arbitrary: fc.constantFrom(...classes) },
  { weight: 1, arbitrary: fc.constantFrom(...assertions) },
)

/** Repeats nest at most three deep, so that counts stay within the bound. */
export const randomPattern: fc.Arbitrary<string> = fc.letrec<{ pattern: string; item: string }>((tie) => ({
  pattern: fc
    .array(fc.array(tie('item'), { maxLength: 4 }), { minLength: 1, maxLength: 3 })
    .map((alternatives) => alternatives.map((items) => items.join('')).join('|')),
  item: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'pattern' },
    { weight: 5, arbitrary: atom },
    {
      weight: 3,
      arbitrary: fc.tuple(atom, fc.constantFrom(...repeats)).map(([item, repeat]) => item + repeat),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(
          fc.constantFrom(...groups),
          tie('pattern'),
          fc.constantFrom('', '', '*', '+', '?', '{2}', '{0,3}'),
        )
        .map(([group, inner, repeat]) => `${group}${inner})${repeat}`),
    },
  ),
})).pattern

const pieces = [
  ...Array.from('aaabbbcksKS..11  __==--/'),
  'é',
  'É',
  '\u212a',
  '\u017f',
  '😀',
  '😁',
  'ß',
  'Ω',
  '\r',
  '\t',
  'A',
  'Z',
  '\ufffd',
  '\u2028',
  '\u0085',
]

/** Text without LF; about half of them pure ASCII. */
export const randomLine: fc.Arbitrary<string> = fc.oneof(
  fc
    .array(fc.constantFrom(...pieces.filter((piece) => piece <= '~')), { maxLength: 14 })
    .map((parts) => parts.join('')),
  fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map((parts) => parts.join('')),
  fc.constantFrom('a'.repeat(40), `${'ab'.repeat(20)}c`, 'k'.repeat(18)),
)
