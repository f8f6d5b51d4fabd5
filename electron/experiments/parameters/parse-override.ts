/** From the text of one `-S` override to what it means, by Hydra's basic override grammar. Pure. */
import { callFunction } from './functions.ts';
import type { Argument } from './functions.ts';
import { lexValue } from './lex-value.ts';
import type { Token, TokenKind } from './lex-value.ts';
import { OverrideError } from './override.ts';
import type { Override, OverrideKind, Sweep } from './override.ts';
import { Quoted, readFloat } from './value.ts';
import type { Element, Scalar } from './value.ts';

const ID = String.raw`[A-Za-z_$][\w$-]*`;
const PATH = String.raw`(?:${ID}|0|[1-9]\d*)(?:\.(?:${ID}|0|[1-9]\d*))+`;
/** A key: nothing, a name, a dotted path, or a group `a/b`; then perhaps `@package`. */
const KEY = new RegExp(String.raw`^(|${ID}|${PATH}|${ID}(?:/${ID})+)(?:@(|${ID}|${PATH}))?$`);

/** Longest override and deepest nesting that are read; beyond it somebody is playing. */
const MAX_CHARACTERS = 100_000;
const MAX_DEPTH = 100;

/** What may stand in an unquoted value, and in an unquoted key of a mapping. */
const PLAIN: ReadonlySet<TokenKind> = new Set([
  'id',
  'null',
  'int',
  'float',
  'bool',
  'interpolation',
  'char',
  ':',
  'escape',
  'space',
]);
const PLAIN_KEY: ReadonlySet<TokenKind> = new Set(['id', 'null', 'int', 'float', 'bool', 'char', 'escape', 'space']);

/**
 * @param text one override, such as `train.lr=0.1`, `+a=1`, `~b`, `lr=0.1,0.2`
 * @param random 0 to 1, for a list that is to be shuffled
 * @throws OverrideError with the position, in words
 */
export function parseOverride(text: string, random: () => number = Math.random): Override {
  if (text.length > MAX_CHARACTERS)
    throw new OverrideError(text.slice(0, 40), `it has ${text.length} characters; at most ${MAX_CHARACTERS} are read`);
  const prefix = /^(?:~|\+\+|\+)?/.exec(text)?.[0] ?? '';
  const kind = ({ '': 'change', '+': 'add', '++': 'force', '~': 'delete' } as const)[prefix] as OverrideKind;
  const equal = text.indexOf('=');
  if (equal < 0 && kind !== 'delete')
    throw new OverrideError(text, "there is no '=' in it: write key=value", text.length);
  const name = text.slice(prefix.length, equal < 0 ? undefined : equal);
  const key = KEY.exec(name);
  if (key === null)
    throw new OverrideError(
      text,
      `'${name}' is no key: letters, digits, _ - $ and dots between the parts (a.b.0.c)`,
      prefix.length,
    );
  return {
    kind,
    key: key[1] as string,
    package: key[2] ?? null,
    value: equal < 0 ? undefined : parseValue(text, equal + 1, random),
    text,
  };
}

