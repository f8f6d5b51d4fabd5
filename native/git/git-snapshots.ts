/**
 * Snapshots as git trees in a bare repository of the engine's own.
 *
 * <dir>/repository.git       every object, in packs; git sees nothing of the user's but the bytes that are handed to it
 * <dir>/kept                 which trees are snapshots (keep-list.ts)
 * <dir>/projects/<digest>    what the last snapshot of a project held (project-index.ts); its tree stays in the repository, too
 *
 * Invariants: a tree is in `kept` only when all of its objects are on the disk. A pack is dropped only while no submit is between
 * its first object and its line in `kept`, and only when everything that `kept` and the projects name is in other packs; this process
 * drops it itself, so that nothing goes on dropping when the engine is killed.
 */
import { createHash } from 'node:crypto';
import { constants, createReadStream, mkdirSync, readFileSync } from 'node:fs';
import {
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
  type FileHandle,
} from 'node:fs/promises';
import path from 'node:path';
import type { Snapshots, SnapshotState, TakenSnapshot, TakeRequest } from '../../electron/ports/snapshots.ts';
import { readBootId } from '../boot-id.ts';
import { findBeyond } from '../snapshots/beyond.ts';
import { forEachBounded } from '../snapshots/bounded.ts';
import { createCompare, type OpenTree } from '../snapshots/compare-refs.ts';
import { syncPath } from '../snapshots/durable.ts';
import {
  changedMeanwhile,
  checkSource,
  codeOf,
  exists,
  explainFullDisk,
  orUnreadable,
} from '../snapshots/file-errors.ts';
import { sayBytes } from '../../electron/text/say.ts';
import { createHolds } from '../snapshots/holds.ts';
import { noteLeftOut } from '../snapshots/note-left-out.ts';
import { blobId, type ReadableTree, type TreeItem } from '../snapshots/readable-tree.ts';
import { damaged, grewTooLarge, missing, notAnId } from '../snapshots/snapshot-errors.ts';
import { walkTree, type TreeEntry, type TreeListing } from '../snapshots/walk-tree.ts';
import { describeBase, findUserRepository } from './base-commit.ts';
import { createGate } from './gate.ts';
import { createTreeImport } from './import-tree.ts';
import { openKeepList, type KeepList } from './keep-list.ts';
import { createObjectReader, ObjectDamaged } from './object-reader.ts';
import { createPacks } from './packs.ts';
import type { IndexEntry, ProjectIndex } from './project-index.ts';
import { isFresh, loadIndex, saveIndex } from './project-index.ts';
import { GitError, runGit } from './run-git.ts';
import { EMPTY_MARK, EMPTY_TREE, listTree, type StoredEntry } from './trees.ts';

const ID = /^[0-9a-f]{40}$/;
const PRIVATE_DIR_MODE = 0o700;
const READS_AT_ONCE = 32;
/** A larger file goes through in pieces. */
const WHOLE_FILE_BYTES = 8 * 1024 * 1024;
/** A file that is read on the spot delays nobody. */
const SPOT_BYTES = 64 * 1024;
const SLICE_MS = 4;
/** Files read ahead of the importer, and their bytes in all. */
const BATCH_FILES = 128;
const BATCH_BYTES = 16 * 1024 * 1024;
/** From so many forgotten snapshots on, what only they had is dropped. */
const FORGOTTEN_BEFORE_DROP = 50;
const DAMAGE_FOUND = ' Some of it is damaged; what was submitted since is kept as plain copies.';
/** The index of a project that nobody submits any more. */
const INDEX_KEPT_MS = 60 * 24 * 3_600_000;

export interface GitSnapshotsOptions {
  /** Of this adapter alone. */
  readonly dir: string;
  /** The engine's data, which is never part of a snapshot. */
  readonly dataDir: string;
  /** What goes wrong in the background. */
  readonly onError: (text: string, error: unknown) => void;
}

export interface GitSnapshots extends Snapshots, OpenTree {
  /** Drops what only forgotten snapshots had, however little it is. */
  dropForgotten(): Promise<void>;
}

type FileEntry = Extract<TreeEntry, { kind: 'file' }>;
type IndexedFile = Extract<IndexEntry, { kind: 'file' }>;

