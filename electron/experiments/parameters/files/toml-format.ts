/** Parameter files in TOML 1.0, by toml-eslint-parser's syntax tree. */
import { parseTOML } from 'toml-eslint-parser';
import type { AST, ParseError } from 'toml-eslint-parser';
import { isList, isMap, keyText, writeFloat } from '../value.ts';
import type { Scalar, Value } from '../value.ts';
import { FileFault, lineEnd, lineStart, newlineOf, removeLines, splice } from './format.ts';
import type { Edit, Format, Path } from './format.ts';
import { editLocated } from './located.ts';
import type { Located, Member, Writer } from './located.ts';

function writeText(text: string, old: string): string {
  if (old.startsWith("'") && !old.startsWith("'''") && !/['\p{Cc}]/u.test(text)) return `'${text}'`;
  return JSON.stringify(text).replaceAll('\u007F', String.raw`\u007f`);
}
function inline(value: Value, old: string): string {
  if (value === null) throw new FileFault('TOML has no null: delete the key (~key) instead');
  if (typeof value === 'number') return writeFloat(value);
  if (isList(value)) return `[${value.map((item) => inline(item as Value, '')).join(', ')}]`;
  if (isMap<Value>(value))
    return value.size === 0
      ? '{}'
      : `{ ${[...value].map(([key, item]) => `${writeKey(keyText(key))} = ${inline(item, '')}`).join(', ')} }`;
  return typeof value === 'string' ? writeText(value, old) : String(value);
}
const writeKey = (key: string): string => (/^[\w-]+$/.test(key) ? key : JSON.stringify(key));
const writer: Writer = {
  inline,
  key: writeKey,
  entry: (key, value) => `${writeKey(key)} = ${inline(value, '')}`,
  colon: ' = ',
};

const keysOf = (key: AST.TOMLKey): string[] =>
  key.keys.map((part) => (part.type === 'TOMLBare' ? part.name : part.value));

function scalarOf(node: AST.TOMLValue): Scalar {
  switch (node.kind) {
    case 'integer':
      return node.bigint;
    case 'float':
    case 'boolean':
    case 'string':
      return node.value;
    default:
      return node.datetime;
  }
}

function locate(node: AST.TOMLContentNode): Located {
  const [start, end] = node.range;
  const place = { sealed: null, start, end, after: start, flow: true };
  if (node.type === 'TOMLArray') {
    const members = node.elements.map((item, index): Member => ({
      key: BigInt(index),
      start: item.range[0],
      node: locate(item),
    }));
    return { ...place, kind: 'list', value: members.map(({ node: item }) => item.value), members };
  }
  if (node.type === 'TOMLInlineTable') {
    const members = node.body.map((pair): Member => {
      const [first, ...rest] = keysOf(pair.key) as [string, ...string[]];
      const value = locate(pair.value);
      if (rest.length === 0) return { key: first, start: pair.range[0], node: value };
      const nested = rest.reduceRight<Value>((inner, key) => new Map([[key, inner]]), value.value);
      return {
        key: first,
        start: pair.range[0],
        node: { ...value, kind: 'map', sealed: DOTTED, value: nested, members: [] },
      };
    });
    return {
      ...place,
      kind: 'map',
      value: new Map(members.map(({ key, node: item }) => [key as Scalar, item.value])),
      members,
    };
  }
  return { ...place, kind: 'scalar', value: scalarOf(node), members: [] };
}
const DOTTED = 'is written with a dotted key within braces: change it by hand';

/** One `key = value` of the file's own lines. */
interface Line {
  readonly path: Path;
  /** Path of the table it stands in. */
  readonly table: Path;
  readonly range: readonly [number, number];
  readonly node: Located;
}
/** One `[table]` or `[[table]]` with its header's place. */
interface Table {
  readonly path: Path;
  readonly range: readonly [number, number];
}
interface File {
  readonly lines: readonly Line[];
  readonly tables: readonly Table[];
}

function bodyOf(text: string): readonly (AST.TOMLKeyValue | AST.TOMLTable)[] {
  try {
    return parseTOML(text).body[0].body;
  } catch (error) {
    const { lineNumber, column, message } = error as ParseError;
    throw new FileFault(`line ${lineNumber}, column ${column + 1}: ${message}`);
  }
}

function parse(text: string): File {
  const lines: Line[] = [];
  const tables: Table[] = [];
  const add = (pair: AST.TOMLKeyValue, table: Path): void => {
    lines.push({ path: [...table, ...keysOf(pair.key)], table, range: pair.range, node: locate(pair.value) });
  };
  for (const node of bodyOf(text)) {
    if (node.type === 'TOMLKeyValue') add(node, []);
    else {
      const path = node.resolvedKey.map(String);
      tables.push({ path, range: node.range });
      for (const pair of node.body) add(pair, path);
    }
  }
  return { lines, tables };
}

type Tree = Map<Scalar, Value>;

/** The mapping at `path` below `root`, made where it is missing; a number names an item of an array of tables. */
function treeAt(root: Tree, path: readonly (string | number)[]): Tree {
  let at: Value = root;
  for (const step of path) {
    let next: Value | undefined;
    if (typeof step === 'number') next = (at as Value[])[step] ??= new Map();
    else {
      const map = at as Tree;
      const following = path[path.indexOf(step) + 1];
      if (!map.has(step)) map.set(step, typeof following === 'number' ? [] : new Map());
      next = map.get(step) as Value;
    }
    at = next;
  }
  return at as Tree;
}

function read(text: string): Value {
  const root: Tree = new Map();
  const put = (pair: AST.TOMLKeyValue, table: readonly (string | number)[]): void => {
    const keys = keysOf(pair.key);
    treeAt(treeAt(root, table), keys.slice(0, -1)).set(keys.at(-1) as string, locate(pair.value).value);
  };
  for (const node of bodyOf(text)) {
    if (node.type === 'TOMLKeyValue') put(node, []);
    else {
      treeAt(root, node.resolvedKey);
      for (const pair of node.body) put(pair, node.resolvedKey);
    }
  }
  return root;
}

const startsWith = (path: Path, prefix: Path): boolean => prefix.every((step, i) => path[i] === step);
const equal = (a: Path, b: Path): boolean => a.length === b.length && startsWith(a, b);

function edit(text: string, change: Edit): string {
  const file = parse(text);
  const holder = file.lines.find(
    ({ path }) => startsWith(change.path, path) && (path.length < change.path.length || change.kind !== 'delete'),
  );
  if (holder !== undefined && (change.kind !== 'insert' || holder.path.length < change.path.length))
    return editLocated(text, holder.node, { ...change, path: change.path.slice(holder.path.length) }, writer);
  if (change.kind === 'delete') return remove(text, file, change.path);
  if (change.kind === 'insert') return insert(text, file, change.path, change.value);
  inline(change.value, '');
  const without = remove(text, file, change.path);
  return insert(without, parse(without), change.path, change.value);
}

/** All that stands at or below the path: lines, and whole tables with what is in them. */
function remove(text: string, { lines, tables }: File, path: Path): string {
  const gone = [
    ...tables.filter((table) => startsWith(table.path, path)).map(({ range }) => range),
    ...lines.filter((line) => startsWith(line.path, path) && !startsWith(line.table, path)).map(({ range }) => range),
  ];
  return gone.toSorted((a, b) => b[0] - a[0]).reduce((rest, [from, to]) => removeLines(rest, from, to), text);
}

function insert(text: string, file: File, path: Path, value: Value): string {
  const parent = path.slice(0, -1);
  const key = path.at(-1) as string;
  const newline = newlineOf(text);
  const header = file.tables.findLast((table) => equal(table.path, parent));
  if (parent.length === 0 || header !== undefined) {
    const last = file.lines.findLast(({ table }) => equal(table, parent));
    const entry = writer.entry(key, value, '', newline);
    if (last !== undefined)
      return splice(text, lineEnd(text, last.range[1]), lineEnd(text, last.range[1]), newline + entry);
    if (header !== undefined)
      return splice(text, lineEnd(text, header.range[0]), lineEnd(text, header.range[0]), newline + entry);
    return insertBeforeTables(text, file, entry, newline);
  }
  const dotted = file.lines.findLast((line) => startsWith(line.path, parent) && line.table.length < parent.length);
  if (dotted !== undefined) {
    const keys = [...parent.slice(dotted.table.length), key].map(writeKey).join('.');
    const at = lineEnd(text, dotted.range[1]);
    return splice(text, at, at, `${newline}${keys} = ${inline(value, '')}`);
  }
  if (parent.some((step) => /^\d+$/.test(step)))
    throw new FileFault(`there is no table [${parent.join('.')}] to add to`);
  const gap = text === '' || text.endsWith('\n') ? text : text + newline;
  return `${gap}${newline}[${parent.map(writeKey).join('.')}]${newline}${writer.entry(key, value, '', newline)}${newline}`;
}

/** Keys of the root stand before the first table and the comments right above it. */
function insertBeforeTables(text: string, { tables }: File, entry: string, newline: string): string {
  const first = tables[0];
  if (first === undefined) return `${text === '' || text.endsWith('\n') ? text : text + newline}${entry}${newline}`;
  let at = lineStart(text, first.range[0]);
  while (
    at > 0 &&
    text
      .slice(lineStart(text, at - 1), at)
      .trimStart()
      .startsWith('#')
  )
    at = lineStart(text, at - 1);
  return splice(text, at, at, `${entry}${newline}${newline}`);
}

export const tomlFormat: Format = { name: 'TOML', read, edit };
