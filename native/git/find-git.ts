/** Looks for a git that snapshots can be kept with. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { gitEnv } from './run-git.ts';

/** The first with `pack-objects --stdin-packs`. */
export const MINIMUM_GIT = '2.32';
const ANSWERS_WITHIN_MS = 5_000;

export type FoundGit =
  { readonly version: string; readonly problem: null } | { readonly version: string | null; readonly problem: string };

export async function findGit(): Promise<FoundGit> {
  let said: string;
  try {
    ({ stdout: said } = await promisify(execFile)('git', ['--version'], {
      env: gitEnv(),
      timeout: ANSWERS_WITHIN_MS,
      killSignal: 'SIGKILL',
    }));
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code !== 'ENOENT';
    return { version: null, problem: isThere ? 'git does not answer' : 'git is not installed' };
  }
  return judgeVersion(said);
}

/** @param said what `git --version` printed */
export function judgeVersion(said: string): FoundGit {
  const found = /^git version (\d+)[.](\d+)\S*/.exec(said);
  if (found === null) return { version: null, problem: 'what is called git here is another program' };
  const version = found[0].slice('git version '.length);
  const [major = 0, minor = 0] = MINIMUM_GIT.split('.').map(Number);
  return Number(found[1]) > major || (Number(found[1]) === major && Number(found[2]) >= minor)
    ? { version, problem: null }
    : { version, problem: `git ${version} is older than ${MINIMUM_GIT}` };
}
