/**
 * Parameters as assignments of literals in a Python file, as DVC knows them: names of the module, attributes of classes, `self.x` in their
 * `__init__`, entries of dictionaries. The file is never run; lezer's grammar gives its syntax tree.
 */
import type { SyntaxNode } from '@lezer/common';
import { parser } from '@lezer/python';
import { isList, isMap, readFloat, writeFloat } from '../value.ts';
import type { Scalar, Value } from '../value.ts';
import { FileFault, lineEnd, lineStart, newlineOf, removeLines, splice } from './format.ts';
import type { Edit, Format } from './format.ts';
import { editLocated } from './located.ts';
import type { Located, Member, Writer } from './located.ts';

function writeText(text: string, old: string): string {
  const quote = old.startsWith('"') ? '"' : "'";
  const escaped = JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(String.raw`\"`, '"')
    .replaceAll(quote, `\\${quote}`);
  return `${quote}${escaped}${quote}`;
}
function inline(value: Value, old: string): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return Number.isFinite(value) ? writeFloat(value) : `float('${writeFloat(value)}')`;
  if (isList(value)) {
    const items = value.map((item) => inline(item as Value, ''));
    return old.startsWith('(') ? `(${items.join(', ')}${items.length === 1 ? ',' : ''})` : `[${items.join(', ')}]`;
  }
  if (isMap<Value>(value))
    return `{${[...value].map(([key, item]) => `${inline(key, '')}: ${inline(item, '')}`).join(', ')}}`;
  return typeof value === 'string' ? writeText(value, old) : String(value);
}
const writer: Writer = {
  inline,
  key: (key) => inline(key, ''),
  entry: (key, value, indent) => `${indent}${key} = ${inline(value, '')}`,
  colon: ': ',
};

const children = (node: SyntaxNode): SyntaxNode[] => {
  const found: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) found.push(child);
  return found;
};

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\u0007',
  b: '\b',
  f: '\f',
  v: '\v',
  '\n': '',
};

