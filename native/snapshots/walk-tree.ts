/** Finds what of a directory goes into its snapshot, and how much that is. Reads names, sizes and times only; writes nothing. */
import { constants, lstatSync } from 'node:fs';
import type { Dirent, Stats } from 'node:fs';
import { lstat, open, readdir, readlink, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { SwitchyardError } from '../../electron/contract/errors.ts';
import type { LeftOutPath } from '../../electron/contract/snapshots.ts';
import { forEachBounded } from './bounded.ts';
import { codeOf, orUnreadable } from './file-errors.ts';
import { sayBytes } from '../../electron/text/say.ts';
import type { IgnoreRules } from './ignore-rules.ts';
import { IGNORE_FILES, isPythonEnvironment, judgePath, OWN_RULE, withinAskedFor, withRules } from './ignore-rules.ts';
import { isOnLocalDisk } from './local-disk.ts';
import { findLargest } from './largest-paths.ts';
import { readOuterRules } from './outer-rules.ts';

/** libuv has four threads for files by default; more in flight only queue. */
export const FILES_AT_ONCE = 16;
/** Nothing else of the engine waits longer than about this for a walk. */
const SLICE_MS = 4;
/** A few next to each other, and not all: each holds its list of names. */
const DIRECTORIES_AT_ONCE = 8;
/** More files than this are not code. */
const MAX_ENTRIES = 250_000;
/** Beyond the limit the walk goes on for so many entries, to name the largest ones of more than the first folder. */
const ENTRIES_PAST_LIMIT = 50_000;
const LARGEST_NAMED = 10;
/** To say how large what is left out is, so many of its files are looked at in all; environments have tens of thousands. */
const LEFT_OUT_LOOKS = 2_000;
const LEFT_OUT_KEPT = 20;
/** What an ignore file may hold; rules are written by hand. */
const MAX_RULES_BYTES = 1024 * 1024;

/** What of a file changes with its content: compared to know whether it must be read again. */
export interface FileStamp {
  readonly bytes: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly inode: number;
}

export type TreeEntry =
  | { readonly kind: 'directory'; readonly path: string }
  | ({ readonly kind: 'file'; readonly path: string; readonly executable: boolean } & FileStamp)
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

export interface TreeListing {
  /** When the first file was looked at, Unix ms. */
  readonly startedAtMs: number;
  /** Sorted by path; paths are relative, with slashes. */
  readonly entries: readonly TreeEntry[];
  readonly bytes: number;
  /** All of it is on a disk of this machine, where a read of a small file is over at once. */
  readonly isLocal: boolean;
  /** Sockets, pipes, devices and names that are not UTF-8: nothing that could be copied. */
  readonly special: readonly string[];
  /** Largest first. */
  readonly leftOut: readonly LeftOutPath[];
  /** How many more there were. */
  readonly moreLeftOut: number;
  /** Directories left out although no rule of the user's says so: installed packages and the like. */
  readonly ownLeftOut: readonly string[];
}

/**
 * @param sourceDir checked (file-errors.ts)
 * @param dataDir never entered: the engine's own data
 * @param without paths that are passed over without a word
 * @throws SwitchyardError directory_unreadable or snapshot_too_large
 */
export async function walkTree(
  sourceDir: string,
  limitBytes: number,
  dataDir: string,
  without: readonly string[] = [],
): Promise<TreeListing> {
  const passedOver = new Set(without);
  const startedAtMs = Date.now();
  const entries: TreeEntry[] = [];
  const special: string[] = [];
  const leftOut: { path: string; isDirectory: boolean; rule: string; isOwn: boolean }[] = [];
  // By what it is and not by its name: it may be reached under another.
  const data = await stat(dataDir).catch(() => null);
  const waiting: { dir: string; rules: IgnoreRules; isAskedFor: boolean }[] = [
    { dir: '', rules: await readOuterRules(sourceDir, readRules), isAskedFor: true },
  ];
  const { dev: rootDevice } = await stat(sourceDir);
  const isLocal = await isOnLocalDisk(sourceDir);
  let isAllLocal = isLocal;
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
    // Another disk may be mounted further down, one behind a network too.
    let device = rootDevice;
    if (dir !== '') {
      if (!isAskedFor && isPythonEnvironment(names)) {
        leftOut.push({ path: dir, isDirectory: true, rule: OWN_RULE, isOwn: true });
        return;
      }
      const own = await lstat(absolute);
      device = own.dev;
      isAllLocal &&= device === rootDevice;
      if (data !== null && own.dev === data.dev && own.ino === data.ino) {
        leftOut.push({ path: dir, isDirectory: true, rule: "Switchyard's own data", isOwn: false });
        return;
      }
      add({ kind: 'directory', path: dir });
    }
    const texts = await Promise.all(
      IGNORE_FILES.filter((name) => names.has(name)).map(async (name) => ({
        name,
        text: await orUnreadable(sourceDir, path.posix.join(dir, name), () => readRules(path.join(absolute, name))),
      })),
    );
    const rules = withRules(inherited, dir, texts);
    const files: { entry: Dirent; at: string }[] = [];
    const below: { at: string; isAskedFor: boolean }[] = [];
    for (const entry of found) {
      const at = dir === '' ? entry.name : `${dir}/${entry.name}`;
      if (passedOver.has(at)) continue;
      const isDirectory = entry.isDirectory();
      const verdict = judgePath(rules, at, isDirectory);
      if (verdict.kind === 'left out') {
        if (verdict.rule !== null) leftOut.push({ path: at, isDirectory, rule: verdict.rule, isOwn: verdict.isOwn });
      } else if (isDirectory) below.push({ at, isAskedFor: verdict.kind === 'asked for' });
      else files.push({ entry, at });
    }
    await lookAll(sourceDir, files, isLocal && device === rootDevice, (at, added) => {
      if (added === 'special') special.push(at);
      else if (added !== null && !isStopped) add(added);
    });
    for (const next of below)
      waiting.push({ dir: next.at, rules: next.isAskedFor ? withinAskedFor(rules, next.at) : rules, ...next });
  };

  const add = (entry: TreeEntry): void => {
    entries.push(entry);
    if (entry.kind === 'file') bytes += entry.bytes;
    if (entries.length > MAX_ENTRIES || (bytes > limitBytes && entries.length > ENTRIES_PAST_LIMIT)) isStopped = true;
  };

  for (let some = waiting.splice(0, DIRECTORIES_AT_ONCE); some.length > 0;) {
    await Promise.all(some.map((one) => enter(one.dir, one.rules, one.isAskedFor)));
    some = isStopped ? [] : waiting.splice(0, DIRECTORIES_AT_ONCE);
  }
  if (bytes > limitBytes || isStopped) throw tooLarge(sourceDir, entries, bytes, limitBytes, isStopped);
  const measured = await measureLeftOut(sourceDir, leftOut);
  return {
    startedAtMs,
    isLocal: isAllLocal,
    entries: entries.sort((a, b) => (a.path < b.path ? -1 : 1)),
    bytes,
    special,
    leftOut: measured.slice(0, LEFT_OUT_KEPT),
    moreLeftOut: Math.max(0, measured.length - LEFT_OUT_KEPT),
    ownLeftOut: leftOut
      .filter(({ isOwn }) => isOwn)
      .map((dir) => dir.path)
      .toSorted(),
  };
}