function parseValue(text: string, from: number, random: () => number): { element: Element } | { sweep: Sweep } {
  const start = from + (/^[ \t]*/.exec(text.slice(from))?.[0].length ?? 0);
  if (start >= text.length) return { element: '' };
  const parser = new Parser(text, lexValue(text, start), random);
  const first = parser.element();
  const items = [first];
  while (parser.accept(',')) items.push(parser.element());
  parser.end();
  if (items.length === 1) return first;
  return {
    sweep: {
      kind: 'choice',
      items: items.map((item) => parser.plainOnly(item, 'a list of choices')),
      simple: true,
      shuffle: false,
      tags: [],
    },
  };
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  readonly #random: () => number;

  constructor(text: string, tokens: readonly Token[], random: () => number) {
    this.#text = text;
    this.#random = random;
    this.#tokens = tokens;
  }

  accept(kind: TokenKind): boolean {
    if (this.#tokens[this.#next]?.kind !== kind) return false;
    this.#next += 1;
    return true;
  }

  end(): void {
    const rest = this.#tokens[this.#next];
    if (rest === undefined) return;
    if (rest.kind === '=') this.fail("a second '=' must be escaped (\\=) or quoted");
    this.fail(`'${rest.text.trim()}' is not expected here`);
  }

  element(): Argument {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) this.fail(`it is nested more than ${MAX_DEPTH} deep`);
    try {
      const token = this.#tokens[this.#next];
      if (token === undefined) this.fail('a value is missing');
      if (token.kind === '[') return { element: this.#list() };
      if (token.kind === '{') return { element: this.#mapping() };
      if (token.kind === 'quoted') {
        this.#next += 1;
        return { element: readQuoted(token.text) };
      }
      if (token.kind === 'id' && this.#tokens[this.#next + 1]?.kind === '(') return this.#call(token);
      return { element: this.#primitive(PLAIN) };
    } finally {
      this.#depth -= 1;
    }
  }

  /** @throws where a sweep stands in which only a value may. */
  plainOnly(argument: Argument, where: string): Element {
    if ('sweep' in argument) this.fail(`a sweep cannot stand in ${where}`);
    return argument.element;
  }

  fail(message: string): never {
    throw new OverrideError(this.#text, message, this.#tokens[this.#next]?.at ?? this.#text.length);
  }

  #expect(kind: TokenKind, what: string): void {
    if (!this.accept(kind)) this.fail(`${what} is missing`);
  }

  #list(): Element {
    this.#next += 1;
    const items: Element[] = [];
    if (this.accept(']')) return items;
    do items.push(this.plainOnly(this.element(), 'a list'));
    while (this.accept(','));
    this.#expect(']', 'the closing ]');
    return items;
  }

  #mapping(): Element {
    this.#next += 1;
    const entries = new Map<Scalar, Element>();
    if (this.accept('}')) return entries;
    do {
      const key = this.#primitive(PLAIN_KEY);
      this.#expect(':', "the ':' after a key");
      entries.set(key, this.plainOnly(this.element(), 'a mapping'));
    } while (this.accept(','));
    this.#expect('}', 'the closing }');
    return entries;
  }

  #call(name: Token): Argument {
    this.#next += 2;
    const positional: Argument[] = [];
    const named = new Map<string, Argument>();
    if (!this.accept(')')) {
      do {
        const token = this.#tokens[this.#next];
        if (token?.kind === 'id' && this.#tokens[this.#next + 1]?.kind === '=') {
          this.#next += 2;
          named.set(token.text, this.element());
        } else if (named.size > 0) this.fail('a plain argument cannot follow a named one');
        else positional.push(this.element());
      } while (this.accept(','));
      this.#expect(')', 'the closing )');
    }
    try {
      return callFunction(name.text, positional, named, this.#random);
    } catch (error) {
      throw new OverrideError(this.#text, (error as Error).message, name.at);
    }
  }

  /** One token is a typed value; several are a text, with blanks at its ends gone and escapes resolved. */
  #primitive(allowed: ReadonlySet<TokenKind>): Scalar {
    const from = this.#next;
    while (this.#next < this.#tokens.length && allowed.has((this.#tokens[this.#next] as Token).kind)) this.#next += 1;
    const tokens = this.#tokens.slice(from, this.#next);
    while (tokens[0]?.kind === 'space') tokens.shift();
    while (tokens.at(-1)?.kind === 'space') tokens.pop();
    if (tokens.length === 0) this.fail('a value is missing');
    if (tokens.length === 1) return readToken(tokens[0] as Token);
    return tokens.map((token) => (token.kind === 'escape' ? unescape(token.text) : token.text)).join('');
  }
}

const unescape = (text: string): string => text.replaceAll(/\\(.)/gs, '$1');

/** Only the backslashes before a quote, or before the end, mean something: two are one, and one quotes the quote. */
function readQuoted(text: string): Quoted {
  const quote = text[0] as "'" | '"';
  const body = text.slice(1, -1);
  const read = body.replaceAll(
    quote === "'" ? /(\\+)('|$)/g : /(\\+)("|$)/g,
    (_, slashes: string, end: string) => '\\'.repeat(Math.floor(slashes.length / 2)) + end,
  );
  return new Quoted(read, quote);
}

function readToken(token: Token): Scalar {
  switch (token.kind) {
    case 'null':
      return null;
    case 'bool':
      return token.text.toLowerCase() === 'true';
    case 'int':
      return BigInt(token.text.replaceAll('_', '').replace(/^\+/, ''));
    case 'float':
      return readFloat(token.text);
    case 'escape':
      return unescape(token.text);
    default:
      return token.text.trim();
  }
}
