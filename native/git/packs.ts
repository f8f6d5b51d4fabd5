/** The packs of the repository: making them durable, joining them, and dropping what nobody refers to any more. */
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { syncPath } from '../snapshots/durable.ts';
import { codeOf } from '../snapshots/file-errors.ts';
import { choosePacks } from './choose-packs.ts';
import { runGit } from './run-git.ts';

const PACK = /^(pack-[0-9a-f]{40})[.](pack|idx)$/;
const LONG_MS = 3_600_000;

export interface Packs {
  /** Waits until every pack is on the disk. */
  sync(): Promise<void>;
  /** Joins small ones. Everything goes on meanwhile. */
  join(): Promise<void>;
  /** Packs all that `trees` refer to. @returns the names of the packs made. @throws GitError when an object is missing: nothing was dropped */
  pack(trees: readonly string[]): Promise<string[]>;
  list(): Promise<{ readonly name: string; readonly bytes: number }[]>;
  drop(names: readonly string[]): Promise<void>;
  /** Removes what a crash left behind; nothing may be under way. */
  clear(): Promise<void>;
}

export function createPacks(repository: string): Packs {
  const dir = path.join(repository, 'objects', 'pack');
  const synced = new Set<string>();
  const prefix = path.join('objects', 'pack', 'pack');

  async function sync(): Promise<void> {
    const names = (await readdir(dir)).filter((name) => PACK.test(name) && !synced.has(name));
    for (const name of names) {
      try {
        await syncPath(path.join(dir, name));
      } catch (error) {
        // Joined with others meanwhile.
        if (codeOf(error) !== 'ENOENT') throw error;
      }
    }
    await syncPath(dir);
    for (const name of names) synced.add(name);
  }

  async function list(): Promise<{ name: string; bytes: number }[]> {
    const names = (await readdir(dir)).filter((name) => name.endsWith('.idx')).map((name) => name.slice(0, -4));
    const found = await Promise.all(
      names.map(async (name) => ({
        name,
        bytes: (await stat(path.join(dir, `${name}.pack`)).catch(() => null))?.size,
      })),
    );
    return found.flatMap(({ name, bytes }) => (bytes === undefined ? [] : [{ name, bytes }]));
  }

  async function drop(names: readonly string[]): Promise<void> {
    for (const name of names) {
      // The index first: a pack without one is nothing to git, and is cleared away at the next start.
      for (const ending of ['idx', 'rev', 'pack']) await rm(path.join(dir, `${name}.${ending}`), { force: true });
      for (const ending of ['idx', 'pack']) synced.delete(`${name}.${ending}`);
    }
  }

  const packObjects = async (args: readonly string[], input: readonly string[]): Promise<string[]> =>
    (
      await runGit(repository, ['pack-objects', '-q', '--non-empty', ...args, prefix], `${input.join('\n')}\n`, {
        isBackground: true,
        timeoutMs: LONG_MS,
      })
    )
      .toString('latin1')
      .split('\n')
      .filter((name) => name !== '')
      .map((name) => `pack-${name}`);

  return {
    sync,
    list,
    drop,
    pack: (trees) => (trees.length === 0 ? Promise.resolve([]) : packObjects(['--revs'], trees)),
    async join() {
      const chosen = choosePacks(await list());
      if (chosen.length === 0) return;
      const made = await packObjects(
        ['--stdin-packs'],
        chosen.map((name) => `${name}.pack`),
      );
      await sync();
      await drop(chosen.filter((name) => !made.includes(name)));
    },
    async clear() {
      const whole = new Set((await list()).map(({ name }) => name));
      for (const name of await readdir(dir)) {
        const [, pack] = PACK.exec(name) ?? [];
        if (name.startsWith('tmp_') || (pack !== undefined && !whole.has(pack)))
          await rm(path.join(dir, name), { force: true });
      }
      for (const name of await readdir(repository))
        if (name.startsWith('fast_import_crash_')) await rm(path.join(repository, name), { force: true });
      await rm(path.join(repository, 'refs', 'takes'), { recursive: true, force: true });
    },
  };
}