type Found = TreeEntry | 'special' | null;

interface Listed {
  readonly entry: Dirent;
  readonly at: string;
}

/**
 * Looks at the files of one directory. On a disk of this machine that is done on the spot, in slices: it takes a third of the time of
 * asking for each, and 10,000 of them are looked at for every submit.
 * @param found told of each: null when it went away meanwhile
 */
async function lookAll(
  sourceDir: string,
  files: readonly Listed[],
  isLocal: boolean,
  found: (at: string, entry: Found) => void,
): Promise<void> {
  if (!isLocal)
    return forEachBounded(files, FILES_AT_ONCE, async (file) => {
      found(file.at, await look(sourceDir, file));
    });
  let sliceMs = performance.now();
  for (const [index, file] of files.entries()) {
    const now = file.entry.isFile() ? lookNow(sourceDir, file.at) : undefined;
    found(file.at, now === undefined ? await look(sourceDir, file) : now);
    if (index % FILES_AT_ONCE === 0 && performance.now() - sliceMs > SLICE_MS) {
      await new Promise(setImmediate);
      sliceMs = performance.now();
    }
  }
}

/** @returns undefined where it takes a closer look to say what is wrong */
function lookNow(sourceDir: string, at: string): Found | undefined {
  try {
    const found = lstatSync(`${sourceDir}/${at}`, { throwIfNoEntry: false });
    return found === undefined ? undefined : fileEntry(at, found);
  } catch {
    return undefined;
  }
}

