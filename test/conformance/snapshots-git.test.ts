/** What only the git adapter does: base commits, dropping what nobody refers to, being killed, old data directories. */
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TakenSnapshot } from '../../electron/ports/snapshots.ts';
import { createCopies } from '../../native/copies/copies.ts';
import { createGitSnapshots, type GitSnapshots } from '../../native/git/git-snapshots.ts';
import { createObjectReader } from '../../native/git/object-reader.ts';
import { loadIndex, saveIndex, type ProjectIndex } from '../../native/git/project-index.ts';
import { openSnapshots } from '../../native/snapshots/open-snapshots.ts';

let root: string;
let sourceDir: string;
let dataDir: string;
let dir: string;
let snapshots: GitSnapshots;
const errors: string[] = [];

const open = (): GitSnapshots =>
  createGitSnapshots({ dir, dataDir, onError: (text, error) => errors.push(`${text}: ${String(error)}`) });
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'switchyard-git-'));
  [sourceDir, dataDir] = ['project', 'data'].map((name) => path.join(root, name)) as [string, string];
  dir = path.join(dataDir, 'snapshots', 'git');
  for (const one of [sourceDir, dataDir]) mkdirSync(one);
  errors.length = 0;
  snapshots = open();
});
afterEach(async () => {
  await snapshots.close();
  rmSync(root, { recursive: true, force: true });
  if (errors.length > 0) throw new Error(errors.join('\n'));
});

function put(files: Readonly<Record<string, string>>, base = sourceDir): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(base, name)), { recursive: true });
    writeFileSync(path.join(base, name), content);
  }
}
async function take(from = sourceDir): Promise<TakenSnapshot> {
  const taken = await snapshots.take({ sourceDir: from, limitBytes: 10_000_000 });
  taken.release();
  return taken;
}
const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', ['-c', 'safe.directory=*', '-c', 'user.name=u', '-c', 'user.email=u@localhost', ...args], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
const baseOf = async (from = sourceDir) => (await take(from)).info.base;
function stampOf(file: string): { bytes: number; mtimeMs: number; ctimeMs: number; inode: number } {
  const { size, mtimeMs, ctimeMs, ino } = lstatSync(file);
  return { bytes: size, mtimeMs, ctimeMs, inode: ino };
}
const packs = (): string[] =>
  readdirSync(path.join(dir, 'repository.git/objects/pack')).filter((name) => name.endsWith('.pack'));

it('notes base commit, branch and whether the snapshot differs from it', async () => {
  put({ 'a.py': '1', 'sub/b.py': '1', '.gitignore': 'out', '.vscode/settings.json': '{}', 'sub/text.txt': 'a\nb\n' });
  expect(await baseOf()).toBeNull();
  git(sourceDir, 'init', '-q', '-b', 'main');
  expect(await baseOf()).toBeNull();
  git(sourceDir, 'add', '-A');
  git(sourceDir, 'commit', '-q', '-m', 'one');
  const commit = git(sourceDir, 'rev-parse', 'HEAD');
  const clean = { commit, branch: 'main', dirty: false };
  expect(await baseOf()).toEqual(clean);
  put({ 'out/log': 'x' });
  mkdirSync(path.join(sourceDir, 'empty'));
  // Neither what is ignored nor an empty directory is a change, to git.
  expect(await baseOf()).toEqual(clean);
  expect(await baseOf(path.join(sourceDir, 'sub'))).toEqual(clean);
  put({ 'a.py': '2' });
  expect(await baseOf()).toEqual({ ...clean, dirty: true });
  expect(await baseOf(path.join(sourceDir, 'sub'))).toEqual(clean);
  git(sourceDir, 'checkout', '-q', 'a.py');
  put({ 'new.py': '2' });
  expect(await baseOf()).toEqual({ ...clean, dirty: true });
  rmSync(path.join(sourceDir, 'new.py'));
  rmSync(path.join(sourceDir, 'sub/b.py'));
  expect(await baseOf()).toEqual({ ...clean, dirty: true });
  git(sourceDir, 'checkout', '-q', 'sub/b.py');
  git(sourceDir, 'pack-refs', '--all');
  git(sourceDir, 'checkout', '-q', '-b', 'feature/x');
  git(sourceDir, 'gc', '-q');
  expect(await baseOf()).toEqual({ ...clean, branch: 'feature/x' });
  git(sourceDir, 'checkout', '-q', '--detach');
  expect(await baseOf()).toEqual({ ...clean, branch: null });
  // Line ends that git converts are no change of the user's.
  put({ '.gitattributes': '*.txt text eol=crlf\n' });
  git(sourceDir, 'add', '-A');
  git(sourceDir, 'commit', '-q', '-m', 'two');
  rmSync(path.join(sourceDir, 'sub/text.txt'));
  git(sourceDir, 'checkout', '-q', '--', 'sub/text.txt');
  expect(readFileSync(path.join(sourceDir, 'sub/text.txt'), 'utf8')).toBe('a\r\nb\r\n');
  const later = Date.now() / 1000 + 5;
  utimesSync(path.join(sourceDir, '.git/index'), later, later);
  expect(await baseOf()).toMatchObject({ dirty: false });
  const linked = path.join(root, 'linked');
  git(sourceDir, 'worktree', 'add', '-q', '-b', 'other', linked);
  utimesSync(path.join(sourceDir, '.git/worktrees/linked/index'), later, later);
  expect(await baseOf(linked)).toMatchObject({ branch: 'other', dirty: false });
});

