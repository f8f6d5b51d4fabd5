/** Brings what an attempt elsewhere made into the trial's directories here: verified, and in place only when it is whole. */
import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { appendFile, lstat, mkdir, mkdtemp, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Archives } from '../ports/archives.ts';
import { MailboxError, type Mailbox } from '../ports/mailbox.ts';
import type { GapNote } from './remote-journal.ts';
import { Manifest, manifestKey, type PlaceName, type Result, type Tree } from './agent-protocol.ts';

/** What arrived is not what was sent: a torn checkpoint, a key that lies elsewhere. Trying again gives the same. */
export class DamagedError extends Error {}

export interface Homecoming {
  readonly archives: Archives;
  readonly mailbox: Mailbox;
  readonly prefix: string;
  readonly stateDir: string;
  readonly dirs: Readonly<Record<PlaceName, string>>;
}

/** What came home may have put a link in its place: none is followed. */
const APPEND_HERE = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;

export interface Stream {
  readonly file: string;
  readonly gap: GapNote;
  /** What stands in the file where bytes never came; ASCII. */
  readonly mark: (missingBytes: number) => string;
}

/**
 * Bytes of a stream that begin at `offset` go where they belong in a file that only grows; what it has already is left alone. Bytes before
 * them that never came (a mailbox keeps nothing for ever) are marked in the file, and the stream goes on behind the mark.
 * @returns how many bytes were found missing
 * @throws MailboxError, the system's error
 */
export async function takeChunk(
  { file, gap, mark }: Stream,
  offset: number,
  fetch: (from: number) => Promise<Uint8Array>,
): Promise<number> {
  const append = (bytes: Uint8Array | string): Promise<void> =>
    appendFile(file, bytes, { mode: 0o600, flag: APPEND_HERE });
  let size = await sizeOf(file);
  let known = await gap.read();
  const missing = offset - size - (known?.aheadBytes ?? 0);
  const isMarked = known === null || size >= known.markAtBytes + known.mark.length;
  if (isMarked && missing > 0) {
    const text = mark(missing);
    // Noted before it is written: an engine that dies in between writes the same mark.
    known = { aheadBytes: offset - size - text.length, mark: text, markAtBytes: size };
    await gap.keep(known);
  }
  if (known !== null && size < known.markAtBytes + known.mark.length) {
    await append(known.mark.slice(Math.max(0, size - known.markAtBytes)));
    size = known.markAtBytes + known.mark.length;
  }
  const from = size + (known?.aheadBytes ?? 0) - offset;
  const bytes = await fetch(from);
  if (bytes.length > 0) await append(bytes);
  return isMarked ? Math.max(0, missing) : 0;
}

/** @returns 0 where there is no file yet */
export async function sizeOf(file: string): Promise<number> {
  return (await lstat(file).catch(() => null))?.size ?? 0;
}

/**
 * Registers a checkpoint: it gets its name when all of it is there. One of the same name is replaced.
 * @throws MailboxError, DamagedError, the system's error
 */
export async function bringCheckpoint(home: Homecoming, number: number): Promise<void> {
  const text = new TextDecoder().decode(await home.mailbox.read(manifestKey(home.prefix, number)));
  const manifest = Manifest.safeParse(parseJson(text));
  if (!manifest.success || !isPlainName(manifest.data.name)) throw new DamagedError('its manifest cannot be read');
  const { name, tree } = manifest.data;
  await withTree(home, tree, async (unpacked) => {
    const { checkpoints } = home.dirs;
    await mkdir(checkpoints, { recursive: true, mode: 0o700 });
    const final = path.join(checkpoints, name);
    // Names that begin with a dot are no finished checkpoints.
    const draft = await mkdtemp(path.join(checkpoints, '.incoming-'));
    try {
      await rename(path.join(unpacked, name), path.join(draft, 'new')).catch((error: unknown) => {
        throw new DamagedError('it is not what its manifest says', { cause: error });
      });
      if ((await lstat(final).catch(() => null)) !== null) await rename(final, path.join(draft, 'old'));
      await rename(path.join(draft, 'new'), final);
      await flushDirectory(checkpoints);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  });
}

/** What changed in the working directory and the output; may be repeated. @throws as bringCheckpoint */
export async function bringTrees(home: Homecoming, trees: Result['trees']): Promise<void> {
  for (const { name, tree, removed } of trees) {
    const into = home.dirs[name];
    if (tree === null) {
      const empty = await mkdtemp(path.join(home.stateDir, 'incoming-'));
      try {
        await home.archives.merge(empty, into, removed);
      } finally {
        await rm(empty, { recursive: true, force: true });
      }
    } else await withTree(home, tree, (unpacked) => home.archives.merge(unpacked, into, removed));
  }
}

async function withTree(home: Homecoming, tree: Tree, use: (unpacked: string) => Promise<void>): Promise<void> {
  await mkdir(home.stateDir, { recursive: true, mode: 0o700 });
  const place = await mkdtemp(path.join(home.stateDir, 'incoming-'));
  try {
    const archive = path.join(place, 'tar');
    await fetchTree(home, tree, place, archive);
    const unpacked = path.join(place, 'tree');
    await home.archives.unpack(archive, unpacked);
    await rm(archive);
    await use(unpacked);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

async function fetchTree({ mailbox, prefix }: Homecoming, tree: Tree, place: string, archive: string): Promise<void> {
  const digest = createHash('sha256');
  const whole = await open(archive, 'wx', 0o600);
  try {
    for (const { key, sizeBytes } of tree.parts) {
      if (!key.startsWith(prefix)) throw new DamagedError('a part of it lies elsewhere');
      const part = path.join(place, 'part');
      await mailbox.fetch(key, part).catch((error: unknown) => {
        if (error instanceof MailboxError && error.code === 'not_found')
          throw new DamagedError('a part of it is missing');
        throw error;
      });
      if ((await sizeOf(part)) !== sizeBytes) throw new DamagedError('a part of it is shorter than it was');
      for await (const block of createReadStream(part)) {
        digest.update(block as Buffer);
        await whole.writeFile(block as Buffer);
      }
      await rm(part);
    }
  } finally {
    await whole.close();
  }
  if (digest.digest('hex') !== tree.sha256) throw new DamagedError('its checksum is not what it was');
}

function isPlainName(name: string): boolean {
  return name !== '' && !name.startsWith('.') && !/[/\\\p{Cc}]/u.test(name) && Buffer.byteLength(name) <= 255;
}

async function flushDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  // Some file systems cannot.
  await handle.sync().catch(() => undefined);
  await handle.close();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