async function look(sourceDir: string, { entry, at }: Listed): Promise<Found> {
  const absolute = `${sourceDir}/${at}`;
  if (!entry.isFile() && !entry.isSymbolicLink()) return 'special';
  return orUnreadable(sourceDir, at, async () => {
    try {
      return entry.isSymbolicLink()
        ? { kind: 'link', path: at, target: await readlink(absolute) }
        : fileEntry(at, await lstat(absolute));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return isGarbled(at) ? 'special' : null;
      throw error;
    }
  });
}

const fileEntry = (at: string, { mode, size, mtimeMs, ctimeMs, ino }: Stats): TreeEntry => ({
  kind: 'file',
  path: at,
  executable: (mode & 0o100) !== 0,
  bytes: size,
  mtimeMs,
  ctimeMs,
  inode: ino,
});

/** A name that is not UTF-8 is listed with replacement characters, and nothing is found under that. */
const isGarbled = (at: string): boolean => at.includes('\uFFFD');

/**
 * An ignore file that is a link to nowhere, a directory, a pipe or a device has no rules: only files are read, none is waited for.
 * @throws SwitchyardError directory_unreadable for one that is too large to hold rules
 */
async function readRules(file: string): Promise<string> {
  let handle: FileHandle;
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (['ENOENT', 'EISDIR', 'ELOOP', 'ENXIO'].includes(codeOf(error) ?? '')) return '';
    throw error;
  }
  try {
    const found = await handle.stat();
    if (!found.isFile()) return '';
    if (found.size > MAX_RULES_BYTES)
      throw new SwitchyardError(
        'directory_unreadable',
        `${file} has ${sayBytes(found.size)}: that is no list of rules.`,
        { path: 'source.path', remedy: `Keep it under ${sayBytes(MAX_RULES_BYTES)}, or give it another name.` },
      );
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(found.size), 0, found.size, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function measureLeftOut(
  sourceDir: string,
  leftOut: readonly { readonly path: string; readonly isDirectory: boolean; readonly rule: string }[],
): Promise<LeftOutPath[]> {
  let looksLeft = LEFT_OUT_LOOKS;
  const measure = async (absolute: string, isDirectory: boolean): Promise<{ bytes: number; isMore: boolean }> => {
    if (looksLeft-- <= 0) return { bytes: 0, isMore: true };
    try {
      if (!isDirectory) return { bytes: (await lstat(absolute)).size, isMore: false };
      let bytes = 0;
      for (const entry of await readdir(absolute, { withFileTypes: true })) {
        const part = await measure(path.join(absolute, entry.name), entry.isDirectory());
        bytes += part.bytes;
        if (part.isMore) return { bytes, isMore: true };
      }
      return { bytes, isMore: false };
    } catch {
      // What cannot be read is left out anyway.
      return { bytes: 0, isMore: true };
    }
  };
  const measured: LeftOutPath[] = [];
  // Files first: one look each, and they are not lost behind a large directory.
  for (const { path: at, isDirectory, rule } of leftOut.toSorted(
    (a, b) => Number(a.isDirectory) - Number(b.isDirectory),
  ))
    measured.push({
      path: isDirectory ? `${at}/` : at,
      ...(await measure(path.join(sourceDir, at), isDirectory)),
      rule,
    });
  return measured.sort((a, b) => Number(b.isMore) - Number(a.isMore) || b.bytes - a.bytes);
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
      `What the run needs can be shown to it without a copy: switchyard submit --link ${inShell((largest[0]?.path ?? 'data').replace(/\/$/, ''))}`,
      'What it does not need, name in .switchyardignore: results of earlier runs, for example.',
      'Or run in the directory itself, without a copy: switchyard submit --in-place',
      ...(bytes > limitBytes
        ? [`Or raise the limit: switchyard settings snapshotLimitMiB ${Math.ceil(bytes / 1024 ** 2 / 100) * 100}`]
        : []),
    ].join('\n'),
  });
}

const inShell = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

const countFiles = (count: number): string => `${count.toLocaleString('en-US')} ${count === 1 ? 'file' : 'files'}`;
