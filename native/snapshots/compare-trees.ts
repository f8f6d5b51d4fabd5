/**
 * The difference between two trees, line by line where that says something. Bounded in all directions: files listed, size of what is
 * compared by lines, time for one file, text in all; the engine's thread is given up between files.
 */
import { structuredPatch } from 'diff';
import type { StructuredPatchHunk } from 'diff';
import type { ChangedFile, TreeComparison } from '../../electron/contract/snapshots.ts';
import type { ReadableTree, TreeItem } from './readable-tree.ts';

const MAX_FILES = 500;
/** A larger file is not compared by lines. */
const MAX_FILE_BYTES = 1024 * 1024;
const MAX_PATCH_CHARS = 1024 * 1024;
const MAX_FILE_PATCH_CHARS = 200_000;
const MAX_MS_PER_FILE = 30;
const NOTHING = Buffer.alloc(0);
/** A file with a zero in its beginning is no text (git's own measure). */
const PROBE_BYTES = 8_000;

export async function compareTrees(before: ReadableTree, after: ReadableTree): Promise<TreeComparison> {
  const changed = [...new Set([...before.items.keys(), ...after.items.keys()])]
    .filter((file) => !isEqual(before.items.get(file), after.items.get(file)))
    .sort();
  const files: ChangedFile[] = [];
  let charsLeft = MAX_PATCH_CHARS;
  for (const file of changed.slice(0, MAX_FILES)) {
    const one = await compareOne(file, before, after);
    const isRoom = (one.patch?.length ?? 0) <= Math.min(charsLeft, MAX_FILE_PATCH_CHARS);
    charsLeft -= isRoom ? (one.patch?.length ?? 0) : 0;
    files.push(isRoom ? one : { ...one, patch: null });
    await new Promise(setImmediate);
  }
  return { files, moreFiles: Math.max(0, changed.length - MAX_FILES) };
}

function isEqual(one: TreeItem | undefined, other: TreeItem | undefined): boolean {
  if (one?.kind === 'file' && other?.kind === 'file')
    return one.digest === other.digest && one.executable === other.executable;
  return one?.kind === 'link' && other?.kind === 'link' && one.target === other.target;
}

async function compareOne(file: string, before: ReadableTree, after: ReadableTree): Promise<ChangedFile> {
  const [old, now] = [before.items.get(file), after.items.get(file)];
  const change = old === undefined ? 'added' : now === undefined ? 'removed' : 'changed';
  const said = (shown: ChangedFile['shown']): ChangedFile => ({
    path: file,
    change,
    shown,
    added: null,
    removed: null,
    patch: null,
  });
  if (old?.kind === 'link' || now?.kind === 'link') return said('link');
  if (old !== undefined && now !== undefined && old.digest === now.digest) return said('mode');
  const oldContent = old === undefined ? NOTHING : await before.read(file);
  const nowContent = now === undefined ? NOTHING : await after.read(file);
  if (Math.max(oldContent.length, nowContent.length) > MAX_FILE_BYTES) return said('too_large');
  const oldText = textOf(oldContent);
  const nowText = textOf(nowContent);
  if (oldText === null || nowText === null) return said('binary');
  const patch = structuredPatch('a', 'b', oldText, nowText, '', '', { context: 3, timeout: MAX_MS_PER_FILE });
  if (patch === undefined) return said('too_large');
  const count = (sign: string): number =>
    patch.hunks.reduce((sum, hunk) => sum + hunk.lines.filter((line) => line.startsWith(sign)).length, 0);
  return { ...said('lines'), added: count('+'), removed: count('-'), patch: patch.hunks.map(sayHunk).join('') };
}

function sayHunk({ oldStart, oldLines, newStart, newLines, lines }: StructuredPatchHunk): string {
  return `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@\n${lines.join('\n')}\n`;
}

/** @returns null when it is no text */
function textOf(content: Buffer): string | null {
  if (content.subarray(0, PROBE_BYTES).includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    return null;
  }
}
