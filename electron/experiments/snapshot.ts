/**
 * Snapshots: the frozen copy of a directory taken at submit, named by what is in it.
 *
 * <snapshots>/<sha256>/      the tree itself; complete from the moment it has this name, never changed afterwards
 * <snapshots>/.draft-<…>/    one being made or removed; left behind only by a crash (removeSnapshotDrafts)
 *
 * The digest covers paths, contents, executable bits and link targets, in path order. Equal directories share one
 * snapshot. Links are kept as links and never followed. The user's directory is only read. A repository inside the
 * directory counts as plain files without its .git.
 */
import { createHash, randomBytes } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import {
  access,
  chmod,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { sayBytes } from '../text/say.ts';
import { SwitchyardError } from '../contract/errors.ts';
import { forEachBounded } from './bounded.ts';
import type { TreeEntry, TreeListing } from './snapshot-walk.ts';
import { codeOf, FILES_AT_ONCE, orUnreadable, walkTree } from './snapshot-walk.ts';

/** Up to this size a file is read once, for the copy and the digest together; larger ones are cloned where the file system can. */
const SMALL_FILE_BYTES = 1024 * 1024;
const PRIVATE_DIR_MODE = 0o700;
const DRAFT_PREFIX = '.draft-';
/** Drafts of this process carry it, so that the others can be told from them. */
const OWN_DRAFT_PREFIX = `${DRAFT_PREFIX}${randomBytes(4).toString('hex')}-`;
/** Snapshots being handed to a submit that has not written its experiment yet; how many submits each. */
const handedOut = new Map<string, number>();
/** Snapshots being removed; whoever wants the same one waits and makes it anew. */
const removing = new Map<string, Promise<void>>();
const ID = /^[0-9a-f]{64}$/;

export interface SnapshotRequest {
  /** Absolute. */
  readonly sourceDir: string;
  readonly snapshotsDir: string;
  /** Sum of the file sizes. */
  readonly limitBytes: number;
}

export interface Snapshot {
  /** Hexadecimal SHA-256 of the content. */
  readonly id: string;
  readonly path: string;
  readonly files: number;
  readonly bytes: number;
  /** For the user: what was left out although no rule said so. */
  readonly notes: readonly string[];
}

/**
 * Copies a directory, less what its ignore files name, into the store of snapshots.
 * @throws SwitchyardError directory_relative, directory_missing, directory_unreadable, snapshot_too_large or disk_full
 */
export async function takeSnapshot(request: SnapshotRequest): Promise<Snapshot> {
  if (!path.isAbsolute(request.sourceDir)) {
    throw new SwitchyardError('directory_relative', `${request.sourceDir} is not an absolute path.`, {
      path: 'source.path',
      remedy: 'Give the full path of the directory.',
    });
  }
  const sourceDir = path.resolve(request.sourceDir);
  // Submitting a home directory must not copy the store of snapshots into itself.
  const listing = await walkTree(
    sourceDir,
    request.limitBytes,
    [request.snapshotsDir, path.dirname(request.snapshotsDir)].map((dir) => path.resolve(dir)),
  );
  await mkdir(request.snapshotsDir, { recursive: true, mode: PRIVATE_DIR_MODE });
  const draft = newDraftPath(request.snapshotsDir);
  try {
    const { id, files, bytes } = await copyAndDigest(sourceDir, listing.entries, draft);
    if (bytes > request.limitBytes) {
      throw new SwitchyardError(
        'snapshot_too_large',
        `${sourceDir} grew to ${sayBytes(bytes)} while it was copied; the limit for a snapshot is ${sayBytes(request.limitBytes)}.`,
        {
          path: 'source.path',
          remedy: 'Stop what writes into it, or list that in .switchyardignore.',
        },
      );
    }
    const target = snapshotPath(request.snapshotsDir, id);
    while (removing.has(target))
      await removing.get(target)?.catch(() => {
        /* Its own caller hears of it. */
      });
    holdForCaller(target);
    try {
      if (!(await moveInto(draft, target))) await rm(draft, { recursive: true, force: true });
    } finally {
      releaseAfterCaller(target);
    }
    const notes = noteLeftOut(listing);
    return { id, path: target, files, bytes, notes };
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT') {
      throw new SwitchyardError(
        'disk_full',
        `There was no space left for the snapshot of ${sourceDir} (${sayBytes(listing.bytes)}).`,
        { remedy: 'Free some disk space; deleting old trials helps.' },
      );
    }
    throw error;
  }
}

