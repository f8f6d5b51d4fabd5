/** A tree of files that can be compared with another, wherever it is kept. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { forEachBounded } from './bounded.ts';
import { codeOf, orUnreadable } from './file-errors.ts';
import type { TreeEntry } from './walk-tree.ts';
import { FILES_AT_ONCE } from './walk-tree.ts';

export type TreeItem =
  | { readonly kind: 'file'; readonly executable: boolean; readonly digest: string }
  | { readonly kind: 'link'; readonly target: string };

export interface ReadableTree {
  /** Files and links by path; directories say nothing of their own here. */
  readonly items: ReadonlyMap<string, TreeItem>;
  /** @param file one of `items` */
  read(file: string): Promise<Buffer>;
}

/** How git names content: everything that is compared is named like this. */
export function blobId(content: Buffer): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}

/** @param entries a walk of `root`; what went away since is not in the tree */
export async function readableFiles(root: string, entries: readonly TreeEntry[]): Promise<ReadableTree> {
  const items = new Map<string, TreeItem>();
  await forEachBounded(entries, FILES_AT_ONCE, async (entry) => {
    if (entry.kind === 'link') items.set(entry.path, { kind: 'link', target: entry.target });
    if (entry.kind !== 'file') return;
    const content = await orUnreadable(root, entry.path, () => readFile(path.join(root, entry.path))).catch(
      (error: unknown) => {
        if (codeOf(error) === 'ENOENT') return null;
        throw error;
      },
    );
    if (content !== null)
      items.set(entry.path, {
        kind: 'file',
        executable: entry.executable,
        digest: blobId(content),
      });
  });
  return { items, read: (file) => readFile(path.join(root, file)) };
}
