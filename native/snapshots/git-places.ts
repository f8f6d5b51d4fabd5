/** Where git keeps what belongs to a directory of the user's. git is never run for that: these are names and text files. */
import { lstat, readFile, stat } from 'node:fs/promises';
import path from 'node:path';

const MAX_TEXT_BYTES = 32 * 1024 * 1024;

/** @returns the top of the work tree that a directory is in; null = none */
export async function findGitRoot(from: string): Promise<string | null> {
  for (let dir = from; ; dir = path.dirname(dir)) {
    if (
      await lstat(path.join(dir, '.git')).then(
        () => true,
        () => false,
      )
    )
      return dir;
    if (path.dirname(dir) === dir) return null;
  }
}

export interface GitDirs {
  /** Where its HEAD and index are. */
  readonly gitDir: string;
  /** Where its objects, refs and exclude file are: another place in a linked work tree. */
  readonly commonDir: string;
}

/** `.git` is the repository, or in submodules and linked work trees a file that names it. @returns null where it is neither */
export async function findGitDirs(root: string): Promise<GitDirs | null> {
  const dotGit = path.join(root, '.git');
  let gitDir = dotGit;
  if (!(await stat(dotGit)).isDirectory()) {
    const [, named] = /^gitdir: (.+)$/m.exec((await readGitText(dotGit)) ?? '') ?? [];
    if (named === undefined) return null;
    gitDir = path.resolve(root, named.trim());
  }
  const common = await readGitText(path.join(gitDir, 'commondir'));
  return { gitDir, commonDir: common === null ? gitDir : path.resolve(gitDir, common.trim()) };
}

/** @returns null when there is no such file */
export async function readGitText(file: string): Promise<string | null> {
  try {
    const found = await stat(file);
    return found.isFile() && found.size <= MAX_TEXT_BYTES ? await readFile(file, 'utf8') : null;
  } catch {
    return null;
  }
}
