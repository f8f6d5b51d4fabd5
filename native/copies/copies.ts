/**
 * Snapshots as plain copies, for machines without git, and for those that were taken before there were others.
 *
 * <snapshots>/<sha256>/      the tree itself; complete and on the disk from the moment it has this name, never changed afterwards
 * <snapshots>/.draft-<…>/    one being made or removed; left behind only by a crash (tidy)
 *
 * The digest covers paths, contents, executable bits and link targets, in path order. Equal directories share one
 * snapshot. Links are kept as links and never followed. The user's directory is only read. A repository inside the
 * directory counts as plain files without its .git.
 */
import { createHash, randomBytes } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import type { Snapshots, SnapshotState, TakenSnapshot, TakeRequest } from '../../electron/ports/snapshots.ts';
import { findBeyond } from '../snapshots/beyond.ts';
import { forEachBounded } from '../snapshots/bounded.ts';
import { createCompare, type OpenTree } from '../snapshots/compare-refs.ts';
import { syncAll, syncPath } from '../snapshots/durable.ts';
import { checkSource, codeOf, exists, explainFullDisk, orUnreadable } from '../snapshots/file-errors.ts';
import { sayBytes } from '../../electron/text/say.ts';
import { createHolds } from '../snapshots/holds.ts';
import { noteLeftOut } from '../snapshots/note-left-out.ts';
import { readableFiles } from '../snapshots/readable-tree.ts';
import { damaged, grewTooLarge, missing, notAnId } from '../snapshots/snapshot-errors.ts';
import type { TreeEntry } from '../snapshots/walk-tree.ts';
import { FILES_AT_ONCE, walkTree } from '../snapshots/walk-tree.ts';

/** Up to this size a file is read once, for the copy and the digest together; larger ones are cloned where the file system can. */
const SMALL_FILE_BYTES = 1024 * 1024;
const PRIVATE_DIR_MODE = 0o700;
const DRAFT_PREFIX = '.draft-';
const ID = /^[0-9a-f]{64}$/;

export interface CopiesOptions {
  /** Where the copies lie. */
  readonly snapshotsDir: string;
  /** The engine's data, which is never copied. */
  readonly dataDir: string;
}