it('drops what only forgotten snapshots had, and nothing that is kept, while submits go on', async () => {
  const kept = new Map<string, string>();
  // So much to pack that submits come while that goes on.
  writeFileSync(path.join(sourceDir, 'noise.bin'), randomBytes(9_000_000));
  for (let round = 0; round < 12; round++) {
    put({ 'a.py': `${round}`, 'big.txt': `${round}\n`.repeat(20_000 + round), [`only/${round}.py`]: `${round}` });
    const { id } = await take();
    if (round % 3 === 0) kept.set(id, `${round}`);
    else await snapshots.remove(id);
  }
  const forgotten = path.join(root, 'forgotten');
  const once = (round: number): Record<string, string> => ({ [`${round}.txt`]: `once ${round}` });
  for (let round = 0; round < 12; round++) put(once(round), forgotten);
  const { id: gone } = await take(forgotten);
  await snapshots.remove(gone);
  rmSync(path.join(dir, 'projects'), { recursive: true });
  mkdirSync(path.join(dir, 'projects'));
  // The same content comes back while the packing that leaves it out is under way.
  const dropping = snapshots.dropForgotten();
  for (let round = 0; round < 12; round++) {
    put(once(round), path.join(root, `again-${round}`));
    kept.set((await take(path.join(root, `again-${round}`))).id, 'again');
    put({ 'a.py': `${round}`, 'big.txt': `${round}\n`.repeat(20_000 + round) });
    kept.set((await take()).id, `${round}`);
  }
  await dropping;
  expect(await snapshots.verify(gone)).toMatchObject({ kind: 'missing' });
  for (const id of kept.keys()) expect(await snapshots.verify(id)).toEqual({ kind: 'whole' });
  await snapshots.dropForgotten();
  expect(packs().length).toBeLessThanOrEqual(2);
  await snapshots.close();
  snapshots = open();
  for (const id of kept.keys()) expect(await snapshots.verify(id)).toEqual({ kind: 'whole' });
  expect(git(path.join(dir, 'repository.git'), 'count-objects')).toMatch(/^0 objects/);
});

it('goes on from the last snapshot of a project when that itself was forgotten', async () => {
  put({ 'a.py': '1', 'lib/b.py': 'x' });
  await snapshots.remove((await take()).id);
  await snapshots.dropForgotten();
  put({ 'a.py': '2' });
  expect(await snapshots.verify((await take()).id)).toEqual({ kind: 'whole' });
});

it('reads a file again whose stamp may be older than its content', async () => {
  put({ 'a.py': 'old' });
  const first = await take();
  const [name = ''] = readdirSync(path.join(dir, 'projects'));
  const file = path.join(dir, 'projects', name);
  put({ 'a.py': 'new' });
  const { bytes, mtimeMs, ctimeMs, inode } = stampOf(path.join(sourceDir, 'a.py'));
  const claim = async (isFresh: boolean): Promise<string> => {
    const index = await loadIndex(file);
    const entry = index?.entries.get('a.py');
    if (index == null || entry?.kind !== 'file') throw new Error('the index does not know a.py');
    // Just written, so its stamp says nothing yet.
    expect(entry.isFresh).toBe(true);
    await snapshots.close();
    await saveIndex(file, {
      ...index,
      entries: new Map([['a.py', { ...entry, bytes, mtimeMs, ctimeMs, inode, isFresh }]]),
    });
    snapshots = open();
    return (await take()).id;
  };
  const index = await loadIndex(file);
  expect(await claim(true)).not.toBe(first.id);
  await saveIndex(file, index as ProjectIndex);
  expect(await claim(false)).toBe(first.id);
});

it('hands out no object whose content is not what its name says', async () => {
  put({ 'a.py': '1' });
  await take();
  const repository = path.join(dir, 'repository.git');
  const name = 'ab'.repeat(20);
  mkdirSync(path.join(repository, 'objects', 'ab'));
  writeFileSync(path.join(repository, 'objects', 'ab', name.slice(2)), deflateSync('blob 5\0wrong'));
  const reader = createObjectReader(repository);
  await expect(reader.read(name, 'blob')).rejects.toThrow('not what was stored');
  await expect(reader.read('cd'.repeat(20), 'blob')).rejects.toThrow('missing');
  await reader.close();
});

