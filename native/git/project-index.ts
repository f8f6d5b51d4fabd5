/**
 * What the last snapshot of a project held, file by file with the stamps it had: what still has its stamp is not read again.
 *
 * A file written within one tick of the file system's clock may change without changing its stamp. So a stamp only counts when it was
 * older than a tick when it was taken; else the file is marked and read again the next time, whatever its stamp says.
 */
import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { BaseCommit } from '../../electron/contract/snapshots.ts';
import type { FileStamp } from '../snapshots/walk-tree.ts';

const VERSION = 1;
/** Ticks of file systems that keep parts of a second are at most about 10 ms; others (FAT, some NFS) count seconds, or two. */
const FINE_TICK_MS = 100;
const COARSE_TICK_MS = 2_500;

export type IndexEntry =
  | ({
      readonly kind: 'file';
      readonly executable: boolean;
      readonly blob: string;
      /** Its stamp says nothing. */
      readonly isFresh: boolean;
    } & FileStamp)
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'empty directory' };

export interface ProjectIndex {
  readonly tree: string;
  /** In which run of the machine the tree was last known to be whole. */
  readonly bootId: string;
  /** The user's commit the tree was compared with. */
  readonly base: BaseCommit | null;
  readonly entries: ReadonlyMap<string, IndexEntry>;
}

/** Pure. @param lookedAtMs when the stamp was taken, or earlier */
export function isFresh({ mtimeMs, ctimeMs }: FileStamp, lookedAtMs: number): boolean {
  const isCoarse = mtimeMs % 1000 === 0 && ctimeMs % 1000 === 0;
  return Math.max(mtimeMs, ctimeMs) > lookedAtMs - (isCoarse ? COARSE_TICK_MS : FINE_TICK_MS);
}

type Row =
  | readonly [string, 'f' | 'x', string, number, number, number, number, 0 | 1]
  | readonly [string, 'l', string]
  | readonly [string, 'd'];

/** @returns null when there is none that can be used: that costs time and nothing else */
export async function loadIndex(file: string): Promise<ProjectIndex | null> {
  try {
    const text = await readFile(file, 'utf8');
    const end = text.indexOf('\n');
    const body = text.slice(end + 1);
    if (text.slice(0, end) !== digest(body)) return null;
    const { version, tree, bootId, base, rows } = JSON.parse(body) as {
      version: number;
      tree: string;
      bootId: string;
      base: BaseCommit | null;
      rows: readonly Row[];
    };
    return version === VERSION ? { tree, bootId, base, entries: new Map(rows.map(fromRow)) } : null;
  } catch {
    return null;
  }
}

export async function saveIndex(file: string, { tree, bootId, base, entries }: ProjectIndex): Promise<void> {
  const body = JSON.stringify({ version: VERSION, tree, bootId, base, rows: [...entries].map(toRow) });
  const draft = `${file}.draft`;
  await writeFile(draft, `${digest(body)}\n${body}`, { mode: 0o600 });
  await rename(draft, file);
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

function toRow([path, entry]: [string, IndexEntry]): Row {
  if (entry.kind === 'link') return [path, 'l', entry.target];
  if (entry.kind === 'empty directory') return [path, 'd'];
  const { executable, blob, bytes, mtimeMs, ctimeMs, inode } = entry;
  return [path, executable ? 'x' : 'f', blob, bytes, mtimeMs, ctimeMs, inode, entry.isFresh ? 1 : 0];
}

function fromRow(row: Row): [string, IndexEntry] {
  if (row[1] === 'l') return [row[0], { kind: 'link', target: row[2] }];
  if (row[1] === 'd') return [row[0], { kind: 'empty directory' }];
  const [path, kind, blob, bytes, mtimeMs, ctimeMs, inode, fresh] = row;
  return [path, { kind: 'file', executable: kind === 'x', blob, bytes, mtimeMs, ctimeMs, inode, isFresh: fresh === 1 }];
}
