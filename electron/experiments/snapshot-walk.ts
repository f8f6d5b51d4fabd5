/** Finds what of a directory goes into its snapshot, and how much that is. Reads names and sizes only; writes nothing. */
import type { Dirent } from 'node:fs';
import { lstat, readdir, readFile, readlink, stat } from 'node:fs/promises';
import path from 'node:path';
import { sayBytes } from '../text/say.ts';
import { SwitchyardError } from '../contract/errors.ts';
import { forEachBounded } from './bounded.ts';
import type { IgnoreRules } from './ignore-rules.ts';
import { findLargest } from './largest-paths.ts';
import { IGNORE_FILES, isPythonEnvironment, judgePath, ROOT_RULES, withinAskedFor, withRules } from './ignore-rules.ts';

/** libuv has four threads for files by default; more in flight only queue. */
export const FILES_AT_ONCE = 16;
/** More files than this are not code. */
const MAX_ENTRIES = 250_000;
/** Beyond the limit the walk goes on for so many entries, to name the largest ones of more than the first folder. */
const ENTRIES_PAST_LIMIT = 50_000;
const LARGEST_NAMED = 10;

export type TreeEntry =
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string; readonly bytes: number; readonly executable: boolean }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

export interface TreeListing {
  /** Sorted by path; paths are relative, with slashes. */
  readonly entries: readonly TreeEntry[];
  readonly bytes: number;
  /** Sockets, pipes, devices and names that are not UTF-8: nothing that could be copied. */
  readonly special: readonly string[];
  /** Directories left out although no rule of the user's says so: installed packages and the like. */
  readonly leftOut: readonly string[];
}

/**
 * @param skipDirs absolute paths never entered (the engine's own data)
 * @throws SwitchyardError directory_missing, directory_unreadable or snapshot_too_large
 */
export async function walkTree(
  sourceDir: string,
  limitBytes: number,
  skipDirs: readonly string[],
): Promise<TreeListing> {
  await checkDirectory(sourceDir);
  const entries: TreeEntry[] = [];
  const special: string[] = [];
  const leftOut: string[] = [];
  let bytes = 0;
  let isStopped = false;

  const enter = async (dir: string, inherited: IgnoreRules, isAskedFor: boolean): Promise<void> => {
    const absolute = path.join(sourceDir, dir);
    const found = await orUnreadable(sourceDir, dir, () =>
      readdir(absolute, { withFileTypes: true }).catch((error: unknown) => {
        if (dir !== '' && codeOf(error) === 'ENOENT') return null;
        throw error;
      }),
    );
    if (found === null) {
      // Gone meanwhile, or never reachable under the name it was listed with.
      if (isGarbled(dir)) special.push(dir);
      return;
    }
    const names = new Set(found.map((entry) => entry.name));
    if (dir !== '' && !isAskedFor && isPythonEnvironment(names)) {
      leftOut.push(dir);
      return;
    }
    if (dir !== '') add({ kind: 'directory', path: dir });
    const texts = await Promise.all(
      IGNORE_FILES.filter((name) => names.has(name)).map((name) =>
        orUnreadable(sourceDir, path.posix.join(dir, name), () => readRules(path.join(absolute, name))),
      ),
    );
    const rules = withRules(inherited, dir, texts);
    const judged = found
      .map((entry) => ({ entry, at: dir === '' ? entry.name : `${dir}/${entry.name}` }))
      .map(({ entry, at }) => ({ entry, at, verdict: judgePath(rules, at, entry.isDirectory()) }));
    leftOut.push(...judged.filter(({ verdict }) => verdict === 'told').map(({ at }) => at));
    const kept = judged.filter(
      ({ at, verdict }) =>
        (verdict === 'kept' || verdict === 'asked for') && !skipDirs.includes(path.join(sourceDir, at)),
    );
    await forEachBounded(
      kept.filter(({ entry }) => !entry.isDirectory()),
      FILES_AT_ONCE,
      async ({ entry, at }) => {
        if (isStopped) return;
        const added = await look(sourceDir, at, entry);
        if (added === null) return;
        if (added === 'special') special.push(at);
        else add(added);
      },
    );
    // One directory after the other keeps the number of open ones small; files within one go side by side.
    for (const { entry, at, verdict } of kept) {
      if (!isStopped && entry.isDirectory())
        await enter(at, verdict === 'asked for' ? withinAskedFor(rules, at) : rules, verdict === 'asked for');
    }
  };
  const add = (entry: TreeEntry): void => {
    entries.push(entry);
    if (entry.kind === 'file') bytes += entry.bytes;
    if (entries.length > MAX_ENTRIES || (bytes > limitBytes && entries.length > ENTRIES_PAST_LIMIT)) isStopped = true;
  };

  await enter('', ROOT_RULES, true);
  if (bytes > limitBytes || isStopped) throw tooLarge(sourceDir, entries, bytes, limitBytes, isStopped);
  return {
    entries: entries.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    bytes,
    special,
    leftOut: leftOut.toSorted(),
  };
}

