import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SwitchyardError } from '../../../electron/contract/errors.ts';
import { forEachBounded } from '../../../electron/experiments/bounded.ts';
import { checkProgramInCopy } from '../../../electron/experiments/program-in-copy.ts';
import { findLargest } from '../../../electron/experiments/largest-paths.ts';
import {
  materializeSnapshot,
  removeSnapshot,
  removeSnapshotDrafts,
  takeSnapshot,
} from '../../../electron/experiments/snapshot.ts';

let root: string;
let sourceDir: string;
let snapshotsDir: string;
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'switchyard-snapshot-'));
  sourceDir = path.join(root, 'project');
  snapshotsDir = path.join(root, 'data', 'snapshots');
  mkdirSync(sourceDir);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(files: Readonly<Record<string, string>>, base = sourceDir): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(base, name)), { recursive: true });
    writeFileSync(path.join(base, name), content);
  }
}
const take = (limitBytes = 1_000_000) => takeSnapshot({ sourceDir, snapshotsDir, limitBytes });
const listing = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(dir, path.join(entry.parentPath, entry.name)))
    .toSorted();
/** Everything about a tree that a program could have changed. */
const fingerprint = (dir: string): string =>
  createHash('sha256')
    .update(
      readdirSync(dir, { recursive: true })
        .map(String)
        .toSorted()
        .map((name) => {
          const found = lstatSync(path.join(dir, name));
          return `${name} ${found.mode} ${found.mtimeMs} ${found.size} ${found.ino}`;
        })
        .join('\n'),
    )
    .digest('hex');
async function refusal(work: Promise<unknown>): Promise<SwitchyardError> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof SwitchyardError) return error;
  throw new Error('not refused with a SwitchyardError', { cause: error });
}