export function createGitSnapshots({ dir, dataDir, onError }: GitSnapshotsOptions): GitSnapshots {
  const repository = path.join(dir, 'repository.git');
  const projects = path.join(dir, 'projects');
  const packs = createPacks(repository);
  const reader = createObjectReader(repository);
  const holds = createHolds();
  const gate = createGate();
  /** The last submit of each project, so that two of one project do not write one index. */
  const lastOfProject = new Map<string, Promise<unknown>>();
  let opening: Promise<KeepList> | null = null;
  /** The index used last, so that submit after submit of one project does not parse it again. */
  let lastIndex: { readonly file: string; readonly index: ProjectIndex } | null = null;
  let tidying: Promise<void> | null = null;
  let isClosed = false;
  /** An object was found damaged: nothing is trusted unread until everything could be packed anew. The file says so after a start. */
  let isSuspect = false;
  const suspicion = path.join(dir, 'damaged');

  /** @throws GitError, or the file system's error; tried again by the next caller */
  function opened(): Promise<KeepList> {
    opening ??= prepare().catch((error: unknown) => {
      opening = null;
      throw error;
    });
    return opening;
  }

  async function prepare(): Promise<KeepList> {
    mkdirSync(projects, { recursive: true, mode: PRIVATE_DIR_MODE });
    if (!(await exists(path.join(repository, 'HEAD')))) {
      const draft = `${repository}.draft`;
      await rm(draft, { recursive: true, force: true });
      await mkdir(draft, { mode: PRIVATE_DIR_MODE });
      await runGit(draft, ['init', '--quiet', '--bare', '--template=', '--object-format=sha1', draft]);
      await mkdir(path.join(draft, 'objects', 'pack'), { recursive: true });
      for (const file of ['HEAD', 'config', 'objects/pack', 'objects', 'refs', '.'])
        await syncPath(path.join(draft, file));
      await rename(draft, repository);
      await syncPath(dir);
    }
    await packs.clear();
    isSuspect = await exists(suspicion);
    return openKeepList(path.join(dir, 'kept'));
  }

  const keptId = async (id: string): Promise<boolean> => {
    if (!ID.test(id)) throw notAnId();
    return (await opened()).has(id);
  };

  /** @throws SwitchyardError snapshot_missing, snapshot_damaged */
  async function whatIsIn(id: string): Promise<StoredEntry[]> {
    if (!(await keptId(id))) throw missing(id);
    return sayDamage(id, () => listTree(reader, id));
  }

  function suspect(): void {
    isSuspect = true;
    writeFile(suspicion, '').catch((error: unknown) => {
      onError('damage to the snapshots could not be noted', error);
    });
  }

  /** @throws SwitchyardError snapshot_damaged in place of what git says */
  async function sayDamage<T>(id: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ObjectDamaged)) throw error;
      suspect();
      throw damaged(id, error.message);
    }
  }

  async function verify(id: string): Promise<SnapshotState> {
    if (!(await keptId(id))) return { kind: 'missing', problem: missing(id).message };
    return verifyTree(id);
  }

  async function verifyTree(tree: string): Promise<SnapshotState> {
    try {
      const blobs = new Set(
        (await listTree(reader, tree)).flatMap((one) => (one.kind === 'directory' ? [] : [one.blob])),
      );
      await forEachBounded([...blobs], READS_AT_ONCE, async (blob) => void (await reader.read(blob, 'blob')));
      return { kind: 'whole' };
    } catch (error) {
      if (!(error instanceof ObjectDamaged)) throw error;
      suspect();
      return { kind: 'damaged', problem: damaged(tree, error.message).message };
    }
  }

  function take(request: TakeRequest): Promise<TakenSnapshot> {
    const project = createHash('sha256').update(path.resolve(request.sourceDir)).digest('hex').slice(0, 32);
    const turn = (lastOfProject.get(project) ?? Promise.resolve()).then(() => takeInTurn(request, project));
    const settled = turn
      .catch(() => undefined)
      .then(() => {
        if (lastOfProject.get(project) === settled) lastOfProject.delete(project);
      });
    lastOfProject.set(project, settled);
    return turn;
  }

  async function takeInTurn(
    { sourceDir: asked, limitBytes, without }: TakeRequest,
    project: string,
  ): Promise<TakenSnapshot> {
    const sourceDir = await checkSource(asked, dataDir);
    const listing = await walkTree(sourceDir, limitBytes, dataDir, without);
    try {
      const kept = await opened();
      return await gate.together(async () => {
        const file = path.join(projects, project);
        const old = await trusted(file);
        const { index, isChanged } = await importChanges(sourceDir, listing, limitBytes, old);
        // What was there already is not written again, so a damaged file stays damaged whoever submits it.
        if (isSuspect && (await verifyTree(index.tree)).kind !== 'whole') throw storeDamaged(index.tree);
        const release = await holds.hold(index.tree);
        try {
          if (isChanged) await packs.sync();
          await kept.add(index.tree);
          const user = await findUserRepository(sourceDir);
          const base =
            user === null
              ? null
              : old?.tree === index.tree && old.base?.commit === user.commit
                ? { ...old.base, branch: user.branch }
                : await describeBase(repository, index.tree, sourceDir, user);
          await rememberIndex(file, old, { ...index, base });
          if (isChanged) void tidy();
          return toTaken(listing, index, base, release);
        } catch (error) {
          release();
          throw error;
        }
      });
    } catch (error) {
      if (error instanceof GitError && error.isDiskFull)
        return explainFullDisk(Object.assign(error, { code: 'ENOSPC' }), sourceDir, sayBytes(listing.bytes));
      return explainFullDisk(error, sourceDir, sayBytes(listing.bytes));
    }
  }

  /** After a start of the machine the tree of an index is read back once. @throws SwitchyardError snapshot_damaged */
  async function trusted(file: string): Promise<ProjectIndex | null> {
    const index = lastIndex?.file === file && (await exists(file)) ? lastIndex.index : await loadIndex(file);
    if (index === null || (index.bootId === readBootId() && !isSuspect)) return index;
    const state = await verifyTree(index.tree);
    if (state.kind === 'whole') return { ...index, bootId: '' };
    await rm(file, { force: true });
    throw storeDamaged(index.tree);
  }

  async function rememberIndex(file: string, old: ProjectIndex | null, index: ProjectIndex): Promise<void> {
    try {
      if (isSameIndex(old, index)) {
        const now = new Date();
        await utimes(file, now, now);
      } else await saveIndex(file, index);
      lastIndex = { file, index };
    } catch (error) {
      // Without it the next submit only takes longer; with an old one it would look for objects that may be gone.
      lastIndex = null;
      await rm(file, { force: true });
      onError('the index of a project could not be saved', error);
    }
  }

  async function importChanges(
    sourceDir: string,
    listing: TreeListing,
    limitBytes: number,
    old: ProjectIndex | null,
  ): Promise<{ index: ProjectIndex; isChanged: boolean }> {
    const before = old?.entries ?? new Map<string, IndexEntry>();
    const now = indexedPaths(listing.entries);
    const entries = new Map<string, IndexEntry>();
    const toRead: FileEntry[] = [];
    const tree = createTreeImport(repository, old?.tree === EMPTY_TREE ? null : (old?.tree ?? null));
    try {
      for (const [file, entry] of before) {
        if (now.get(file)?.kind !== entry.kind) await tree.remove(storedPath(file, entry));
      }
      let bytes = 0;
      for (const [file, entry] of now) {
        const was = before.get(file);
        if (entry.kind === 'file') {
          if (was?.kind === 'file' && !was.isFresh && isSameStamp(was, entry) && was.executable === entry.executable) {
            entries.set(file, was);
            bytes += was.bytes;
          } else {
            // Keeps its place in the order of paths until it was read.
            entries.set(file, { ...entry, blob: '', isFresh: true });
            toRead.push(entry);
          }
        } else {
          entries.set(file, entry);
          if (entry.kind === 'link' && !(was?.kind === 'link' && was.target === entry.target))
            await tree.put(file, '120000', Buffer.from(entry.target));
          if (entry.kind === 'empty directory' && was?.kind !== 'empty directory')
            await tree.put(storedPath(file, entry), '100644', Buffer.alloc(0));
        }
      }
      for (const batch of batches(toRead)) {
        const contents = await readBatch(sourceDir, batch, listing.isLocal);
        for (const [at, entry] of batch.entries()) {
          const content = contents[at] ?? null;
          const was = before.get(entry.path);
          const mode = entry.executable ? '100755' : '100644';
          const blob =
            content === 'large'
              ? await putLarge(tree, sourceDir, entry, mode)
              : content === null
                ? null
                : blobId(content);
          if (content === null || blob === null) {
            // It went away.
            entries.delete(entry.path);
            if (was?.kind === 'file') await tree.remove(entry.path);
            continue;
          }
          const size = content === 'large' ? entry.bytes : content.length;
          if (
            content !== 'large' &&
            !(was?.kind === 'file' && was.blob === blob && was.executable === entry.executable)
          )
            await tree.put(entry.path, mode, content);
          bytes += size;
          if (bytes > limitBytes) throw grewTooLarge(sourceDir, bytes, limitBytes);
          entries.set(entry.path, {
            ...stampOf(entry),
            kind: 'file',
            executable: entry.executable,
            blob,
            isFresh: size !== entry.bytes || isFresh(entry, listing.startedAtMs),
          });
        }
      }
    } catch (error) {
      await tree.abort();
      throw error;
    }
    const made = await tree.finish();
    const name = entries.size === 0 ? EMPTY_TREE : (made ?? old?.tree ?? EMPTY_TREE);
    return { index: { tree: name, bootId: readBootId(), base: null, entries }, isChanged: made !== null };
  }

  function tidy(): Promise<void> {
    tidying ??= tidyOnce()
      .catch((error: unknown) => {
        onError('the snapshots could not be tidied; it is tried again', error);
      })
      .finally(() => {
        tidying = null;
      });
    return tidying;
  }

  async function tidyOnce(): Promise<void> {
    const kept = await opened();
    if (isClosed) return;
    await packs.join();
    if (kept.forgotten() >= FORGOTTEN_BEFORE_DROP) await dropForgotten();
  }

  async function dropForgotten(): Promise<void> {
    const kept = await opened();
    const tooOld = Date.now() - INDEX_KEPT_MS;
    for (const name of await readdir(projects)) {
      const file = path.join(projects, name);
      if ((await stat(file)).mtimeMs < tooOld) await rm(file, { force: true });
    }
    const roots = async (): Promise<string[]> => [...new Set([...kept.all(), ...(await projectTrees())])];
    const first = await roots();
    const old = (await packs.list()).map(({ name }) => name);
    const made = await packs.pack(first.filter((tree) => tree !== EMPTY_TREE));
    await packs.sync();
    await gate.alone(async () => {
      // What was taken meanwhile may stand on objects that were nobody's when the packing began.
      const since = (await roots()).filter((tree) => !first.includes(tree) && tree !== EMPTY_TREE);
      const more = await packs.pack(since);
      await packs.sync();
      const stay = new Set([...made, ...more]);
      await packs.drop(old.filter((name) => !stay.has(name)));
      await kept.rewrite();
    });
    // Every object was read for that.
    isSuspect = false;
    await rm(suspicion, { force: true });
  }

  async function projectTrees(): Promise<string[]> {
    const trees = await Promise.all(
      (await readdir(projects)).map(async (name) => {
        if (name.endsWith('.draft')) return null;
        const index = await loadIndex(path.join(projects, name));
        // One that cannot be read is no use to a submit either.
        return index?.tree ?? null;
      }),
    );
    return trees.filter((tree) => tree !== null);
  }

  async function openTree(id: string): Promise<ReadableTree> {
    const items = new Map<string, TreeItem>();
    const blobs = new Map<string, string>();
    for (const entry of await whatIsIn(id)) {
      if (entry.kind === 'directory') continue;
      blobs.set(entry.path, entry.blob);
      items.set(
        entry.path,
        entry.kind === 'link'
          ? { kind: 'link', target: (await sayDamage(id, () => reader.read(entry.blob, 'blob'))).toString('utf8') }
          : { kind: 'file', executable: entry.executable, digest: entry.blob },
      );
    }
    return { items, read: (file) => sayDamage(id, () => reader.read(blobs.get(file) ?? '', 'blob')) };
  }

  return {
    checkSource: async (sourceDir) => void (await checkSource(sourceDir, dataDir)),
    take,
    async materialize(id, workDir) {
      const entries = await whatIsIn(id);
      await mkdir(workDir, { mode: PRIVATE_DIR_MODE });
      for (const entry of entries) if (entry.kind === 'directory') await mkdir(path.join(workDir, entry.path));
      await forEachBounded(entries, READS_AT_ONCE, async (entry) => {
        if (entry.kind === 'directory') return;
        const content = await sayDamage(id, () => reader.read(entry.blob, 'blob'));
        const to = path.join(workDir, entry.path);
        if (entry.kind === 'link') await symlink(content, to);
        else await writeFile(to, content, { mode: entry.executable ? 0o755 : 0o644, flag: 'wx' });
      });
    },
    list: async () => ((await exists(path.join(dir, 'kept'))) ? (await opened()).all() : []),
    verify,
    beyond: async (id, workDir) => findBeyond(id === null ? new Map() : (await openTree(id)).items, workDir),
    compare: createCompare(openTree, dataDir),
    openTree,
    async remove(id) {
      if (!ID.test(id)) throw notAnId();
      const kept = await opened();
      await holds.remove(id, () => kept.forget(id));
      if (kept.forgotten() >= FORGOTTEN_BEFORE_DROP) void tidy();
    },
    tidy,
    dropForgotten,
    async diagnose() {
      // Beside an engine that runs, nothing is touched: only what this one opened is looked into.
      const kept = opening === null ? null : await opening;
      const found = kept === null ? [] : await packs.list();
      const bytes = found.reduce((sum, one) => sum + one.bytes, 0);
      const size = kept === null ? '' : `: ${kept.all().length} in ${sayBytes(bytes)}`;
      return [
        {
          id: 'snapshots',
          title: 'Snapshots',
          status: isSuspect ? 'error' : 'ok',
          found: `Kept with git${size}.${isSuspect ? DAMAGE_FOUND : ''}`,
          remedy: isSuspect
            ? `Check the disk. When no trial needs the damaged snapshots any more, stop Switchyard and move ${dir} away.`
            : null,
        },
      ];
    },
    async close() {
      isClosed = true;
      await tidying;
      await Promise.all(lastOfProject.values());
      await reader.close();
    },
  };
}

