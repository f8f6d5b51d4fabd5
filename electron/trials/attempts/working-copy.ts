/**
 * The working copy of a trial. It appears under its name only when it is complete, so a crash in the middle starts it anew. It is not
 * brought to the disk file by file, which would hold up every start: a power cut may leave empty files in it. A note beside it names
 * the boot it was made in; when the machine was started again since, a copy nothing ran in is made anew, and one that a program worked in
 * gets back what is missing or empty of its snapshot. What the program wrote itself is left as it is (test/recovery/power-cut.test.ts).
 */
import type { Stats } from 'node:fs';
import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { openRegular, writeRegular } from '../files/open-regular.ts';

export interface WorkingCopy {
  readonly work: string;
  /** null: an empty directory. */
  readonly snapshot: string | null;
  /** Whether a program of this trial ever ran in it. */
  readonly hasRun: boolean;
  /** Changes with every start of the machine; null when unknown. */
  readonly bootId: string | null;
  readonly materialize: (snapshot: string, dir: string) => Promise<void>;
}

/** @returns the files that had to be put back, relative to the copy. @throws the system's error */
export async function ensureWorkingCopy(copy: WorkingCopy): Promise<readonly string[]> {
  const { work, snapshot, bootId } = copy;
  const note = `${work}.boot`;
  const exists = (await look(work)) !== null;
  if (exists && (snapshot === null || bootId === null || (await readNote(note)) === bootId)) return [];
  if (snapshot === null) {
    await mkdir(work, { recursive: true, mode: 0o700 });
    return [];
  }
  const draft = `${work}.draft`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(path.dirname(draft), { recursive: true, mode: 0o700 });
  await copy.materialize(snapshot, draft);
  const mended: string[] = [];
  if (exists && copy.hasRun) {
    await putBack(draft, work, '', mended);
    await rm(draft, { recursive: true, force: true });
  } else {
    await rm(work, { recursive: true, force: true });
    await rename(draft, work);
  }
  if (bootId !== null) await writeRegular(note, bootId);
  return mended;
}

async function putBack(whole: string, damaged: string, below: string, mended: string[]): Promise<void> {
  for (const entry of await readdir(path.join(whole, below), { withFileTypes: true })) {
    const name = path.join(below, entry.name);
    const found = await look(path.join(damaged, name));
    const isKept =
      entry.isFile() && found?.isFile() === true
        ? !wasEmptied(await lstat(path.join(whole, name)), found)
        : found !== null;
    // Of a directory that is there its files are looked at; where a program put something else, that is its own.
    if (entry.isDirectory() && found?.isDirectory() === true) await putBack(whole, damaged, name, mended);
    else if (!isKept) {
      await rename(path.join(whole, name), path.join(damaged, name));
      mended.push(name);
    }
  }
}

interface Size {
  readonly size: number;
  readonly blocks: number;
}

/** File systems that were cut off leave a file with nothing in it, or with its length and no content (a hole). Pure. */
export function wasEmptied(whole: Size, found: Size): boolean {
  return whole.size > 0 && (found.size === 0 || (found.blocks === 0 && whole.blocks > 0));
}

async function look(file: string): Promise<Stats | null> {
  try {
    return await lstat(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

async function readNote(file: string): Promise<string | null> {
  const handle = await openRegular(file);
  if (handle === null) return null;
  try {
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}