describe('takeSnapshot', () => {
  it('copies what no rule names, in all three kinds of ignore files and in nested ones', async () => {
    put({
      'train.py': 'print(1)',
      'lib/model.py': 'x',
      'lib/.gitignore': '*.bin\n!keep.bin\n/local/',
      'lib/big.bin': 'x',
      'lib/keep.bin': 'x',
      'lib/local/a': 'x',
      'lib/deep/local/a': 'x',
      '.gitignore': '*.log\n/data/\n# comment\n\nwandb/\n',
      'a.log': 'x',
      'data/x': 'x',
      'lib/data/x': 'x',
      'lib/wandb/run': 'x',
      '.switchyardignore': 'notes.md\r\n!important.log\r\n',
      'notes.md': 'x',
      'important.log': 'x',
      '.detignore': 'old',
      'old/x': 'x',
      '.git/config': 'x',
      'sub/.git': 'gitdir: elsewhere',
      'sub/x.py': 'x',
      '__pycache__/a.pyc': 'x',
      'lib/b.pyc': 'x',
      'ünï cödé [1].txt': 'x',
    });
    const snapshot = await take();
    expect(listing(snapshot.path)).toEqual(
      [
        '.detignore',
        '.gitignore',
        '.switchyardignore',
        'important.log',
        'lib/.gitignore',
        'lib/data/x',
        'lib/deep/local/a',
        'lib/keep.bin',
        'lib/model.py',
        'sub/x.py',
        'train.py',
        'ünï cödé [1].txt',
      ].toSorted(),
    );
    expect(snapshot.files).toBe(12);
    expect(path.basename(snapshot.path)).toBe(snapshot.id);
  });

  it('leaves out installed packages and the records of tracking tools, says so, and brings back what a rule asks for', async () => {
    const environment = (dir: string): Record<string, string> => ({
      [`${dir}/pyvenv.cfg`]: 'home = /usr/bin',
      [`${dir}/bin/python`]: 'x',
      [`${dir}/lib/a.py`]: 'x',
    });
    put({
      'train.py': '1',
      ...environment('venv'),
      ...environment('tools/env'),
      'node_modules/a/index.js': 'x',
      'wandb/run-1/log': 'x',
      'my/wandb/logger.py': 'x',
      'conda/conda-meta/history': 'x',
      'conda/bin/python': 'x',
    });
    const snapshot = await take();
    expect(listing(snapshot.path)).toEqual(['my/wandb/logger.py', 'train.py']);
    expect(snapshot.notes.join()).toContain('conda/, node_modules/, tools/env/, venv/, wandb/');
    put({ '.switchyardignore': '!venv/\n!/wandb/\n' });
    const again = await take();
    expect(listing(again.path)).toEqual([
      '.switchyardignore',
      'my/wandb/logger.py',
      'train.py',
      'venv/bin/python',
      'venv/lib/a.py',
      'venv/pyvenv.cfg',
      'wandb/run-1/log',
    ]);
    put({ '.gitignore': 'tools/\nconda/\nnode_modules\n' });
    expect((await take()).notes).toEqual([]);
  });

  it('refuses a program that was left out', async () => {
    put({ 'run.sh': 'x', 'venv/pyvenv.cfg': 'x', 'venv/bin/python': 'x' });
    const { path: copy } = await take();
    expect(() => checkProgramInCopy(['venv/bin/python', 'a.py'], 'process', sourceDir, copy)).toThrow(
      'venv/bin/python is not part of the snapshot',
    );
    for (const entrypoint of [['./run.sh'], ['bin/never-there'], ['python'], 'venv/bin/python a.py'])
      checkProgramInCopy(entrypoint, 'process', sourceDir, copy);
    checkProgramInCopy(['venv/bin/python'], 'docker', sourceDir, copy);
  });

  it('sums what is too large by directory, as deep as it says something', () => {
    const files = [
      ...Array.from({ length: 30 }, (_, index) => ({ path: `data/raw/part-${index}`, bytes: 100 })),
      { path: 'data/readme', bytes: 1 },
      { path: 'a.bin', bytes: 500 },
      { path: 'src/a.py', bytes: 2 },
      { path: 'src/b.py', bytes: 2 },
    ];
    expect(findLargest(files, 3)).toEqual([
      { path: 'data/raw/', bytes: 3000, files: 30 },
      { path: 'a.bin', bytes: 500, files: null },
      { path: 'src/', bytes: 4, files: 2 },
    ]);
  });

  it('agrees with git about what is ignored', async () => {
    const git = (...args: string[]): string =>
      execFileSync('git', ['-c', 'safe.directory=*', ...args], {
        cwd: sourceDir,
        encoding: 'utf8',
        env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
      });
    put({
      '.gitignore':
        '*.tmp\n!a/keep.tmp\n**/cache/\nfoo/**/bar\n/top\nx[0-9].txt\n\\#hash\ntrail \nqu?.md\nlogs/*\n!logs/keep\n',
      'a/keep.tmp': '1',
      'a/b.tmp': '1',
      'b/cache/c': '1',
      cache: '1',
      'foo/bar': '1',
      'foo/a/b/bar': '1',
      'top/x': '1',
      'a/top': '1',
      'x1.txt': '1',
      'xx.txt': '1',
      '#hash': '1',
      trail: '1',
      'quo.md': '1',
      'quoo.md': '1',
      'logs/a': '1',
      'logs/keep': '1',
      'logs/sub/keep': '1',
      'a/.gitignore': '!*.tmp\nkeep.tmp',
      'a/deep/.gitignore': '*',
      'a/deep/x': '1',
    });
    git('init', '-q');
    const expected = git('ls-files', '--others', '--exclude-standard', '-z')
      .split('\0')
      .filter((name) => name !== '')
      .toSorted();
    expect(listing((await take()).path)).toEqual(expected);
  });

  it('names equal content equally, stores it once, and notices every difference', async () => {
    put({ 'a.py': '1', 'b/c.py': '2' });
    const first = await take();
    const inode = statSync(path.join(first.path, 'a.py')).ino;
    const again = await take();
    expect(again).toEqual(first);
    expect(statSync(path.join(first.path, 'a.py')).ino).toBe(inode);
    const ids = new Set([first.id]);
    const changes = [
      () => put({ 'a.py': '3' }),
      () => chmodSync(path.join(sourceDir, 'a.py'), 0o755),
      () => mkdirSync(path.join(sourceDir, 'empty')),
      () => symlinkSync('a.py', path.join(sourceDir, 'link')),
    ];
    for (const change of changes) {
      change();
      ids.add((await take()).id);
    }
    expect(ids.size).toBe(5);
    expect(readdirSync(snapshotsDir).toSorted()).toEqual([...ids].toSorted());
    const [one, two] = await Promise.all([take(), take()]);
    expect(one).toEqual(two);
  });

  it('keeps links as links, the executable bit and empty directories, and follows nothing out of the directory', async () => {
    put({ 'run.sh': '#!/bin/sh\n' });
    put({ secret: 'x' }, path.join(root, 'outside'));
    chmodSync(path.join(sourceDir, 'run.sh'), 0o755);
    mkdirSync(path.join(sourceDir, 'out'));
    symlinkSync('../outside', path.join(sourceDir, 'escape'));
    symlinkSync('.', path.join(sourceDir, 'loop'));
    symlinkSync('/nowhere/at/all', path.join(sourceDir, 'dangling'));
    execFileSync('mkfifo', [path.join(sourceDir, 'pipe')]);
    const snapshot = await take();
    expect(snapshot.notes.join()).toContain('pipe');
    const workDir = path.join(root, 'work');
    await materializeSnapshot(snapshotsDir, snapshot.id, workDir);
    for (const dir of [snapshot.path, workDir]) {
      expect(readlinkSync(path.join(dir, 'escape'))).toBe('../outside');
      expect(readlinkSync(path.join(dir, 'loop'))).toBe('.');
      expect(readlinkSync(path.join(dir, 'dangling'))).toBe('/nowhere/at/all');
      expect(statSync(path.join(dir, 'run.sh')).mode & 0o111).not.toBe(0);
      expect(statSync(path.join(dir, 'out')).isDirectory()).toBe(true);
      expect(existsSync(path.join(dir, 'pipe'))).toBe(false);
    }
    writeFileSync(path.join(workDir, 'run.sh'), 'changed');
    expect(readFileSync(path.join(snapshot.path, 'run.sh'), 'utf8')).toBe('#!/bin/sh\n');
  });

  it.skipIf(process.platform === 'darwin')(
    'tells of names that are not UTF-8 instead of losing them silently',
    async () => {
      put({ 'a.py': '' });
      mkdirSync(Buffer.concat([Buffer.from(`${sourceDir}/dir-`), Buffer.from([0xff])]));
      writeFileSync(Buffer.concat([Buffer.from(`${sourceDir}/file-`), Buffer.from([0xff])]), 'x');
      const snapshot = await take();
      expect(snapshot.files).toBe(1);
      expect(snapshot.notes.join()).toMatch(/not UTF-8.*dir-/);
      expect(snapshot.notes.join()).toMatch(/file-/);
    },
  );

  it('copies large files too, and leaves the directory as it was', async () => {
    put({ 'weights.bin': 'w'.repeat(3_000_000), 'a/b.py': 'x', '.gitignore': 'ignored', ignored: 'x' });
    chmodSync(path.join(sourceDir, 'weights.bin'), 0o444);
    const before = fingerprint(sourceDir);
    const snapshot = await take(4_000_000);
    expect(fingerprint(sourceDir)).toBe(before);
    expect(readFileSync(path.join(snapshot.path, 'weights.bin')).length).toBe(3_000_000);
    expect(snapshot.bytes).toBe(3_000_008);
    const workDir = path.join(root, 'work');
    await materializeSnapshot(snapshotsDir, snapshot.id, workDir);
    writeFileSync(path.join(workDir, 'weights.bin'), 'shorter');
  });

  it('names the largest of files and directories when it is too large, and stores nothing', async () => {
    put(Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`data/part-${i}.bin`, 'x'.repeat(1000 * (i + 1))])));
    put({ 'big.txt': 'x'.repeat(5000) });
    const error = await refusal(take(50_000));
    expect(error.code).toBe('snapshot_too_large');
    expect(error.message).toContain(
      '81.1 KiB in 13 files; the limit for a snapshot is 48.8 KiB. Largest: data/ 76.2 KiB in 12 files, big.txt 4.9 KiB.',
    );
    for (const way of [
      "echo 'data/' >> .switchyardignore",
      '--mount',
      '--in-place',
      'switchyard settings snapshotLimitMiB 100',
    ])
      expect(error.remedy).toContain(way);
    expect(existsSync(snapshotsDir) ? readdirSync(snapshotsDir) : []).toEqual([]);
    put({ '.switchyardignore': 'data/' });
    expect((await take(50_000)).files).toBe(2);
  });

  it('says what is wrong with the directory', async () => {
    expect(
      (await refusal(takeSnapshot({ sourceDir: path.join(root, 'nope'), snapshotsDir, limitBytes: 1 }))).code,
    ).toBe('directory_missing');
    put({ file: 'x' }, root);
    expect(
      (await refusal(takeSnapshot({ sourceDir: path.join(root, 'file'), snapshotsDir, limitBytes: 1 }))).message,
    ).toContain('is not a directory');
    expect(await refusal(takeSnapshot({ sourceDir: 'project', snapshotsDir, limitBytes: 1 }))).toMatchObject({
      code: 'directory_relative',
      message: expect.stringContaining('not an absolute path'),
    });
  });

  it('names a file that cannot be read', async () => {
    put({ 'a/secret': 'x' });
    chmodSync(path.join(sourceDir, 'a/secret'), 0);
    // Root reads everything, so root becomes somebody else for a moment.
    const isRoot = process.getuid?.() === 0;
    if (isRoot) {
      for (const name of ['', 'project', 'project/a', 'project/a/secret'])
        chownSync(path.join(root, name), 65_534, 65_534);
      process.seteuid?.(65_534);
    }
    try {
      expect(await refusal(take())).toMatchObject({
        code: 'directory_unreadable',
        message: expect.stringContaining('a/secret in '),
      });
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  it("does not copy the engine's own data when that lies inside", async () => {
    put({ 'a.py': 'x', 'data/switchyard.db': 'x' }, root);
    const snapshot = await takeSnapshot({ sourceDir: root, snapshotsDir, limitBytes: 1_000_000 });
    expect(listing(snapshot.path)).toEqual(['a.py']);
  });

  it('takes and copies 3,000 files', async () => {
    for (let dir = 0; dir < 30; dir++) {
      mkdirSync(path.join(sourceDir, `d${dir}`));
      for (let file = 0; file < 100; file++)
        writeFileSync(path.join(sourceDir, `d${dir}`, `f${file}.py`), `${dir} ${file}`);
    }
    const snapshot = await take();
    expect(snapshot.files).toBe(3000);
    await materializeSnapshot(snapshotsDir, snapshot.id, path.join(root, 'work'));
    expect(listing(path.join(root, 'work'))).toHaveLength(3000);
  });
});

describe('the store of snapshots', () => {
  it('refuses ids that lead elsewhere, says when a snapshot is gone, and removes', async () => {
    put({ 'a.py': '1' });
    const { id } = await take();
    expect((await refusal(materializeSnapshot(snapshotsDir, '../../etc', path.join(root, 'w')))).code).toBe(
      'not_found',
    );
    expect((await refusal(removeSnapshot(snapshotsDir, '..'))).code).toBe('not_found');
    mkdirSync(path.join(snapshotsDir, '.draft-left-by-a-crash'));
    const taking = take();
    await removeSnapshotDrafts(snapshotsDir);
    await taking;
    expect(readdirSync(snapshotsDir)).toEqual([id]);
    await new Promise(setImmediate);
    await removeSnapshot(snapshotsDir, id);
    await removeSnapshot(snapshotsDir, id);
    expect(readdirSync(snapshotsDir)).toEqual([]);
    expect((await refusal(materializeSnapshot(snapshotsDir, id, path.join(root, 'w')))).message).toContain('is gone');
  });

  it('never loses a snapshot to a removal that began before a submit got it', async () => {
    put({ 'a.py': '1' });
    const { id } = await take();
    await new Promise(setImmediate);
    for (let round = 0; round < 30; round++) {
      const removal = removeSnapshot(snapshotsDir, id).catch((error: unknown) => error);
      for (let wait = 0; wait < round % 6; wait++) await new Promise(setImmediate);
      const again = take().then(async ({ path: taken }) => {
        // Where a submit writes its experiment: from here on the snapshot is in use.
        const present = existsSync(taken);
        const refused: unknown = await removeSnapshot(snapshotsDir, id).catch((error: unknown) => error);
        return [present, String(refused)];
      });
      expect(await again).toEqual([true, expect.stringContaining('is wanted again')]);
      await removal;
      expect(existsSync(path.join(snapshotsDir, id))).toBe(true);
    }
  });
});

it('forEachBounded keeps to its bound and passes the first error on', async () => {
  let now = 0;
  let most = 0;
  await forEachBounded(Array.from({ length: 50 }), 4, async () => {
    most = Math.max(most, ++now);
    await new Promise(setImmediate);
    now--;
  });
  expect(most).toBe(4);
  await expect(
    forEachBounded([1, 2, 3], 2, (n) => (n === 2 ? Promise.reject(new Error('two')) : Promise.resolve())),
  ).rejects.toThrow('two');
});