const storeDamaged = (tree: string): Error => damaged(tree, 'the store of snapshots cannot be read back');

/** Files, links, and the directories with nothing in them; of others the tree needs no line of their own. */
function indexedPaths(
  entries: readonly TreeEntry[],
): Map<string, FileEntry | { kind: 'link'; target: string } | { kind: 'empty directory' }> {
  const full = new Set(entries.map((entry) => entry.path.slice(0, Math.max(0, entry.path.lastIndexOf('/')))));
  const found = new Map<string, FileEntry | { kind: 'link'; target: string } | { kind: 'empty directory' }>();
  for (const entry of entries) {
    if (entry.kind === 'file') found.set(entry.path, entry);
    else if (entry.kind === 'link') found.set(entry.path, { kind: 'link', target: entry.target });
    else if (!full.has(entry.path)) found.set(entry.path, { kind: 'empty directory' });
  }
  return found;
}

const storedPath = (file: string, entry: { readonly kind: IndexEntry['kind'] }): string =>
  entry.kind === 'empty directory' ? `${file}/${EMPTY_MARK}` : file;

const stampOf = ({
  bytes,
  mtimeMs,
  ctimeMs,
  inode,
}: FileEntry): Pick<IndexedFile, 'bytes' | 'mtimeMs' | 'ctimeMs' | 'inode'> => ({
  bytes,
  mtimeMs,
  ctimeMs,
  inode,
});

