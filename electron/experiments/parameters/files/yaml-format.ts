/** Parameter files in YAML 1.2, by the `yaml` library's syntax tree. */
import { isAlias, isMap as isYamlMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Alias, Document, Node, Pair, ParsedNode, YAMLMap, YAMLSeq } from 'yaml';
import type { Scalar, Value } from '../value.ts';
import { isMap } from '../value.ts';
import { FileFault } from './format.ts';
import type { Format } from './format.ts';
import { editLocated } from './located.ts';
import type { Located, Member } from './located.ts';
import { yamlWriter } from './write-yaml.ts';

/** An alias is read as a copy; a file that would grow beyond these many values by them is an attack ("billion laughs"). */
const MAX_VALUES = 100_000;
const MAX_DEPTH = 200;
const ALIAS = 'lies behind an alias: change it where its anchor stands';

interface Walk {
  readonly document: Document<ParsedNode>;
  /** How many values a reader sees so far. */
  values: number;
  /** What an alias stands for, and how many values that is. */
  readonly aliases: Map<Node, { readonly value: Value; readonly values: number }>;
}

function parse(text: string): Document<ParsedNode> {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    keepSourceTokens: true,
    intAsBigInt: true,
    lineCounter: lines,
    logLevel: 'error',
    prettyErrors: false,
  });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw new FileFault(`line ${line}, column ${col}: ${error.message}`);
  }
  return document as Document<ParsedNode>;
}

const rangeOf = (node: Node): [number, number] => {
  const [start, end] = node.range as [number, number, number];
  return [start, end];
};

function locate(node: ParsedNode | null, after: number, walk: Walk, depth: number): Located {
  walk.values += 1;
  checkSize(walk);
  if (depth > MAX_DEPTH) throw new FileFault(`it is nested more than ${MAX_DEPTH} deep`);
  if (node === null)
    return { kind: 'scalar', sealed: null, value: null, start: after, end: after, after, flow: false, members: [] };
  const [start, end] = rangeOf(node);
  if (isAlias(node)) {
    const target = valueOfAlias(node, walk, depth);
    return { kind: 'scalar', sealed: ALIAS, value: target.value, start, end, after, flow: false, members: [] };
  }
  if (isYamlMap(node)) return locateMap(node as YAMLMap.Parsed, start, end, after, walk, depth);
  if (isSeq(node)) return locateList(node as YAMLSeq.Parsed, start, end, after, walk, depth);
  const value = isScalar(node) ? (node.value as Scalar) : null;
  // A value that is not written has its place before the comment of its line.
  return start === end
    ? { kind: 'scalar', sealed: null, value, start: after, end: after, after, flow: false, members: [] }
    : { kind: 'scalar', sealed: null, value, start, end, after, flow: false, members: [] };
}

/** An anchor is looked through once, however many aliases name it. */
function valueOfAlias(alias: Alias.Parsed, walk: Walk, depth: number): { readonly value: Value } {
  const target = alias.resolve(walk.document) as ParsedNode | undefined;
  if (target === undefined) throw new FileFault(`there is no anchor &${alias.source}`);
  const known = walk.aliases.get(target);
  if (known !== undefined) {
    walk.values += known.values;
    checkSize(walk);
    return known;
  }
  const before = walk.values;
  const { value } = locate(target, 0, walk, depth + 1);
  walk.aliases.set(target, { value, values: walk.values - before });
  return { value };
}

function checkSize({ values }: Walk): void {
  if (values > MAX_VALUES)
    throw new FileFault(`it holds more than ${MAX_VALUES.toLocaleString('en-US')} values, aliases counted`);
}

interface SourceItem {
  readonly start?: readonly { readonly type: string; readonly offset: number }[];
  readonly sep?: readonly { readonly type: string; readonly offset: number }[];
}
const sourceItems = (node: Node): readonly SourceItem[] =>
  (node as { srcToken?: { items?: readonly SourceItem[] } }).srcToken?.items ?? [];

function locateMap(
  node: YAMLMap.Parsed,
  start: number,
  end: number,
  after: number,
  walk: Walk,
  depth: number,
): Located {
  const sources = sourceItems(node).filter((item) => 'key' in item || item.sep !== undefined);
  const members: Member[] = [];
  const own = new Map<Scalar, Value>();
  const merged = new Map<Scalar, Value>();
  for (const [index, pair] of (node.items as Pair<ParsedNode, ParsedNode | null>[]).entries()) {
    if (!isScalar(pair.key)) throw new FileFault('a key is a list or a mapping; parameters have plain keys');
    const [keyStart, keyEnd] = rangeOf(pair.key);
    const colon = sources[index]?.sep?.find(({ type }) => type === 'map-value-ind');
    const value = locate(pair.value, colon === undefined ? keyEnd : colon.offset + 1, walk, depth + 1);
    if (pair.key.value === '<<' && pair.key.source === '<<') {
      for (const one of Array.isArray(value.value) ? (value.value as Value[]) : [value.value])
        if (isMap<Value>(one)) for (const [key, item] of one) if (!merged.has(key)) merged.set(key, item);
      members.push({ key: undefined, start: keyStart, node: value });
      continue;
    }
    own.set(pair.key.value as Scalar, value.value);
    members.push({ key: pair.key.value as Scalar, start: keyStart, node: value });
  }
  const value = new Map([...[...merged].filter(([key]) => !own.has(key)), ...own]);
  return { kind: 'map', sealed: null, value, start, end, after, flow: node.flow === true, members };
}

function locateList(
  node: YAMLSeq.Parsed,
  start: number,
  end: number,
  after: number,
  walk: Walk,
  depth: number,
): Located {
  const sources = sourceItems(node);
  const flow = node.flow === true || isFlowList(node);
  const members = (node.items as (ParsedNode | null)[]).map((item, index): Member => {
    const dash = sources[index]?.start?.find(({ type }) => type === 'seq-item-ind');
    const itemStart = item === null ? start : rangeOf(item)[0];
    const located = locate(item, dash === undefined ? itemStart : dash.offset + 1, walk, depth + 1);
    return { key: BigInt(index), start: dash?.offset ?? itemStart, node: located };
  });
  return {
    kind: 'list',
    sealed: null,
    value: members.map(({ node: item }) => item.value),
    start,
    end,
    after,
    flow,
    members,
  };
}
const isFlowList = (node: Node): boolean =>
  (node as { srcToken?: { type?: string } }).srcToken?.type === 'flow-collection';

function rootOf(text: string): Located | null {
  const document = parse(text);
  if (
    document.contents === null ||
    (isScalar(document.contents) &&
      document.contents.value === null &&
      rangeOf(document.contents)[0] === rangeOf(document.contents)[1])
  )
    return null;
  const root = locate(document.contents, 0, { document, values: 0, aliases: new Map() }, 0);
  if (root.kind !== 'map') throw new FileFault('it holds no mapping at its top: parameters are key: value');
  return root;
}

export const yamlFormat: Format = {
  name: 'YAML',
  read: (text) => rootOf(text)?.value ?? new Map(),
  edit: (text, edit) => editLocated(text, rootOf(text), edit, yamlWriter),
};