export function createCopies({ snapshotsDir, dataDir }: CopiesOptions): Snapshots & OpenTree {
  /** Drafts of this instance carry it, so that those of a crash can be told from them. */
  const ownDrafts = `${DRAFT_PREFIX}${randomBytes(4).toString('hex')}-`;
  const holds = createHolds();
  /** Read back whole since the start, or made since then. */
  const trusted = new Set<string>();
  const newDraftPath = (): string => path.join(snapshotsDir, `${ownDrafts}${randomBytes(8).toString('hex')}`);
  const pathOf = (id: string): string => {
    if (!ID.test(id)) throw notAnId();
    return path.join(snapshotsDir, id);
  };

  async function verify(id: string): Promise<SnapshotState> {
    const dir = pathOf(id);
    if (!(await exists(dir))) return { kind: 'missing', problem: missing(id).message };
    try {
      const { id: found } = await digestTree(dir, await listCopy(dir), (entry) =>
        digestFile(path.join(dir, entry.path)),
      );
      if (found === id) {
        trusted.add(id);
        return { kind: 'whole' };
      }
      return { kind: 'damaged', problem: damaged(id, 'its files are not those that were taken').message };
    } catch (error) {
      return {
        kind: 'damaged',
        problem: damaged(id, `it cannot be read back (${codeOf(error) ?? 'unknown'})`).message,
      };
    }
  }

  /** @throws SwitchyardError snapshot_missing, snapshot_damaged */
  async function demandWhole(id: string): Promise<string> {
    const dir = pathOf(id);
    if (!(await exists(dir))) throw missing(id);
    if (!trusted.has(id)) {
      const state = await verify(id);
      if (state.kind !== 'whole') throw damaged(id, 'its files are not those that were taken');
    }
    return dir;
  }

  async function take({ sourceDir: asked, limitBytes, without }: TakeRequest): Promise<TakenSnapshot> {
    const sourceDir = await checkSource(asked, dataDir);
    const listing = await walkTree(sourceDir, limitBytes, dataDir, without);
    await mkdir(snapshotsDir, { recursive: true, mode: PRIVATE_DIR_MODE });
    const draft = newDraftPath();
    try {
      const { id, paths, bytes } = await copyTree(sourceDir, listing.entries, draft);
      if (bytes > limitBytes) throw grewTooLarge(sourceDir, bytes, limitBytes);
      const release = await holds.hold(id);
      try {
        const target = pathOf(id);
        // What a power cut damaged is replaced by what is whole.
        if ((await exists(target)) && !trusted.has(id) && (await verify(id)).kind !== 'whole')
          await rename(target, newDraftPath());
        if (!(await moveInto(draft, target))) await rm(draft, { recursive: true, force: true });
        await syncPath(snapshotsDir);
        trusted.add(id);
      } catch (error) {
        release();
        throw error;
      }
      return {
        id,
        info: {
          files: paths.files,
          bytes,
          base: null,
          leftOut: [...listing.leftOut],
        },
        notes: noteLeftOut(listing),
        has: (at) => paths.all.has(path.posix.normalize(at).replace(/\/$/, '')),
        release,
      };
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      return explainFullDisk(error, sourceDir, sayBytes(listing.bytes));
    }
  }

  const openTree = async (id: string) => {
    const dir = await demandWhole(id);
    return readableFiles(dir, await listCopy(dir));
  };

  return {
    checkSource: async (sourceDir) => void (await checkSource(sourceDir, dataDir)),
    take,
    async materialize(id, workDir) {
      const source = await demandWhole(id);
      const entries = await listCopy(source);
      await mkdir(workDir, { mode: PRIVATE_DIR_MODE });
      await makeDirectories(entries, workDir);
      await forEachBounded(entries, FILES_AT_ONCE, async (entry) => {
        const to = path.join(workDir, entry.path);
        if (entry.kind === 'link') await symlink(entry.target, to);
        else if (entry.kind === 'file')
          await copyFile(path.join(source, entry.path), to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
      });
    },
    list: async () => (await readdir(snapshotsDir).catch(() => [])).filter((name) => ID.test(name)),
    verify,
    openTree,
    beyond: async (id, workDir) => findBeyond(id === null ? new Map() : (await openTree(id)).items, workDir),
    compare: createCompare(openTree, dataDir),
    remove: (id) => {
      const target = pathOf(id);
      return holds.remove(id, async () => {
        trusted.delete(id);
        await removeTree(target, newDraftPath());
      });
    },
    async tidy() {
      const names = await readdir(snapshotsDir).catch(() => []);
      const left = names.filter((name) => name.startsWith(DRAFT_PREFIX) && !name.startsWith(ownDrafts));
      for (const name of left)
        await rm(path.join(snapshotsDir, name), { recursive: true, force: true }).catch(() => {
          // Tried again the next time.
        });
    },
    diagnose: async () => [
      {
        id: 'snapshots',
        title: 'Snapshots',
        status: 'info',
        found: 'Plain copies: every submit of a changed directory costs a full copy.',
        remedy: null,
      },
    ],
    close: async () => {
      /* Nothing goes on by itself. */
    },
  };
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

interface Digested {
  readonly bytes: number;
  readonly digest: string;
}

interface DigestedTree {
  readonly id: string;
  readonly bytes: number;
  readonly paths: { readonly all: ReadonlySet<string>; readonly files: number };
}

/** Copies a tree and waits until the copy is on the disk. */
async function copyTree(sourceDir: string, entries: readonly TreeEntry[], draft: string): Promise<DigestedTree> {
  await mkdir(draft, { mode: PRIVATE_DIR_MODE });
  await makeDirectories(entries, draft);
  for (const entry of entries) if (entry.kind === 'link') await symlink(entry.target, path.join(draft, entry.path));
  const tree = await digestTree(sourceDir, entries, (entry) =>
    copyOne(path.join(sourceDir, entry.path), path.join(draft, entry.path), entry),
  );
  await syncAll(draft, [
    ...entries
      .filter((entry) => (entry.kind === 'file' ? tree.paths.all.has(entry.path) : entry.kind === 'directory'))
      .map((entry) => path.join(draft, entry.path)),
    draft,
  ]);
  return tree;
}

/** @param digestOne null when the file went away: it is not part of the tree then */
async function digestTree(
  root: string,
  entries: readonly TreeEntry[],
  digestOne: (entry: Extract<TreeEntry, { kind: 'file' }>) => Promise<Digested | null>,
): Promise<DigestedTree> {
  const digests = new Map<string, string>();
  let bytes = 0;
  await forEachBounded(entries, FILES_AT_ONCE, async (entry) => {
    if (entry.kind !== 'file') return;
    const digested = await orUnreadable(root, entry.path, () => digestOne(entry));
    if (digested === null) return;
    bytes += digested.bytes;
    digests.set(entry.path, digested.digest);
  });
  const whole = createHash('sha256');
  const all = new Set<string>();
  for (const entry of entries) {
    const digest = digests.get(entry.path);
    if (entry.kind === 'file' && digest === undefined) continue;
    all.add(entry.path);
    // JSON keeps names with odd characters apart.
    whole.update(`${JSON.stringify(describeEntry(entry, digest))}\n`);
  }
  return { id: whole.digest('hex'), bytes, paths: { all, files: digests.size } };
}

function describeEntry(entry: TreeEntry, digest: string | undefined): unknown[] {
  if (entry.kind === 'file') return ['file', entry.path, entry.executable, digest];
  return entry.kind === 'link' ? ['link', entry.path, entry.target] : ['directory', entry.path];
}

/** What is digested is what was copied, even if the source changes meanwhile. @returns null when the file went away */
async function copyOne(
  from: string,
  to: string,
  entry: { readonly bytes: number; readonly executable: boolean },
): Promise<Digested | null> {
  const mode = entry.executable ? 0o755 : 0o644;
  try {
    if (entry.bytes <= SMALL_FILE_BYTES) {
      // A link or a pipe that took the file's place meanwhile is not followed and not waited for.
      const source = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      let content: Buffer;
      try {
        content = await source.readFile();
      } finally {
        await source.close();
      }
      await writeFile(to, content, { mode, flag: 'wx' });
      return { bytes: content.length, digest: createHash('sha256').update(content).digest('hex') };
    }
    await copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
    await chmod(to, mode);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ELOOP') return null;
    throw error;
  }
  return digestFile(to);
}

async function digestFile(file: string): Promise<Digested> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of createReadStream(file) as AsyncIterable<Buffer>) {
    hash.update(piece);
    bytes += piece.length;
  }
  return { bytes, digest: hash.digest('hex') };
}