/** @returns null for bytes, and for texts with something to compute in them */
function readText(source: string): string | null {
  const match = /^([a-zA-Z]*)('''|"""|'|")([\s\S]*)\2$/.exec(source);
  if (match === null) return null;
  const [, prefix, , body] = match as unknown as [string, string, string, string];
  if (/[bft]/i.test(prefix)) return null;
  if (/r/i.test(prefix)) return body;
  return body.replaceAll(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|([\s\S]))/g,
    (whole, x?: string, u?: string, wide?: string, octal?: string, one?: string) => {
      const hex = x ?? u ?? wide;
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
      return ESCAPES[one as string] ?? whole;
    },
  );
}

function readNumber(source: string): bigint | number | null {
  const clean = source.replaceAll('_', '').toLowerCase();
  if (/^(?:0[xob][0-9a-f]+|0+|[1-9]\d*)$/.test(clean)) return BigInt(/^0+$/.test(clean) ? '0' : clean);
  return /^(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/.test(clean) ? readFloat(clean) : null;
}

/** @returns null where it is no literal: such an assignment is no parameter */
function locate(text: string, node: SyntaxNode): Located | null {
  const place = { sealed: null, start: node.from, end: node.to, after: node.from, flow: true };
  const scalar = (value: Scalar): Located => ({ ...place, kind: 'scalar', value, members: [] });
  const source = text.slice(node.from, node.to);
  switch (node.name) {
    case 'None':
      return scalar(null);
    case 'Boolean':
      return scalar(source === 'True');
    case 'Number': {
      const value = readNumber(source);
      return value === null ? null : scalar(value);
    }
    case 'UnaryExpression': {
      const value =
        node.lastChild?.name === 'Number' ? readNumber(text.slice(node.lastChild.from, node.lastChild.to)) : null;
      if (value === null || !/^[+-]/.test(source)) return null;
      return scalar(source.startsWith('-') ? -value : value);
    }
    case 'String': {
      const value = readText(source);
      return value === null ? null : scalar(value);
    }
    case 'ContinuedString': {
      const parts = children(node).map((part) => readText(text.slice(part.from, part.to)));
      return parts.includes(null) ? null : scalar(parts.join(''));
    }
    case 'CallExpression': {
      const match = /^float\(\s*(['"])([+-]?(?:inf|nan))\1\s*\)$/i.exec(source);
      return match === null ? null : scalar(readFloat(match[2] as string));
    }
    case 'ArrayExpression':
    case 'TupleExpression':
      return locateList(text, node);
    case 'DictionaryExpression':
      return locateDictionary(text, node);
    default:
      return null;
  }
}

const PUNCTUATION = new Set(['[', ']', '(', ')', '{', '}', ',', ':', 'Comment']);

function locateList(text: string, node: SyntaxNode): Located | null {
  const items = children(node).filter(({ name }) => !PUNCTUATION.has(name));
  const located = items.map((item) => locate(text, item));
  if (located.includes(null)) return null;
  const members = (located as Located[]).map((item, index): Member => ({
    key: BigInt(index),
    start: item.start,
    node: item,
  }));
  return {
    kind: 'list',
    sealed: null,
    value: members.map(({ node: item }) => item.value),
    start: node.from,
    end: node.to,
    after: node.from,
    flow: true,
    members,
  };
}

function locateDictionary(text: string, node: SyntaxNode): Located | null {
  const parts = children(node).filter(({ name }) => !PUNCTUATION.has(name));
  if (parts.length % 2 !== 0) return null;
  const members: Member[] = [];
  for (let i = 0; i < parts.length; i += 2) {
    const key = locate(text, parts[i] as SyntaxNode);
    const value = locate(text, parts[i + 1] as SyntaxNode);
    if (key === null || value === null || key.kind !== 'scalar') return null;
    members.push({ key: key.value as Scalar, start: key.start, node: value });
  }
  const value = new Map(members.map(({ key, node: item }) => [key as Scalar, item.value]));
  return { kind: 'map', sealed: null, value, start: node.from, end: node.to, after: node.from, flow: true, members };
}

/** One assignment, or a class with its own. */
type Entry =
  | { readonly kind: 'assignment'; readonly statement: SyntaxNode; readonly node: Located }
  | { readonly kind: 'class'; readonly statement: SyntaxNode; readonly entries: ReadonlyMap<string, Entry> };

function collect(text: string, statements: readonly SyntaxNode[], into: Map<string, Entry>, self: boolean): void {
  for (const statement of statements) {
    // a = 1; b = 2
    if (statement.name === 'StatementGroup') collect(text, children(statement), into, self);
    else if (statement.name === 'AssignStatement') {
      const parts = children(statement).filter(({ name }) => name !== 'TypeDef');
      const [target, operator, value] = parts;
      if (parts.length !== 3 || operator?.name !== 'AssignOp' || target === undefined || value === undefined) continue;
      const source = text.slice(target.from, target.to);
      const name = self ? /^self\.(\w+)$/.exec(source)?.[1] : /^\w+$/.exec(source)?.[0];
      const node = locate(text, value);
      if (name !== undefined && node !== null) into.set(name, { kind: 'assignment', statement, node });
    } else if (statement.name === 'ClassDefinition' && !self) {
      const name = statement.getChild('VariableName');
      const body = statement.getChild('Body');
      if (name === null || body === null) continue;
      const entries = new Map<string, Entry>();
      collect(text, children(body), entries, false);
      for (const method of body.getChildren('FunctionDefinition')) {
        const methodName = method.getChild('VariableName');
        const methodBody = method.getChild('Body');
        if (methodName === null || methodBody === null || text.slice(methodName.from, methodName.to) !== '__init__')
          continue;
        collect(text, children(methodBody), entries, true);
      }
      into.set(text.slice(name.from, name.to), { kind: 'class', statement, entries });
    }
  }
}

function entriesOf(text: string): ReadonlyMap<string, Entry> {
  const tree = parser.parse(text);
  tree.iterate({
    enter: (node) => {
      if (node.type.isError) {
        const line = text.slice(0, node.from).split('\n').length;
        throw new FileFault(`line ${line}: this is not Python as far as it can be read`);
      }
    },
  });
  const entries = new Map<string, Entry>();
  collect(text, children(tree.topNode), entries, false);
  return entries;
}

const valuesOf = (entries: ReadonlyMap<string, Entry>): Value =>
  new Map(
    [...entries].map(([name, entry]) => [name, entry.kind === 'class' ? valuesOf(entry.entries) : entry.node.value]),
  );

function edit(text: string, change: Edit): string {
  const newline = newlineOf(text);
  let entries = entriesOf(text);
  let holder: Extract<Entry, { kind: 'class' }> | null = null;
  for (const [depth, step] of change.path.entries()) {
    const entry = entries.get(step);
    const rest = change.path.slice(depth + 1);
    if (entry === undefined) return insert(text, holder, entries, step, change, newline);
    if (entry.kind === 'assignment') {
      if (rest.length > 0 || change.kind !== 'delete')
        return editLocated(text, entry.node, { ...change, path: rest }, writer);
      return removeStatement(text, entry.statement);
    }
    if (rest.length === 0)
      throw new FileFault(`${change.path.join('.')} is a class: change what is in it, or the file by hand`);
    holder = entry;
    ({ entries } = entry);
  }
  return text;
}

function removeStatement(text: string, { from, to }: SyntaxNode): string {
  const alone =
    text.slice(lineStart(text, from), from).trim() === '' && !/^[^\n]*;/.test(text.slice(to, lineEnd(text, to)));
  if (!alone) throw new FileFault('other statements stand in its line: delete it by hand');
  return removeLines(text, from, to);
}

function insert(
  text: string,
  holder: Extract<Entry, { kind: 'class' }> | null,
  entries: ReadonlyMap<string, Entry>,
  name: string,
  change: Edit,
  newline: string,
): string {
  if (change.kind === 'delete') throw new FileFault(`${change.path.join('.')} is not there`);
  if (!/^[A-Za-z_]\w*$/.test(name)) throw new FileFault(`'${name}' cannot be a name in Python`);
  if (holder === null) {
    const before = text === '' || text.endsWith('\n') ? text : text + newline;
    return before + writer.entry(name, change.value, '', newline) + newline;
  }
  const sibling = [...entries.values()].find((entry) => entry.kind === 'assignment');
  if (sibling?.kind !== 'assignment')
    throw new FileFault(`the class has no parameter beside which '${name}' could stand: add it by hand`);
  const target = text.slice(sibling.statement.from, sibling.statement.from + 5) === 'self.' ? `self.${name}` : name;
  const indent = text.slice(lineStart(text, sibling.statement.from), sibling.statement.from);
  const at = lineEnd(text, sibling.statement.to);
  return splice(text, at, at, newline + writer.entry(target, change.value, indent, newline));
}

export const pythonFormat: Format = { name: 'Python', read: (text) => valuesOf(entriesOf(text)), edit };
