/** Parameter files in JSON, by jsonc-parser's syntax tree. Comments are refused, as Python's json does. */
import { parseTree, printParseErrorCode } from 'jsonc-parser';
import type { Node, ParseError } from 'jsonc-parser';
import { isList, isMap, keyText, writeFloat } from '../value.ts';
import type { Value } from '../value.ts';
import { FileFault } from './format.ts';
import type { Format } from './format.ts';
import { editLocated } from './located.ts';
import type { Located, Member, Writer } from './located.ts';

const MAX_DEPTH = 200;

function inline(value: Value): string {
  if (typeof value === 'number') {
    if (!Number.isFinite(value))
      throw new FileFault(`JSON has no ${writeFloat(value)}: give a number, or a text in quotes`);
    return writeFloat(value);
  }
  if (isList(value)) return `[${value.map((item) => inline(item as Value)).join(', ')}]`;
  if (isMap<Value>(value))
    return `{${[...value].map(([key, item]) => `${JSON.stringify(keyText(key))}: ${inline(item)}`).join(', ')}}`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
const writer: Writer = {
  inline,
  key: (key) => JSON.stringify(key),
  entry: (key, value) => `{${JSON.stringify(key)}: ${inline(value)}}`,
  colon: ': ',
};

function locate(text: string, node: Node, after: number, depth: number): Located {
  if (depth > MAX_DEPTH) throw new FileFault(`it is nested more than ${MAX_DEPTH} deep`);
  const place = { sealed: null, start: node.offset, end: node.offset + node.length, after, flow: true };
  if (node.type === 'object') {
    const members = (node.children ?? []).map((property): Member => {
      const [key, value] = property.children as [Node, Node];
      return { key: key.value as string, start: property.offset, node: locate(text, value, value.offset, depth + 1) };
    });
    return {
      ...place,
      kind: 'map',
      value: new Map(members.map(({ key, node: item }) => [key as string, item.value])),
      members,
    };
  }
  if (node.type === 'array') {
    const members = (node.children ?? []).map((item, index): Member => ({
      key: BigInt(index),
      start: item.offset,
      node: locate(text, item, item.offset, depth + 1),
    }));
    return { ...place, kind: 'list', value: members.map(({ node: item }) => item.value), members };
  }
  const source = text.slice(place.start, place.end);
  const value =
    node.type === 'number' && /^-?\d+$/.test(source)
      ? BigInt(source)
      : (node.value as string | number | boolean | null);
  return { ...place, kind: 'scalar', value, members: [] };
}

function rootOf(text: string): Located | null {
  if (text.trim() === '') return null;
  const errors: ParseError[] = [];
  const tree = treeOf(text, errors);
  const [error] = errors;
  if (tree === undefined || error !== undefined) {
    const before = text.slice(0, error?.offset ?? 0).split('\n');
    throw new FileFault(
      `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}: ${error === undefined ? 'no value' : printParseErrorCode(error.error)}`,
    );
  }
  const root = locate(text, tree, 0, 0);
  if (root.kind !== 'map') throw new FileFault('it holds no object at its top: parameters are "key": value');
  return root;
}

function treeOf(text: string, errors: ParseError[]): Node | undefined {
  try {
    return parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
  } catch (error) {
    // The parser calls itself for each level.
    if (error instanceof RangeError) throw new FileFault(`it is nested more than ${MAX_DEPTH} deep`);
    throw error;
  }
}

export const jsonFormat: Format = {
  name: 'JSON',
  read: (text) => rootOf(text)?.value ?? new Map(),
  edit: (text, edit) => editLocated(text, rootOf(text), edit, writer),
};
