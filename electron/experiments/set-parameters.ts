/** Carries the parameters of a trial into the files of its working copy, before anything runs in it. The user's files are not touched. */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { LaunchError } from '../ports/trial-runtime.ts';
import type { ParameterChange } from '../store/trial-spec.ts';
import { openRegular, writeRegular } from '../trials/files/open-regular.ts';
import { hashText, type WrittenFiles } from '../trials/files/written-parameters.ts';
import { changeFile } from './parameters/change-file.ts';
import { parseOverride } from './parameters/parse-override.ts';

/**
 * @param dir a fresh copy of the snapshot; applying twice to one copy is not meant
 * @returns what was written and is other than before
 * @throws LaunchError where a file cannot take its change (the snapshot has another one than was looked at)
 */
export async function setParameters(dir: string, changes: readonly ParameterChange[]): Promise<WrittenFiles> {
  const written: Record<string, string> = {};
  for (const { file, set } of changes) {
    try {
      const text = await changeOne(dir, file, set);
      if (text !== null) written[file] = hashText(text);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new LaunchError(
        'launch_failed',
        `${file} of the working copy cannot take ${set.join(' ')}: ${why}.`,
        'Correct the file or the value, and submit it again.',
      );
    }
  }
  return written;
}

/** @returns the new text; null where the file says it already */
async function changeOne(dir: string, file: string, set: readonly string[]): Promise<string | null> {
  const root = await realpath(dir);
  const at = path.resolve(root, file);
  if (!at.startsWith(`${root}${path.sep}`)) throw new Error('it lies outside of the working copy');
  // The snapshot is the user's: a directory in it may be a link to anywhere.
  if (!`${await realpath(path.dirname(at))}${path.sep}`.startsWith(`${root}${path.sep}`))
    throw new Error('it lies behind a link that leads out of the working copy');
  const handle = await openRegular(at);
  let text = '';
  if (handle !== null)
    try {
      text = await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  // Nothing in them is drawn: sweeps were shuffled when they were expanded.
  const overrides = set.map((one) => parseOverride(one, () => 0));
  const changed = changeFile(file, text, overrides);
  if (handle !== null && changed.text === text) return null;
  await writeRegular(at, changed.text);
  return changed.text;
}