/** In path order, so that parents come first. */
async function makeDirectories(entries: readonly TreeEntry[], below: string): Promise<void> {
  for (const entry of entries) if (entry.kind === 'directory') await mkdir(path.join(below, entry.path));
}

/** Everything in a snapshot, by path. */
async function listCopy(root: string): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  const pending = [''];
  for (let dir = pending.pop(); dir !== undefined; dir = pending.pop()) {
    const found = await readdir(path.join(root, dir), { withFileTypes: true });
    await forEachBounded(found, FILES_AT_ONCE, async (entry) => {
      const at = dir === '' ? entry.name : `${dir}/${entry.name}`;
      if (entry.isDirectory()) {
        entries.push({ kind: 'directory', path: at });
        pending.push(at);
      } else if (entry.isSymbolicLink())
        entries.push({ kind: 'link', path: at, target: await readlink(path.join(root, at)) });
      else {
        const { size, mode, mtimeMs, ctimeMs, ino } = await lstat(path.join(root, at));
        entries.push({
          kind: 'file',
          path: at,
          executable: (mode & 0o100) !== 0,
          bytes: size,
          mtimeMs,
          ctimeMs,
          inode: ino,
        });
      }
    });
  }
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** @returns false when an equal snapshot was there before */
async function moveInto(draft: string, target: string): Promise<boolean> {
  if (await exists(target)) return false;
  try {
    await rename(draft, target);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOTEMPTY' || codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}