/**
 * Makes the writable copy a trial works in.
 * @param workDir must not exist; its parent must
 * @throws SwitchyardError not_found when the snapshot is gone; the file system's errors otherwise
 */
export async function materializeSnapshot(snapshotsDir: string, id: string, workDir: string): Promise<void> {
  const source = snapshotPath(snapshotsDir, id);
  try {
    await access(source);
  } catch {
    throw new SwitchyardError('not_found', `The snapshot ${id.slice(0, 12)} is gone from ${snapshotsDir}.`, {
      remedy: 'Submit the directory again.',
    });
  }
  const entries = await listCopy(source);
  await mkdir(workDir, { mode: PRIVATE_DIR_MODE });
  await makeDirectories(entries, workDir);
  await forEachBounded(entries, FILES_AT_ONCE, async (entry) => {
    const to = path.join(workDir, entry.path);
    if (entry.kind === 'link') await symlink(entry.target, to);
    else if (entry.kind === 'file')
      await copyFile(path.join(source, entry.path), to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  });
}

/**
 * Removes a snapshot; no error when it is gone already. The caller has just seen that no experiment names it.
 * @throws Error when a submit is being given this very snapshot: it is about to be named
 */
export async function removeSnapshot(snapshotsDir: string, id: string): Promise<void> {
  const target = snapshotPath(snapshotsDir, id);
  if (handedOut.has(target)) throw new Error(`snapshot ${id.slice(0, 12)} is wanted again`);
  const removal = removeTree(target, newDraftPath(snapshotsDir)).finally(() => {
    removing.delete(target);
  });
  removing.set(target, removal);
  await removal;
}

/** Renamed first, so that no half of it ever has the name of a whole one. */
async function removeTree(target: string, doomed: string): Promise<void> {
  try {
    await rename(target, doomed);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  await rm(doomed, { recursive: true, force: true });
}

/** Removes what a crash left behind; what this process is working on stays. One process at a time uses a store. */
export async function removeSnapshotDrafts(snapshotsDir: string): Promise<void> {
  const names = await readdir(snapshotsDir).catch(() => []);
  const left = names.filter((name) => name.startsWith(DRAFT_PREFIX) && !name.startsWith(OWN_DRAFT_PREFIX));
  for (const name of left) await rm(path.join(snapshotsDir, name), { recursive: true, force: true });
}

function newDraftPath(snapshotsDir: string): string {
  return path.join(snapshotsDir, `${OWN_DRAFT_PREFIX}${randomBytes(8).toString('hex')}`);
}

/** Until all code that waits for takeSnapshot has run once: a submit writes its experiment right there. */
function holdForCaller(target: string): void {
  handedOut.set(target, (handedOut.get(target) ?? 0) + 1);
}

function releaseAfterCaller(target: string): void {
  setImmediate(() => {
    const left = (handedOut.get(target) ?? 1) - 1;
    if (left === 0) handedOut.delete(target);
    else handedOut.set(target, left);
  });
}

/** @throws SwitchyardError for anything that is not the id of a snapshot, so that none leads elsewhere */
export function snapshotPath(snapshotsDir: string, id: string): string {
  if (!ID.test(id)) throw new SwitchyardError('not_found', 'That is not the id of a snapshot.');
  return path.join(snapshotsDir, id);
}

async function copyAndDigest(
  sourceDir: string,
  entries: readonly TreeEntry[],
  draft: string,
): Promise<{ id: string; files: number; bytes: number }> {
  await mkdir(draft, { mode: PRIVATE_DIR_MODE });
  await makeDirectories(entries, draft);
  const digests = new Map<string, string>();
  let bytes = 0;
  await forEachBounded(entries, FILES_AT_ONCE, async (entry) => {
    if (entry.kind === 'link') await symlink(entry.target, path.join(draft, entry.path));
    if (entry.kind !== 'file') return;
    const copied = await orUnreadable(sourceDir, entry.path, () =>
      copyOne(path.join(sourceDir, entry.path), path.join(draft, entry.path), entry),
    );
    if (copied === null) return;
    bytes += copied.bytes;
    digests.set(entry.path, copied.digest);
  });
  const whole = createHash('sha256');
  for (const entry of entries) {
    const digest = digests.get(entry.path);
    if (entry.kind === 'file' && digest === undefined) continue;
    // JSON keeps names with odd characters apart.
    const facts =
      entry.kind === 'file'
        ? ['file', entry.path, entry.executable, digest]
        : entry.kind === 'link'
          ? ['link', entry.path, entry.target]
          : ['directory', entry.path];
    whole.update(`${JSON.stringify(facts)}\n`);
  }
  return { id: whole.digest('hex'), files: digests.size, bytes };
}

/** What is digested is what was copied, even if the source changes meanwhile. @returns null when the file went away */
async function copyOne(
  from: string,
  to: string,
  entry: { readonly bytes: number; readonly executable: boolean },
): Promise<{ bytes: number; digest: string } | null> {
  const mode = entry.executable ? 0o755 : 0o644;
  try {
    if (entry.bytes <= SMALL_FILE_BYTES) {
      const content = await readFile(from);
      await writeFile(to, content, { mode, flag: 'wx' });
      return { bytes: content.length, digest: createHash('sha256').update(content).digest('hex') };
    }
    await copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
    await chmod(to, mode);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of createReadStream(to) as AsyncIterable<Buffer>) {
    hash.update(piece);
    bytes += piece.length;
  }
  return { bytes, digest: hash.digest('hex') };
}

function noteLeftOut({ special, leftOut }: TreeListing): string[] {
  const list = (paths: readonly string[]): string =>
    `${paths.slice(0, 5).join(', ')}${paths.length > 5 ? ` and ${paths.length - 5} more` : ''}`;
  const first = leftOut[0] ?? '';
  return [
    ...(leftOut.length === 0
      ? []
      : [
          `Left out of the snapshot: ${list(leftOut.map((dir) => `${dir}/`))}. A line "!${first}/" in ` +
            `.switchyardignore brings ${leftOut.length === 1 ? 'it' : first} back.`,
        ]),
    ...(special.length === 0
      ? []
      : [
          `Left out of the snapshot, because they cannot be copied (sockets, pipes, devices, names that are not UTF-8): ${list(special)}.`,
        ]),
  ];
}

/** In path order, so that parents come first. */
async function makeDirectories(entries: readonly TreeEntry[], below: string): Promise<void> {
  for (const entry of entries) if (entry.kind === 'directory') await mkdir(path.join(below, entry.path));
}

/** Everything in a snapshot, parents first. */
async function listCopy(root: string): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  const pending = [''];
  for (let dir = pending.pop(); dir !== undefined; dir = pending.pop()) {
    for (const found of await readdir(path.join(root, dir), { withFileTypes: true })) {
      const at = dir === '' ? found.name : `${dir}/${found.name}`;
      if (found.isDirectory()) {
        entries.push({ kind: 'directory', path: at });
        pending.push(at);
      } else if (found.isSymbolicLink())
        entries.push({ kind: 'link', path: at, target: await readlink(path.join(root, at)) });
      else entries.push({ kind: 'file', path: at, bytes: 0, executable: false });
    }
  }
  return entries;
}

/** @returns false when an equal snapshot was there before */
async function moveInto(draft: string, target: string): Promise<boolean> {
  if (
    await lstat(target).then(
      () => true,
      () => false,
    )
  )
    return false;
  try {
    await rename(draft, target);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOTEMPTY' || codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}
