/**
 * The commit a directory of the user's stands on, and whether its snapshot differs from that.
 *
 * git is never run on the user's repository, because its configuration may name programs to run: HEAD and refs are read as the text
 * files they are, and objects through the engine's own repository, which borrows them for one call.
 */
import { lstat, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { BaseCommit } from '../../electron/contract/snapshots.ts';
import { findGitDirs, findGitRoot, readGitText, type GitDirs } from '../snapshots/git-places.ts';
import { runGit } from './run-git.ts';
import { EMPTY_MARK } from './trees.ts';

const ANSWERS_WITHIN_MS = 10_000;
const OBJECT = /^[0-9a-f]{40}$/;
const REF = /^refs\/(?!.*(\.\.|\/\/))[^\0-\x20~^:?*[\\\x7f]+$/;

export interface UserRepository extends GitDirs {
  /** The submitted directory within it: '' or 'a/b'. */
  readonly within: string;
  readonly commit: string;
  readonly branch: string | null;
}

/** @returns null outside of a repository, in one without a commit, and where it is kept in a way that is not known here */
export async function findUserRepository(sourceDir: string): Promise<UserRepository | null> {
  try {
    const real = await realpath(sourceDir);
    const root = await findGitRoot(real);
    if (root === null) return null;
    const dirs = await findGitDirs(root);
    if (dirs === null) return null;
    const { gitDir, commonDir } = dirs;
    const head = (await readGitText(path.join(gitDir, 'HEAD')))?.trim() ?? '';
    const ref = head.startsWith('ref: ') ? head.slice('ref: '.length) : null;
    if (ref !== null && !REF.test(ref)) return null;
    const commit = ref === null ? head : await readRef(gitDir, commonDir, ref);
    if (commit === null || !/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) return null;
    return {
      gitDir,
      commonDir,
      within: path.relative(root, real).split(path.sep).join('/'),
      commit,
      branch: ref === null ? null : ref.replace(/^refs\/heads\//, ''),
    };
  } catch {
    return null;
  }
}

async function readRef(gitDir: string, commonDir: string, ref: string): Promise<string | null> {
  for (const dir of new Set([gitDir, commonDir])) {
    const text = (await readGitText(path.join(dir, ref)))?.trim();
    if (text !== undefined && OBJECT.test(text)) return text;
  }
  const packed = (await readGitText(path.join(commonDir, 'packed-refs'))) ?? '';
  const line = packed.split('\n').find((one) => one.endsWith(` ${ref}`));
  return line?.split(' ')[0] ?? null;
}

/**
 * @param repository the engine's own
 * @param tree of the snapshot
 */
export async function describeBase(
  repository: string,
  tree: string,
  sourceDir: string,
  user: UserRepository,
): Promise<BaseCommit> {
  const base = { commit: user.commit, branch: user.branch };
  try {
    return { ...base, dirty: await differs(repository, tree, sourceDir, user) };
  } catch {
    // A partial clone, another object format, or it changed meanwhile.
    return { ...base, dirty: null };
  }
}

interface Difference {
  readonly oldMode: string;
  readonly oldObject: string;
  readonly status: string;
  readonly file: string;
}

async function differs(
  repository: string,
  tree: string,
  sourceDir: string,
  { gitDir, commonDir, within, commit }: UserRepository,
): Promise<boolean> {
  const call = {
    env: { GIT_ALTERNATE_OBJECT_DIRECTORIES: JSON.stringify(path.join(commonDir, 'objects')) },
    timeoutMs: ANSWERS_WITHIN_MS,
  };
  const args = ['diff-tree', '-r', '-z', '--raw', '--no-abbrev', '--no-renames', '--no-ext-diff', '--no-textconv'];
  const said = (await runGit(repository, [...args, `${commit}:${within}`, tree], '', call)).toString('utf8');
  const differences = parseRaw(said);
  const submodules = differences.filter(({ oldMode }) => oldMode === '160000').map(({ file }) => `${file}/`);
  const rest = differences.filter(
    ({ file, oldMode }) =>
      oldMode !== '160000' &&
      path.posix.basename(file) !== EMPTY_MARK &&
      !submodules.some((submodule) => file.startsWith(submodule)),
  );
  let stamps: ReadonlyMap<string, IndexStamp> | null = null;
  for (const { status, file, oldObject } of rest) {
    if (status === 'A') return true;
    const found = await lstat(path.join(sourceDir, file), { bigint: true }).catch(() => null);
    // It is there, but a rule leaves it out of the snapshot: nothing the user changed.
    if (status === 'D' && found !== null) continue;
    if (status !== 'M' || found === null) return true;
    // Line ends and large-file pointers: the bytes differ from what was committed although nobody changed them. git's index knows.
    stamps ??= await readIndexStamps(repository, gitDir);
    const stamp = stamps.get(within === '' ? file : `${within}/${file}`);
    if (stamp?.object !== oldObject || stamp.bytes !== found.size || stamp.mtimeNs !== found.mtimeNs) return true;
    if (stamp.isFresh) throw new Error(`${file} may have changed in the tick in which git looked at it`);
  }
  return false;
}

function parseRaw(said: string): Difference[] {
  const differences: Difference[] = [];
  const parts = said.split('\0');
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [oldMode = '', , oldObject = '', , status = ''] = (parts[at] ?? '').slice(1).split(' ');
    differences.push({ oldMode, oldObject, status: status.slice(0, 1), file: parts[at + 1] ?? '' });
  }
  return differences;
}

const INDEX_LINE =
  /\d{6} ([0-9a-f]{40}) \d\t([^\0]*)\0\s+ctime: \S+\s+mtime: (\d+):(\d+)\s+dev: [^\n]*\n[^\n]*\n\s+size: (\d+)/g;

interface IndexStamp {
  readonly object: string;
  readonly bytes: bigint;
  readonly mtimeNs: bigint;
  /** Written in the same tick as the index, or later: it may have changed without changing its stamp. */
  readonly isFresh: boolean;
}

/** @returns what the user's index knows of each file */
async function readIndexStamps(repository: string, gitDir: string): Promise<ReadonlyMap<string, IndexStamp>> {
  const file = path.join(gitDir, 'index');
  const stamps = new Map<string, IndexStamp>();
  const written = await stat(file, { bigint: true }).catch(() => null);
  if (written === null) return stamps;
  const said = await runGit(repository, ['ls-files', '--stage', '--debug', '-z'], '', {
    env: { GIT_INDEX_FILE: file },
    timeoutMs: ANSWERS_WITHIN_MS,
  }).catch(() => Buffer.alloc(0));
  for (const [, object = '', name = '', s = '0', ns = '0', bytes = '0'] of said.toString('utf8').matchAll(INDEX_LINE)) {
    const mtimeNs = BigInt(s) * 1_000_000_000n + BigInt(ns);
    stamps.set(name, { object, bytes: BigInt(bytes), mtimeNs, isFresh: mtimeNs >= written.mtimeNs });
  }
  return stamps;
}
