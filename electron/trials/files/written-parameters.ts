/**
 * What Switchyard itself wrote into a working copy, the parameters of its trial, is noted beside it: a copy with nothing else of its own can
 * be made anew.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { openRegular, writeRegular } from './open-regular.ts';

/** File, relative to the working copy -> hash of what was written. */
export type WrittenFiles = Readonly<Record<string, string>>;

const noteOf = (work: string): string => `${work}.params`;

export const hashText = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');

export async function noteWritten(work: string, files: WrittenFiles): Promise<void> {
  if (Object.keys(files).length > 0) await writeRegular(noteOf(work), JSON.stringify(files));
}

/** @returns how many files of the copy are still as Switchyard wrote them */
export async function countAsWritten(work: string): Promise<number> {
  const note = await readWhole(noteOf(work));
  if (note === null) return 0;
  let same = 0;
  for (const [file, hash] of Object.entries(JSON.parse(note.toString('utf8')) as WrittenFiles)) {
    const found = await readWhole(path.join(work, file));
    if (found !== null && hashText(found) === hash) same += 1;
  }
  return same;
}

async function readWhole(file: string): Promise<Buffer | null> {
  const handle = await openRegular(file);
  if (handle === null) return null;
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
