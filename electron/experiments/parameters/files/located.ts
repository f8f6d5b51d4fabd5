/**
 * A tree of values with their places in a text, and the edits on it: YAML and JSON share them, as JSON is made of what YAML calls flow
 * collections. Pure.
 */
import type { Scalar, Value } from '../value.ts';
import { keyText } from '../value.ts';
import { FileFault, lineEnd, lineStart, newlineOf, removeLines, splice } from './format.ts';
import type { Edit, Path } from './format.ts';

export interface Located {
  readonly kind: 'scalar' | 'map' | 'list';
  /** Why nothing within it can be changed in place; null where it can. */
  readonly sealed: string | null;
  /** What a reader of the file sees, aliases resolved. */
  readonly value: Value;
  /** The value's own text without anchor, tag and comment; empty where nothing is written. */
  readonly start: number;
  readonly end: number;
  /** Just behind the colon, the dash or the comma before it: where a value on the same line begins. */
  readonly after: number;
  /** With brackets; others are laid out by lines. */
  readonly flow: boolean;
  readonly members: readonly Member[];
}

/** One entry of a mapping or item of a list. */
export interface Member {
  /** Undefined for what is no key of its own (a merge). */
  readonly key: Scalar | undefined;
  /** Where the key or the dash begins. */
  readonly start: number;
  readonly node: Located;
}

/** How one format writes. */
export interface Writer {
  /** @param old the text that is replaced, for its style of quotes */
  readonly inline: (value: Value, old: string) => string;
  readonly key: (key: string) => string;
  /** A whole entry that begins a line, its further lines indented. */
  readonly entry: (key: string, value: Value, indent: string, newline: string) => string;
  readonly colon: string;
}

/** Behind the last character that belongs to the node. */
function lastEnd(node: Located): number {
  if (node.flow || node.members.length === 0) return node.end;
  const last = node.members.at(-1) as Member;
  return Math.max(lastEnd(last.node), last.node.after);
}

const find = (node: Located, step: string): Member | undefined =>
  node.kind === 'list'
    ? /^\d+$/.test(step)
      ? node.members[Number(step)]
      : undefined
    : (node.members.find(({ key }) => key === step) ??
      node.members.find(({ key }) => key !== undefined && keyText(key) === step));

/** The nodes from the root to the path's end. @throws FileFault where the way leads through what is sealed */
function walk(root: Located, path: Path): readonly { readonly node: Located; readonly member: Member | null }[] {
  const way: { node: Located; member: Member | null }[] = [{ node: root, member: null }];
  for (const step of path) {
    const { node } = way.at(-1) as { node: Located };
    if (node.sealed !== null) throw new FileFault(`${path.join('.')} ${node.sealed}`);
    const member = find(node, step);
    if (member === undefined)
      throw new FileFault(`${path.join('.')} comes from a merged mapping (<<): change it there`);
    way.push({ node: member.node, member });
  }
  return way;
}

/**
 * @param root null for a file without any value
 * @returns the text with the change made
 */
export function editLocated(text: string, root: Located | null, edit: Edit, writer: Writer): string {
  const parentPath = edit.path.slice(0, -1);
  const last = edit.path.at(-1) as string;
  if (root === null) return insertFirst(text, edit, writer);
  if (edit.path.length === 0) return edit.kind === 'set' ? set(text, root, edit.value, writer) : text;
  const parent = (walk(root, parentPath).at(-1) as { node: Located }).node;
  if (edit.kind !== 'insert' && parent.kind === 'map' && find(parent, last) === undefined) {
    // It is there by a merge: a key of its own hides the merged one, and there is nothing here to take away.
    if (edit.kind === 'delete')
      throw new FileFault(`${edit.path.join('.')} comes from a merged mapping (<<): delete it there`);
    return insert(text, parent, last, edit.value, writer);
  }
  if (edit.kind === 'insert') return insert(text, parent, last, edit.value, writer);
  const way = walk(root, edit.path);
  if (edit.kind === 'set') return set(text, (way.at(-1) as { node: Located }).node, edit.value, writer);
  return remove(text, parent, (way.at(-1) as { member: Member }).member, parentPath.length === 0, writer);
}

function insertFirst(text: string, edit: Edit, writer: Writer): string {
  if (edit.kind === 'delete') return text;
  const newline = newlineOf(text);
  const before = text === '' || text.endsWith('\n') ? text : text + newline;
  return before + writer.entry(edit.path.at(-1) as string, edit.value, '', newline) + newline;
}

function set(text: string, node: Located, value: Value, writer: Writer): string {
  const old = text.slice(node.start, node.end);
  const written = writer.inline(value, old);
  if (node.start === node.end) {
    // Nothing was written: the value goes right behind its colon or dash.
    const colon = text[node.after - 1] === ':' || text[node.after - 1] === '-' ? '' : writer.colon.trimEnd();
    return splice(text, node.after, node.after, `${colon} ${written}`);
  }
  const end = node.flow || node.members.length === 0 ? node.start + old.trimEnd().length : lastEnd(node);
  const between = text.slice(node.after, node.start);
  if (!between.includes('\n')) return splice(text, node.start, end, written);
  // The value began on a line of its own: the new one goes behind the colon, the comment of that line stays.
  const comment = /^[^\n\r]*/.exec(between)?.[0].trimEnd() ?? '';
  return splice(text, node.after, end, ` ${written}${comment}`);
}

function insert(text: string, map: Located, key: string, value: Value, writer: Writer): string {
  if (map.flow) return insertIntoFlow(text, map, key, value, writer);
  const at = lineEnd(text, lastEnd(map));
  const first = map.members[0] as Member;
  const indent = text.slice(lineStart(text, first.start), first.start).replaceAll(/[^\t]/g, ' ');
  const newline = newlineOf(text);
  return splice(text, at, at, newline + writer.entry(key, value, indent, newline));
}

function insertIntoFlow(text: string, map: Located, key: string, value: Value, writer: Writer): string {
  const entry = `${writer.key(key)}${writer.colon}${writer.inline(value, '')}`;
  const last = map.members.at(-1);
  if (last === undefined) return splice(text, map.start + 1, map.start + 1, entry);
  const at = lastEnd(last.node);
  const from = lineStart(text, last.start);
  const ownLine = from > map.start && text.slice(from, last.start).trim() === '';
  const gap = ownLine ? newlineOf(text) + text.slice(from, last.start) : ' ';
  return splice(text, at, at, `,${gap}${entry}`);
}

function remove(text: string, parent: Located, member: Member, isRoot: boolean, writer: Writer): string {
  const { members } = parent;
  const index = members.indexOf(member);
  const next = members[index + 1];
  const previous = members[index - 1];
  const end = Math.max(lastEnd(member.node), member.node.after);
  if (parent.flow) {
    if (next !== undefined) return splice(text, member.start, next.start, '');
    if (previous === undefined) return splice(text, member.start, end, '');
    return splice(text, Math.max(lastEnd(previous.node), previous.node.after), end, '');
  }
  if (members.length === 1) {
    const empty: Value = parent.kind === 'map' ? new Map() : [];
    return isRoot ? splice(text, member.start, end, writer.inline(empty, '')) : set(text, parent, empty, writer);
  }
  const first = text.slice(lineStart(text, member.start), member.start).trim() === '';
  if (!first && next !== undefined) return splice(text, member.start, next.start, '');
  return removeLines(text, member.start, Math.max(member.start, trimmedEnd(text, end)));
}

/** Before the newlines that belong to a block scalar. */
const trimmedEnd = (text: string, end: number): number => text.slice(0, end).trimEnd().length;
