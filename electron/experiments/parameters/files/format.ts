/** What a format of parameter files can do. Edits touch only the bytes of what they change: comments, order, quotes and layout stay. */
import type { Value } from '../value.ts';

/** A key of a mapping (as text) or an index of a list, from the root to what is meant. */
export type Path = readonly string[];

export type Edit =
  /** The path exists and gets this value. */
  | { readonly kind: 'set'; readonly path: Path; readonly value: Value }
  /** All but the path's last key exists; that mapping gets a new key at its end. */
  | { readonly kind: 'insert'; readonly path: Path; readonly value: Value }
  | { readonly kind: 'delete'; readonly path: Path };

export interface Format {
  readonly name: 'YAML' | 'JSON' | 'TOML' | 'Python';
  /**
   * @returns what the file says; an empty file is an empty mapping
   * @throws FileFault with the line where it cannot be read
   */
  readonly read: (text: string) => Value;
  /**
   * @returns the text with one change made
   * @throws FileFault where the format cannot hold the value, or has no place for it
   */
  readonly edit: (text: string, edit: Edit) => string;
}

/** A file that cannot be read, or a change it cannot take. The message says why and where, without the file's name. */
export class FileFault extends Error {}

/** The text with `[from, to)` replaced. */
export const splice = (text: string, from: number, to: number, by: string): string =>
  text.slice(0, from) + by + text.slice(to);

export const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1;
/** Index of the line's end, before its newline. */
export const lineEnd = (text: string, at: number): number => {
  const end = text.indexOf('\n', at);
  const stop = end < 0 ? text.length : end;
  return text[stop - 1] === '\r' && stop > at ? stop - 1 : stop;
};
export const newlineOf = (text: string): string => (text.includes('\r\n') ? '\r\n' : '\n');

/** Takes the whole lines from `from` to `to` away, with their newline; of the last line without one, the newline before it. */
export function removeLines(text: string, from: number, to: number): string {
  const start = lineStart(text, from);
  const end = text.indexOf('\n', to);
  if (end >= 0) return splice(text, start, end + 1, '');
  return splice(text, start > 0 ? start - (text[start - 2] === '\r' ? 2 : 1) : 0, text.length, '');
}
