/** A script that is not there is told at submit, with the file that was meant, and not by the interpreter when the trial's turn comes. */
import { opendir, stat } from 'node:fs/promises';
import path from 'node:path';
import { SwitchyardError } from '../contract/errors.ts';
import { suggest } from '../text/nearest.ts';
import { readCommandWords, scriptOf } from './config/parse-command.ts';

/** So many files of its directory are looked at for the one that was meant. */
const MAX_LOOKED_AT = 2_000;

/**
 * @param dir the submitted directory
 * @param isOnHost the trial runs on this machine itself: it will find an absolute path too
 * @throws SwitchyardError command_missing
 */
export async function checkScript(
  entrypoint: string | readonly string[],
  dir: string,
  isOnHost: boolean,
): Promise<void> {
  const script = scriptOf(readCommandWords(entrypoint));
  if (script === null || (path.isAbsolute(script) && !isOnHost)) return;
  const file = path.resolve(dir, script);
  // What cannot be looked at is left to the trial, and a missing directory to those who copy it.
  if ((await isThere(file)) !== false || (await isThere(dir)) !== true) return;
  const near = await findNear(file);
  const written = near === null ? null : path.join(path.dirname(script), near);
  throw new SwitchyardError(
    'command_missing',
    `There is no file ${script}${path.isAbsolute(script) ? '' : ` in ${dir}`}, so the trial would end at once.`,
    {
      path: 'entrypoint',
      remedy:
        written === null
          ? `Check the path; ${path.isAbsolute(script) ? 'there is no such file on this machine' : 'it is relative to the submitted directory'}.`
          : `${written} is there: write ${written} instead of ${script}.`,
    },
  );
}

/** @returns null when it cannot be told */
async function isThere(at: string): Promise<boolean | null> {
  try {
    await stat(at);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    return code === 'ENOENT' || code === 'ENOTDIR' ? false : null;
  }
}

/** @returns the file beside it whose name is nearest, of the same kind where there is one */
async function findNear(file: string): Promise<string | null> {
  const names: string[] = [];
  try {
    for await (const entry of await opendir(path.dirname(file))) {
      if (!entry.isDirectory()) names.push(entry.name);
      if (names.length >= MAX_LOOKED_AT) break;
    }
  } catch {
    return null;
  }
  const name = path.basename(file);
  const alike = names.filter((one) => path.extname(one) === path.extname(name)).toSorted();
  return suggest(name, alike) ?? suggest(name, names.toSorted());
}
