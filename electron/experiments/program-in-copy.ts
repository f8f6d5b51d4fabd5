/** A program named by a path inside the submitted directory must have come along into the snapshot. */
import { lstatSync } from 'node:fs';
import path from 'node:path';
import { SwitchyardError } from '../contract/errors.ts';
import type { RuntimeKind } from '../contract/states.ts';

/**
 * @param entrypoint as configured; a line for the shell is not judged
 * @param isInCopy whether the snapshot has this path
 * @throws SwitchyardError command_missing when the directory has the program and its copy has not
 */
export function checkProgramInCopy(
  entrypoint: string | readonly string[],
  runtime: RuntimeKind,
  sourceDir: string,
  isInCopy: (path: string) => boolean,
): void {
  const name = typeof entrypoint === 'string' ? '' : (entrypoint[0] ?? '');
  if (
    runtime !== 'process' ||
    !name.includes('/') ||
    path.isAbsolute(name) ||
    !isThere(sourceDir, name) ||
    isInCopy(name)
  )
    return;
  throw new SwitchyardError('command_missing', `${name} is not part of the snapshot, so the trial could not find it.`, {
    path: 'entrypoint',
    remedy: `Write its full path (${path.resolve(sourceDir, name)}), run in the directory itself (--in-place), or bring it back in .switchyardignore.`,
  });
}

function isThere(dir: string, name: string): boolean {
  return lstatSync(path.resolve(dir, name), { throwIfNoEntry: false }) !== undefined;
}