/** @returns null when it went away meanwhile */
async function look(sourceDir: string, at: string, entry: Dirent): Promise<TreeEntry | 'special' | null> {
  const absolute = path.join(sourceDir, at);
  if (!entry.isFile() && !entry.isSymbolicLink()) return 'special';
  try {
    if (entry.isSymbolicLink()) return { kind: 'link', path: at, target: await readlink(absolute) };
    const found = await lstat(absolute);
    return { kind: 'file', path: at, bytes: found.size, executable: (found.mode & 0o100) !== 0 };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return isGarbled(at) ? 'special' : null;
    throw error;
  }
}

/** A name that is not UTF-8 is listed with replacement characters, and nothing is found under that. */
const isGarbled = (at: string): boolean => at.includes('\uFFFD');

/** An ignore file that is a link to nowhere, or a directory of that name, has no rules. */
async function readRules(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'EISDIR', 'ELOOP'].includes(codeOf(error) ?? '')) return '';
    throw error;
  }
}

/** @throws SwitchyardError directory_missing or directory_unreadable */
export async function checkDirectory(sourceDir: string): Promise<void> {
  try {
    if ((await stat(sourceDir)).isDirectory()) return;
  } catch (error) {
    if (codeOf(error) === 'EACCES') throw unreadable(sourceDir, '', error);
    throw new SwitchyardError('directory_missing', `There is no directory ${sourceDir} on this machine.`, {
      path: 'source.path',
      remedy: 'Check the path; it must exist where the engine runs.',
    });
  }
  throw new SwitchyardError('directory_missing', `${sourceDir} is not a directory.`, {
    path: 'source.path',
    remedy: 'Name the directory that holds the code.',
  });
}

/** Names the file that could not be read instead of an errno. */
export async function orUnreadable<T>(sourceDir: string, at: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (['EACCES', 'EPERM', 'EIO'].includes(codeOf(error) ?? '')) throw unreadable(sourceDir, at, error);
    throw error;
  }
}

function unreadable(sourceDir: string, at: string, error: unknown): SwitchyardError {
  const what = at === '' ? sourceDir : `${at} in ${sourceDir}`;
  return new SwitchyardError(
    'directory_unreadable',
    `${what} cannot be read (${codeOf(error) ?? 'unknown error'}), so the snapshot would not be complete.`,
    {
      path: 'source.path',
      remedy:
        at === ''
          ? 'Check its permissions.'
          : 'Check its permissions, or list it in .switchyardignore if the trial does not need it.',
    },
  );
}

function tooLarge(
  sourceDir: string,
  entries: readonly TreeEntry[],
  bytes: number,
  limitBytes: number,
  isStopped: boolean,
): SwitchyardError {
  const files = entries.filter((entry) => entry.kind === 'file');
  const largest = findLargest(files, LARGEST_NAMED);
  const listed = largest
    .map(
      ({ path: at, bytes: sum, files: count }) =>
        `${at} ${sayBytes(sum)}${count === null ? '' : ` in ${countFiles(count)}`}`,
    )
    .join(', ');
  const size = `${isStopped ? 'more than ' : ''}${sayBytes(bytes)} in ${countFiles(files.length)}`;
  const limit =
    bytes > limitBytes
      ? `the limit for a snapshot is ${sayBytes(limitBytes)}`
      : `a snapshot has at most ${MAX_ENTRIES.toLocaleString('en-US')} entries`;
  return new SwitchyardError('snapshot_too_large', `${sourceDir} has ${size}; ${limit}. Largest: ${listed}.`, {
    path: 'source.path',
    remedy: [
      `Leave out what the trial does not need: echo '${(largest[0]?.path ?? 'data/').replaceAll("'", `'\\''`)}' >> .switchyardignore`,
      'Or keep data outside: read it by its absolute path, or mount it into a container (--mount).',
      'Or run in the directory itself, without a copy: switchyard submit --in-place',
      ...(bytes > limitBytes
        ? [`Or raise the limit: switchyard settings snapshotLimitMiB ${Math.ceil(bytes / 1024 ** 2 / 100) * 100}`]
        : []),
    ].join('\n'),
  });
}

const countFiles = (count: number): string => `${count.toLocaleString('en-US')} ${count === 1 ? 'file' : 'files'}`;

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