const isSameStamp = (one: Omit<FileEntry, 'kind' | 'path' | 'executable'>, other: FileEntry): boolean =>
  one.bytes === other.bytes &&
  one.mtimeMs === other.mtimeMs &&
  one.ctimeMs === other.ctimeMs &&
  one.inode === other.inode;

/** Entries that were not read again are the very same objects. */
function isSameIndex(old: ProjectIndex | null, index: ProjectIndex): boolean {
  if (old === null || old.tree !== index.tree || old.bootId !== index.bootId || old.entries.size !== index.entries.size)
    return false;
  if (JSON.stringify(old.base) !== JSON.stringify(index.base)) return false;
  for (const [file, entry] of index.entries) if (entry.kind === 'file' && old.entries.get(file) !== entry) return false;
  return true;
}

function* batches(files: readonly FileEntry[]): Generator<readonly FileEntry[]> {
  let batch: FileEntry[] = [];
  let bytes = 0;
  for (const file of files) {
    batch.push(file);
    bytes += Math.min(file.bytes, WHOLE_FILE_BYTES);
    if (batch.length >= BATCH_FILES || bytes >= BATCH_BYTES) {
      yield batch;
      batch = [];
      bytes = 0;
    }
  }
  if (batch.length > 0) yield batch;
}

/** A link or a pipe that took the file's place meanwhile is not followed and not waited for. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const readOptions = { flag: READ_FLAGS as unknown as string };
const GONE: readonly unknown[] = ['ENOENT', 'ELOOP', 'ENOTDIR', 'EISDIR'];

/**
 * Reads some files. Small ones on a disk of this machine are read on the spot, in slices: a fifth of the time of asking for each.
 * @returns for each its content, null when it went away, 'large' when it is to go through in pieces
 */
