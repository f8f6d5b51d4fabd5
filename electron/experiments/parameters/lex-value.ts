/**
 * Splits the value of an override into tokens, longest match first, by the lexical rules of Hydra 1.3's value mode. Pure.
 */
import { OverrideError } from './override.ts';

export type TokenKind =
  | 'quoted'
  | 'interpolation'
  | 'escape'
  | 'space'
  | 'id'
  | 'null'
  | 'bool'
  | 'int'
  | 'float'
  | 'char'
  | '('
  | ')'
  | '['
  | ']'
  | '{'
  | '}'
  | ','
  | ':'
  | '=';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Index in the override's text. */
  readonly at: number;
}

// An unsigned integer has no leading zero, so `012` is a string; underscores stand between digits only.
const INT = String.raw`(?:0|[1-9](?:_?\d)*)`;
const DIGITS = String.raw`\d(?:_?\d)*`;
const POINT = String.raw`(?:${INT}?\.${DIGITS}|${INT}\.)`;
const FLOAT = String.raw`[+-]?(?:(?:${POINT}|${INT})[eE][+-]?${DIGITS}|${POINT}|[iI][nN][fF]|[nN][aA][nN])`;

/** In the order that decides between matches of one length. */
const RULES: readonly (readonly [TokenKind, RegExp])[] = [
  ['(', /[ \t]*\([ \t]*/y],
  [')', /[ \t]*\)/y],
  ['[', /\[[ \t]*/y],
  [']', /[ \t]*\]/y],
  ['{', /\{[ \t]*/y],
  ['}', /[ \t]*\}/y],
  [',', /[ \t]*,[ \t]*/y],
  [':', /[ \t]*:[ \t]*/y],
  ['=', /[ \t]*=[ \t]*/y],
  ['float', new RegExp(FLOAT, 'y')],
  ['int', new RegExp(`[+-]?${INT}`, 'y')],
  ['bool', /true|false/iy],
  ['null', /null/iy],
  ['id', /[A-Za-z_][A-Za-z0-9_-]*/y],
  ['escape', /(?:\\[\\()[\]{}:=, \t])+/y],
  ['space', /[ \t]+/y],
  ['char', /[/\-\\+.$%*@?|]/y],
];

/** End of the quoted text that begins at `from`: at the first quote after an even number of backslashes; -1 where there is none. */
function closingQuote(text: string, from: number): number {
  const quote = text[from];
  for (let i = from + 1; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === quote) return i;
  }
  return -1;
}

/** End of the interpolation `${...}` that begins at `from`, others within it counted; -1 where it is not closed. */
function closingBrace(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i += 1) {
    if (text[i] === '{') depth += 1;
    else if (text[i] === '}') {
      depth -= 1;
      if (depth === 0) return i;
    }
  }
  return -1;
}

/**
 * @param text the whole override
 * @param from index of the value's first character
 * @throws OverrideError at a character that must be quoted, or at a quote that is never closed
 */
export function lexValue(text: string, from: number): readonly Token[] {
  const tokens: Token[] = [];
  let at = from;
  while (at < text.length) {
    const token = tokenAt(text, at);
    tokens.push(token);
    at += token.text.length;
  }
  return tokens;
}

function tokenAt(text: string, at: number): Token {
  const first = text[at];
  if (first === "'" || first === '"') {
    const end = closingQuote(text, at);
    if (end < 0) throw new OverrideError(text, `the quote ${first} is not closed`, at);
    return { kind: 'quoted', text: text.slice(at, end + 1), at };
  }
  if (text.startsWith('${', at)) {
    const end = closingBrace(text, at + 1);
    if (end >= 0) return { kind: 'interpolation', text: text.slice(at, end + 1), at };
  }
  let best: Token | null = null;
  for (const [kind, rule] of RULES) {
    rule.lastIndex = at;
    const match = rule.exec(text)?.[0];
    if (match !== undefined && match.length > (best?.text.length ?? 0)) best = { kind, text: match, at };
  }
  if (best === null)
    throw new OverrideError(text, `'${String.fromCodePoint(text.codePointAt(at) as number)}' must stand in quotes`, at);
  return best;
}
