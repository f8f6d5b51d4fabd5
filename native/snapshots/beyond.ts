/** What a directory holds beyond a snapshot of which it was a copy: what would be lost with it. */
import { createHash } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { lstat, opendir, readlink } from 'node:fs/promises';
import path from 'node:path';
import type { Beyond } from '../../electron/ports/snapshots.ts';
import type { TreeItem } from './readable-tree.ts';

const EXAMPLES = 5;
/** Python writes these again from the files beside them. */
const COMPILED = /(^|\/)__pycache__\/[^/]*\.pyc(\.\d+)?$/;

/**
 * Nothing is left out for a rule of an ignore file: what a program wrote is wanted, or may be. No link is followed.
 * @param items the snapshot; empty for a trial that began with an empty directory
 * @throws the file system's error when something cannot be read: then it is not known
 */
export async function findBeyond(items: ReadonlyMap<string, TreeItem>, dir: string): Promise<Beyond> {
  let files = 0;
  let bytes = 0;
  const examples: string[] = [];
  const pending = [''];
  for (let below = pending.pop(); below !== undefined; below = pending.pop()) {
    for await (const entry of await opendir(path.join(dir, below))) {
      const at = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) {
        pending.push(at);
        continue;
      }
      // A pipe or a socket holds nothing.
      if (!entry.isFile() && !entry.isSymbolicLink()) continue;
      if (COMPILED.test(at) && !items.has(at)) continue;
      const file = path.join(dir, at);
      const stats = await lstat(file);
      if (await isAsTaken(items.get(at), file, stats)) continue;
      files += 1;
      bytes += stats.blocks * 512;
      if (examples.length < EXAMPLES) examples.push(at);
    }
  }
  return { files, bytes, examples };
}

async function isAsTaken(taken: TreeItem | undefined, file: string, stats: Stats): Promise<boolean> {
  if (taken === undefined) return false;
  if (stats.isSymbolicLink()) return taken.kind === 'link' && taken.target === (await readlink(file));
  if (taken.kind !== 'file' || !stats.isFile() || taken.executable !== ((stats.mode & 0o100) !== 0)) return false;
  return taken.digest === (await digestOf(file, stats.size));
}

/** As git names content, without holding it. */
async function digestOf(file: string, size: number): Promise<string> {
  const hash = createHash('sha1').update(`blob ${size}\0`);
  for await (const piece of createReadStream(file) as AsyncIterable<Buffer>) hash.update(piece);
  return hash.digest('hex');
}
