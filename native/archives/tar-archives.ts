/** Archives as tar files. What comes in is written by hand: a program elsewhere chose its names. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, lstat, mkdir, open, readdir, readlink, rename, rm, symlink, utimes } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { create, Parser, type ReadEntry } from 'tar';
import type { Archives } from '../../electron/ports/archives.ts';

/** Old enough for every tool, and the same everywhere. */
const MTIME = new Date(Date.UTC(2000, 0, 1));

export function createTarArchives(): Archives {
  return {
    async pack(dir, only, file) {
      const names = await listTree(dir, only);
      if (names.length === 0) return null;
      await create(
        { cwd: dir, file, gzip: { level: 1, portable: true }, portable: true, mtime: MTIME, noDirRecurse: true },
        // A name that begins with @ means an archive to tar.
        names.map((name) => `./${name}`),
      );
      const digest = createHash('sha256');
      let sizeBytes = 0;
      for await (const block of createReadStream(file)) {
        const bytes = block as Buffer;
        digest.update(bytes);
        sizeBytes += bytes.length;
      }
      return { sizeBytes, sha256: digest.digest('hex') };
    },
    async unpack(file, into) {
      await mkdir(into, { mode: 0o700 });
      // One after the other: a directory is there before what lies in it.
      let work = Promise.resolve();
      const parser = new Parser({
        strict: true,
        onReadEntry: (entry) => {
          work = work.then(() => takeEntry(entry, into));
          work.catch(() => entry.resume());
        },
      });
      const ended = new Promise<void>((resolve, reject) => {
        parser.on('end', resolve);
        parser.on('error', reject);
        parser.on('abort', reject);
      });
      ended.catch(() => undefined);
      for await (const block of createReadStream(file))
        if (!parser.write(block as Buffer)) await new Promise((resolve) => void parser.once('drain', resolve));
      parser.end();
      await ended;
      await work;
    },
    async merge(from, into, removed) {
      for (const name of removed) if (isInside(name)) await removeInside(into, name);
      await mkdir(into, { recursive: true, mode: 0o700 });
      await mergeInto(from, into);
    },
  };
}

/** @returns relative names, parents first, in the same order everywhere */
async function listTree(dir: string, only: readonly string[] | null): Promise<string[]> {
  const names: string[] = [];
  const walk = async (below: string): Promise<void> => {
    const entries = await readdir(path.join(dir, below), { withFileTypes: true });
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      if (below === '' && only !== null && !only.includes(entry.name)) continue;
      const name = path.posix.join(below, entry.name);
      if (entry.isDirectory() || entry.isFile() || entry.isSymbolicLink()) names.push(name);
      if (entry.isDirectory()) await walk(name);
    }
  };
  await walk('');
  return names;
}

function isInside(name: string): boolean {
  return name !== '' && !path.isAbsolute(name) && !name.split('/').includes('..') && !name.includes('\0');
}

async function takeEntry(entry: ReadEntry, into: string): Promise<void> {
  const name = path.posix.normalize(entry.path).replace(/\/$/, '');
  if (name === '.') {
    entry.resume();
    return;
  }
  if (!isInside(name)) throw new Error(`An archive names a path outside of its directory: ${entry.path}`);
  const target = path.join(into, name);
  await makeWay(into, path.posix.dirname(name));
  const mode = (entry.mode ?? 0o644) & 0o777;
  if (entry.type === 'Directory') {
    await mkdir(target, { recursive: true, mode: mode | 0o700 });
    entry.resume();
  } else if (entry.type === 'SymbolicLink') {
    await symlink(entry.linkpath ?? '', target);
    entry.resume();
  } else if (entry.type === 'File' || entry.type === 'OldFile' || entry.type === 'ContiguousFile') {
    const file = await open(target, 'wx', 0o600);
    try {
      await pipeline(entry, file.createWriteStream());
    } finally {
      await file.close().catch(() => undefined);
    }
    await chmod(target, mode | 0o600);
    if (entry.mtime !== undefined) await utimes(target, entry.mtime, entry.mtime);
  } else entry.resume();
}

/** Directories down to one, all of them true ones. */
async function makeWay(root: string, below: string): Promise<void> {
  let dir = root;
  for (const name of below === '.' ? [] : below.split('/')) {
    dir = path.join(dir, name);
    const found = await lstat(dir).catch(() => null);
    if (found === null) await mkdir(dir, { mode: 0o700 });
    else if (!found.isDirectory()) throw new Error(`An archive writes through a link: ${path.relative(root, dir)}`);
  }
}

async function removeInside(root: string, name: string): Promise<void> {
  let dir = root;
  for (const part of path.posix.dirname(name).split('/')) {
    dir = path.join(dir, part);
    if ((await lstat(dir).catch(() => null))?.isDirectory() !== true) return;
  }
  await rm(path.join(root, name), { recursive: true, force: true });
}

async function mergeInto(from: string, into: string): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name);
    const target = path.join(into, entry.name);
    const found = await lstat(target).catch(() => null);
    if (entry.isDirectory()) {
      if (found !== null && !found.isDirectory()) await rm(target, { force: true });
      if (found?.isDirectory() !== true) await mkdir(target, { mode: 0o700 });
      await mergeInto(source, target);
      await chmod(target, (await lstat(source)).mode & 0o777);
    } else {
      if (found?.isDirectory() === true) await rm(target, { recursive: true, force: true });
      if (entry.isSymbolicLink()) {
        await rm(target, { force: true });
        await symlink(await readlink(source), target);
      } else await rename(source, target);
    }
  }
}