it('keeps few packs and no loose objects over many submits', async () => {
  const ids = new Set<string>();
  for (let round = 0; round < 60; round++) {
    put({ 'a.py': `lr = ${round}`, 'lib/b.py': 'x' });
    ids.add((await take()).id);
  }
  await snapshots.tidy();
  expect(ids.size).toBe(60);
  expect(packs().length).toBeLessThan(24);
  expect(git(path.join(dir, 'repository.git'), 'count-objects')).toMatch(/^0 objects/);
  for (const id of ids) expect(await snapshots.verify(id)).toEqual({ kind: 'whole' });
});

it('loses nothing it acknowledged to kill -9, with drops under way', async () => {
  const script = `
    import { writeFileSync, writeSync } from 'node:fs';
    import { createGitSnapshots } from ${JSON.stringify(path.resolve('native/git/git-snapshots.ts'))};
    const snapshots = createGitSnapshots({ dir: ${JSON.stringify(dir)}, dataDir: ${JSON.stringify(dataDir)}, onError: () => {} });
    const forget = [];
    for (let round = 0; ; round++) {
      writeFileSync(${JSON.stringify(path.join(sourceDir, 'a.py'))}, process.pid + ' ' + round + '\\n'.repeat(5000));
      const taken = await snapshots.take({ sourceDir: ${JSON.stringify(sourceDir)}, limitBytes: 1e7 });
      taken.release();
      if (round % 2 === 0) writeSync(1, taken.id + '\\n');
      else forget.push(taken.id);
      if (round % 5 === 4) { for (const id of forget.splice(0)) await snapshots.remove(id); void snapshots.dropForgotten(); }
    }`;
  const acknowledged = new Set<string>();
  for (let life = 0; life < 5; life++) {
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    const enough = Promise.withResolvers<void>();
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      // Killed at another place each time.
      if (said.split('\n').length > 4 + 3 * life) enough.resolve();
    });
    await enough.promise;
    child.kill('SIGKILL');
    await new Promise((resolve) => child.on('close', resolve));
    for (const id of said.split('\n').slice(0, -1)) acknowledged.add(id);
  }
  expect(acknowledged.size).toBeGreaterThan(20);
  for (const id of acknowledged) expect([id, await snapshots.verify(id)]).toEqual([id, { kind: 'whole' }]);
  await snapshots.dropForgotten();
  for (const id of acknowledged) expect([id, await snapshots.verify(id)]).toEqual([id, { kind: 'whole' }]);
  expect(readdirSync(path.join(dir, 'repository.git/objects/pack')).filter((name) => name.startsWith('tmp_'))).toEqual(
    [],
  );
});

it('reads the copies of an old data directory beside its own, and compares one with the other', async () => {
  const snapshotsDir = path.join(dataDir, 'snapshots');
  put({ 'a.py': 'one\n', 'same.py': 'x' });
  const copies = createCopies({ snapshotsDir, dataDir });
  const old = await copies.take({ sourceDir, limitBytes: 1_000_000 });
  put({ 'a.py': 'two\n' });
  const both = openSnapshots({ snapshotsDir, dataDir });
  await both.tidy();
  const now = await both.take({ sourceDir, limitBytes: 1_000_000 });
  expect([old.id.length, now.id.length]).toEqual([64, 40]);
  const work = path.join(root, 'work');
  await both.materialize(old.id, work);
  expect(readFileSync(path.join(work, 'a.py'), 'utf8')).toBe('one\n');
  expect(await both.compare({ kind: 'snapshot', id: old.id }, { kind: 'snapshot', id: now.id })).toMatchObject({
    files: [{ path: 'a.py', patch: '@@ -1,1 +1,1 @@\n-one\n+two\n' }],
  });
  await both.remove(old.id);
  expect((await both.verify(old.id)).kind).toBe('missing');
  await both.close();
});

it('falls back to copies without a usable git, and says so; what git keeps asks for it', async () => {
  const snapshotsDir = path.join(dataDir, 'snapshots');
  put({ 'a.py': '1' });
  const { id } = await take();
  const without = openSnapshots({
    snapshotsDir,
    dataDir,
    findGit: async () => ({ version: '2.20.1', problem: 'git 2.20.1 is older than 2.32' }),
  });
  const copy = await without.take({ sourceDir, limitBytes: 1_000_000 });
  expect(copy.id).toHaveLength(64);
  await expect(without.materialize(id, path.join(root, 'work'))).rejects.toThrow('older than 2.32');
  expect(await without.diagnose()).toMatchObject([
    { status: 'warning', found: expect.stringContaining('Plain copies, because git 2.20.1 is older') },
  ]);
  await without.close();
});