async function readBatch(
  sourceDir: string,
  batch: readonly FileEntry[],
  isLocal: boolean,
): Promise<(Buffer | null | 'large')[]> {
  const contents: (Buffer | null | 'large')[] = [];
  const later: number[] = [];
  let sliceMs = performance.now();
  for (const [at, entry] of batch.entries()) {
    contents.push(entry.bytes > WHOLE_FILE_BYTES ? 'large' : null);
    if (entry.bytes > WHOLE_FILE_BYTES) continue;
    const content = isLocal && entry.bytes <= SPOT_BYTES ? readNow(path.join(sourceDir, entry.path)) : null;
    if (content === null) later.push(at);
    else contents[at] = content;
    if (performance.now() - sliceMs > SLICE_MS) {
      await new Promise(setImmediate);
      sliceMs = performance.now();
    }
  }
  await forEachBounded(later, READS_AT_ONCE, async (at) => {
    const { path: file } = batch[at] as FileEntry;
    contents[at] = await orUnreadable(sourceDir, file, () => readOrNull(path.join(sourceDir, file)));
  });
  return contents;
}

/** @returns null where it takes a closer look to say what is wrong */
function readNow(file: string): Buffer | null {
  try {
    return readFileSync(file, readOptions);
  } catch {
    return null;
  }
}

/** @returns null when the file went away */
async function readOrNull(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file, readOptions);
  } catch (error) {
    if (GONE.includes(codeOf(error))) return null;
    throw error;
  }
}

/**
 * Of a file that grows meanwhile, what it had when it was looked at.
 * @returns its blob; null when it went away
 * @throws SwitchyardError directory_unreadable when it became shorter
 */
async function putLarge(
  tree: ReturnType<typeof createTreeImport>,
  sourceDir: string,
  entry: FileEntry,
  mode: '100644' | '100755',
): Promise<string | null> {
  const hash = createHash('sha1').update(`blob ${entry.bytes}\0`);
  const handle = await orUnreadable(sourceDir, entry.path, () => openOrNull(path.join(sourceDir, entry.path)));
  if (handle === null) return null;
  async function* pieces(from: FileHandle): AsyncGenerator<Buffer> {
    for await (const piece of createReadStream('', {
      fd: from,
      end: entry.bytes - 1,
      highWaterMark: 1024 * 1024,
    }) as AsyncIterable<Buffer>) {
      hash.update(piece);
      yield piece;
    }
  }
  if (!(await tree.putStream(entry.path, mode, entry.bytes, pieces(handle))))
    throw changedMeanwhile(sourceDir, entry.path);
  return hash.digest('hex');
}

async function openOrNull(file: string): Promise<FileHandle | null> {
  try {
    return await open(file, READ_FLAGS);
  } catch (error) {
    if (GONE.includes(codeOf(error))) return null;
    throw error;
  }
}

function toTaken(
  listing: TreeListing,
  index: ProjectIndex,
  base: TakenSnapshot['info']['base'],
  release: () => void,
): TakenSnapshot {
  const files = [...index.entries.values()].filter((entry) => entry.kind === 'file');
  const directories = new Set(listing.entries.flatMap((entry) => (entry.kind === 'directory' ? [entry.path] : [])));
  return {
    id: index.tree,
    info: {
      files: files.length,
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      base,
      leftOut: [...listing.leftOut],
    },
    notes: noteLeftOut(listing),
    has: (at) => {
      const file = path.posix.normalize(at).replace(/\/$/, '');
      return index.entries.has(file) || directories.has(file);
    },
    release,
  };
}
