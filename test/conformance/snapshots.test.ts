/** One suite for every adapter behind the snapshots port. What only git has is in snapshots-git.test.ts. */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
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
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SwitchyardError } from '../../electron/contract/errors.ts';
import type { Snapshots, TakenSnapshot } from '../../electron/ports/snapshots.ts';
import { createCopies } from '../../native/copies/copies.ts';
import { openSnapshots } from '../../native/snapshots/open-snapshots.ts';

interface Adapter {
  readonly name: string;
  readonly make: (options: { readonly snapshotsDir: string; readonly dataDir: string }) => Snapshots;
  /** Flips bytes in what is stored, as a failing disk does. */
  readonly damage: (snapshotsDir: string) => void;
}

const ADAPTERS: readonly Adapter[] = [
  {
    name: 'copies',
    make: createCopies,
    damage: (dir) => {
      for (const id of readdirSync(dir)) for (const file of listing(path.join(dir, id))) flip(path.join(dir, id, file));
    },
  },
  {
    name: 'git',
    make: openSnapshots,
    damage: (dir) => {
      const packs = path.join(dir, 'git/repository.git/objects/pack');
      for (const name of readdirSync(packs)) if (name.endsWith('.pack')) flip(path.join(packs, name));
    },
  },
];

function flip(file: string): void {
  const content = readFileSync(file);
  chmodSync(file, 0o600);
  writeFileSync(
    file,
    content.map((byte, at) => (at >= content.length / 2 ? 0 : byte)),
  );
}

let root: string;
let sourceDir: string;
let dataDir: string;
let snapshotsDir: string;
let snapshots: Snapshots;
let works = 0;

function put(files: Readonly<Record<string, string>>, base = sourceDir): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(base, name)), { recursive: true });
    writeFileSync(path.join(base, name), content);
  }
}
const hold = (limitBytes = 1_000_000, from = sourceDir): Promise<TakenSnapshot> =>
  snapshots.take({ sourceDir: from, limitBytes });
async function take(limitBytes?: number, from?: string): Promise<TakenSnapshot> {
  const taken = await hold(limitBytes, from);
  taken.release();
  return taken;
}
/** The working copy of a snapshot. */
async function workOf({ id }: { readonly id: string }): Promise<string> {
  const work = path.join(root, `work-${++works}`);
  await snapshots.materialize(id, work);
  return work;
}
const listing = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(dir, path.join(entry.parentPath, entry.name)))
    .toSorted();
const filesOf = async (taken: TakenSnapshot): Promise<string[]> => listing(await workOf(taken));
/** Everything about a tree that a program could have changed: names byte by byte, contents, times, modes. */
function fingerprint(dir: string): string {
  const hash = createHash('sha256');
  const visit = (at: Buffer): void => {
    const found = lstatSync(at, { bigint: true });
    hash.update(at).update(`${found.mode} ${found.mtimeNs} ${found.ctimeNs} ${found.size} ${found.ino} ${found.nlink}`);
    if (found.isFile()) hash.update(readFileSync(at));
    else if (found.isSymbolicLink()) hash.update(readlinkSync(at));
    else if (found.isDirectory())
      for (const name of readdirSync(at, { encoding: 'buffer' }).toSorted(Buffer.compare))
        visit(Buffer.concat([at, Buffer.from('/'), name]));
  };
  visit(Buffer.from(dir));
  return hash.digest('hex');
}
async function refusal(work: Promise<unknown>): Promise<SwitchyardError> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof SwitchyardError) return error;
  throw new Error('not refused with a SwitchyardError', { cause: error });
}
const git = (dir: string, ...args: string[]): string =>
  execFileSync('git', ['-c', 'safe.directory=*', '-c', 'user.name=u', '-c', 'user.email=u@localhost', ...args], {
    cwd: dir,
    encoding: 'utf8',
    env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
  });

describe.each(ADAPTERS)('snapshots: $name', ({ make, damage }) => {
  beforeEach(() => {
    root = mkdtempSync(path.join(os.tmpdir(), 'switchyard-snapshot-'));
    sourceDir = path.join(root, 'project');
    dataDir = path.join(root, 'data');
    snapshotsDir = path.join(dataDir, 'snapshots');
    for (const dir of [sourceDir, dataDir]) mkdirSync(dir);
    snapshots = make({ snapshotsDir, dataDir });
  });
  afterEach(async () => {
    await snapshots.close();
    rmSync(root, { recursive: true, force: true });
  });

  it('holds what no rule names, in all three kinds of ignore files and in nested ones', async () => {
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
      'data/x': 'x'.repeat(2048),
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
      'quote"back\\slash\nline': 'x',
    });
    const taken = await take();
    expect(await filesOf(taken)).toEqual(
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
        'quote"back\\slash\nline',
        'sub/x.py',
        'train.py',
        'ünï cödé [1].txt',
      ].toSorted(),
    );
    expect(taken.info.files).toBe(13);
    expect([taken.has('lib/data/x'), taken.has('./lib'), taken.has('a.log')]).toEqual([true, true, false]);
    // Told with size and rule, the largest first.
    expect(taken.info.leftOut[0]).toEqual({
      path: 'data/',
      bytes: 2048,
      isMore: false,
      rule: '"/data/" in .gitignore',
    });
    expect(taken.info.leftOut.map((one) => one.path).toSorted()).toEqual(
      ['a.log', 'data/', 'lib/big.bin', 'lib/local/', 'lib/wandb/', 'notes.md', 'old/'].toSorted(),
    );
    expect(taken.notes.join()).toContain('data/ (2 KiB, "/data/" in .gitignore)');
  });

  it('honours the rules that a directory inherits from its repository, but not one that leaves out all of it', async () => {
    git(sourceDir, 'init', '-q');
    put({
      '.gitignore': '*.ckpt\n/exp/a/data/\n/other/\n',
      '.git/info/exclude': 'private.txt\n',
      'exp/.gitignore': 'cache/\n!keep.ckpt\n/b/\n',
      'exp/a/train.py': '1',
      'exp/a/m.ckpt': '1',
      'exp/a/keep.ckpt': '1',
      'exp/a/data/x': '1',
      'exp/a/lib/data/x': '1',
      'exp/a/lib/cache/x': '1',
      'exp/a/private.txt': '1',
      'exp/b/train.py': '1',
      'exp/b/m.ckpt': '1',
    });
    const taken = await take(undefined, path.join(sourceDir, 'exp/a'));
    expect(await filesOf(taken)).toEqual(['keep.ckpt', 'lib/data/x', 'train.py']);
    expect(taken.info.leftOut.map(({ path: at, rule }) => `${at} ${rule}`).toSorted()).toEqual([
      'data/ "/exp/a/data/" in ../../.gitignore',
      'lib/cache/ "cache/" in ../.gitignore',
      'm.ckpt "*.ckpt" in ../../.gitignore',
      'private.txt "private.txt" in ../../.git/info/exclude',
    ]);
    // exp/.gitignore leaves out all of b; whoever submits b wants it.
    expect(await filesOf(await take(undefined, path.join(sourceDir, 'exp/b')))).toEqual(['train.py']);
    expect(await filesOf(await take())).not.toContain('exp/a/private.txt');
    git(sourceDir, '-c', 'commit.gpgsign=false', 'commit', '-q', '--allow-empty', '-m', 'x');
    git(sourceDir, 'worktree', 'add', '-q', path.join(root, 'linked'));
    put({ 'a.py': '1', 'private.txt': '1' }, path.join(root, 'linked'));
    expect(await filesOf(await take(undefined, path.join(root, 'linked')))).toEqual(['a.py']);
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
    const taken = await take();
    expect(await filesOf(taken)).toEqual(['my/wandb/logger.py', 'train.py']);
    expect(taken.notes.join()).toMatch(/conda\/ \(\d B\), node_modules\/ .*, tools\/env\/ .*, venv\/ .*, wandb\//);
    put({ '.switchyardignore': '!venv/\n!/wandb/\n' });
    expect(await filesOf(await take())).toEqual([
      '.switchyardignore',
      'my/wandb/logger.py',
      'train.py',
      'venv/bin/python',
      'venv/lib/a.py',
      'venv/pyvenv.cfg',
      'wandb/run-1/log',
    ]);
    put({ '.gitignore': 'tools/\nconda/\nnode_modules\n' });
    expect((await take()).notes.join()).toContain('"node_modules" in .gitignore');
  });

  it('agrees with git about what is ignored', async () => {
    put({
      '.gitignore':
        '*.tmp\n!a/keep.tmp\n**/cache/\nfoo/**/bar\n/top\nx[0-9].txt\n\\#hash\ntrail \nqu?.md\nlogs/*\n!logs/keep\n*.UP\n',
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
      'case.up': '1',
      'case.UP': '1',
    });
    git(sourceDir, 'init', '-q');
    const expected = git(sourceDir, 'ls-files', '--others', '--exclude-standard', '-z')
      .split('\0')
      .filter((name) => name !== '')
      .toSorted();
    expect(await filesOf(await take())).toEqual(expected);
  });

  it('names equal content equally and notices every difference', async () => {
    put({ 'a.py': '1', 'b/c.py': '2' });
    const first = await take();
    expect((await take()).id).toBe(first.id);
    const seen = new Set([first.id]);
    const changes = [
      () => put({ 'a.py': '3' }),
      () => chmodSync(path.join(sourceDir, 'a.py'), 0o755),
      () => mkdirSync(path.join(sourceDir, 'empty')),
      () => symlinkSync('a.py', path.join(sourceDir, 'link')),
      () => renameSync(path.join(sourceDir, 'b'), path.join(sourceDir, 'z')),
      () => unlinkSync(path.join(sourceDir, 'z/c.py')),
      () => {
        unlinkSync(path.join(sourceDir, 'a.py'));
        mkdirSync(path.join(sourceDir, 'a.py'));
        put({ 'a.py/inside': 'x' });
      },
      () => {
        rmSync(path.join(sourceDir, 'a.py'), { recursive: true });
        put({ 'a.py': '3' });
      },
    ];
    for (const [index, change] of changes.entries()) {
      change();
      seen.add((await take()).id);
      expect(seen.size).toBe(index + 2);
    }
    const [one, two] = await Promise.all([take(), take()]);
    expect(one.id).toBe(two.id);
  });

  it('misses no change that leaves size and time as they were', async () => {
    put({ 'a.py': 'lr = 1' });
    const file = path.join(sourceDir, 'a.py');
    const ids = new Set<string>();
    for (let round = 0; round < 30; round++) {
      // As fast as it goes, so that many share a tick of the file system's clock.
      writeFileSync(file, `lr = ${round % 10}`);
      utimesSync(file, 1_700_000_000, 1_700_000_000);
      const taken = await take();
      ids.add(taken.id);
      expect(readFileSync(path.join(await workOf(taken), 'a.py'), 'utf8')).toBe(`lr = ${round % 10}`);
    }
    expect(ids.size).toBe(10);
  });

  it('keeps links as links, the executable bit and empty directories, and follows nothing out of the directory', async () => {
    put({ 'run.sh': '#!/bin/sh\n' });
    put({ secret: 'x' }, path.join(root, 'outside'));
    chmodSync(path.join(sourceDir, 'run.sh'), 0o755);
    mkdirSync(path.join(sourceDir, 'out/deep'), { recursive: true });
    symlinkSync('../outside', path.join(sourceDir, 'escape'));
    symlinkSync('.', path.join(sourceDir, 'loop'));
    symlinkSync('/nowhere/at/all', path.join(sourceDir, 'dangling'));
    execFileSync('mkfifo', [path.join(sourceDir, 'pipe')]);
    const taken = await take();
    expect(taken.notes.join()).toContain('pipe');
    const work = await workOf(taken);
    expect(readlinkSync(path.join(work, 'escape'))).toBe('../outside');
    expect(readlinkSync(path.join(work, 'loop'))).toBe('.');
    expect(readlinkSync(path.join(work, 'dangling'))).toBe('/nowhere/at/all');
    expect(statSync(path.join(work, 'run.sh')).mode & 0o111).not.toBe(0);
    expect(readdirSync(path.join(work, 'out'))).toEqual(['deep']);
    expect(readdirSync(path.join(work, 'out/deep'))).toEqual([]);
    expect(existsSync(path.join(work, 'pipe'))).toBe(false);
    // A copy shares nothing with the snapshot.
    writeFileSync(path.join(work, 'run.sh'), 'changed');
    expect(readFileSync(path.join(await workOf(taken), 'run.sh'), 'utf8')).toBe('#!/bin/sh\n');
  });

  it.skipIf(process.platform === 'darwin')(
    'tells of names that are not UTF-8 instead of losing them silently',
    async () => {
      put({ 'a.py': '' });
      mkdirSync(Buffer.concat([Buffer.from(`${sourceDir}/dir-`), Buffer.from([0xff])]));
      writeFileSync(Buffer.concat([Buffer.from(`${sourceDir}/file-`), Buffer.from([0xff])]), 'x');
      const taken = await take();
      expect(taken.info.files).toBe(1);
      expect(taken.notes.join()).toMatch(/not UTF-8.*dir-/);
      expect(taken.notes.join()).toMatch(/file-/);
    },
  );

  it('leaves a repository with everything in it as it was, byte by byte', async () => {
    put({
      'tracked.py': '1',
      'staged.py': '1',
      'unstaged.py': '1',
      'deleted.py': '1',
      'renamed.py': '1',
      '.gitignore': 'ignored',
    });
    git(sourceDir, 'init', '-q', '-b', 'main');
    git(sourceDir, 'add', '-A');
    git(sourceDir, 'commit', '-q', '-m', 'one');
    put({ 'staged.py': '2', 'unstaged.py': '2', untracked: 'x', ignored: 'x', 'run.sh': 'x' });
    git(sourceDir, 'add', 'staged.py');
    git(sourceDir, 'rm', '-q', 'deleted.py');
    git(sourceDir, 'mv', 'renamed.py', 'new-name.py');
    chmodSync(path.join(sourceDir, 'run.sh'), 0o755);
    symlinkSync('tracked.py', path.join(sourceDir, 'link'));
    if (process.platform !== 'darwin')
      writeFileSync(Buffer.concat([Buffer.from(`${sourceDir}/file-`), Buffer.from([0xff])]), 'x');
    put({ 'nested/code.py': 'x' });
    git(path.join(sourceDir, 'nested'), 'init', '-q');
    git(path.join(sourceDir, 'nested'), 'add', '-A');
    git(path.join(sourceDir, 'nested'), 'commit', '-q', '-m', 'inner');
    const before = fingerprint(sourceDir);
    const taken = await take();
    expect((await take()).id).toBe(taken.id);
    await snapshots.compare({ kind: 'snapshot', id: taken.id }, { kind: 'directory', path: sourceDir });
    expect(fingerprint(sourceDir)).toBe(before);
    expect(await filesOf(taken)).toEqual(
      [
        '.gitignore',
        'link',
        'nested/code.py',
        'new-name.py',
        'run.sh',
        'staged.py',
        'tracked.py',
        'unstaged.py',
        'untracked',
      ].toSorted(),
    );
  });

  it('takes bytes as they are, whatever attributes say, and runs nothing that a repository names', async () => {
    const trap = path.join(root, 'trap');
    put({
      '.gitattributes': '* text=auto eol=crlf filter=evil ident\n*.bin filter=lfs diff=lfs merge=lfs -text\n',
      'crlf.txt': 'a\r\nb\n$Id$\n',
      'model.bin': 'not a pointer',
    });
    git(sourceDir, 'init', '-q', '-b', 'main');
    put({ '.git/hooks/evil': `#!/bin/sh\ntouch ${trap}\n` });
    const evil = path.join(sourceDir, '.git/hooks/evil');
    chmodSync(evil, 0o755);
    for (const hook of [
      'post-index-change',
      'reference-transaction',
      'pre-commit',
      'post-checkout',
      'fsmonitor-watchman',
    ])
      writeFileSync(path.join(sourceDir, '.git/hooks', hook), readFileSync(evil), { mode: 0o755 });
    git(sourceDir, '-c', 'core.hooksPath=/dev/null', '-c', 'filter.evil.clean=cat', 'add', '-A');
    git(sourceDir, '-c', 'core.hooksPath=/dev/null', 'commit', '-q', '-m', 'one');
    for (const [key, value] of [
      ['core.fsmonitor', evil],
      ['core.sshCommand', evil],
      ['core.pager', evil],
      ['core.editor', evil],
      ['core.hooksPath', path.join(sourceDir, '.git/hooks')],
      ['core.gitProxy', evil],
      ['diff.external', evil],
      ['diff.lfs.textconv', evil],
      ['filter.evil.clean', evil],
      ['filter.evil.smudge', evil],
      ['filter.evil.process', evil],
      ['credential.helper', evil],
      ['gpg.program', evil],
      ['alias.status', `!${evil}`],
    ] as const)
      git(sourceDir, 'config', key, value);
    rmSync(trap, { force: true });
    put({ 'crlf.txt': 'a\r\nc\n$Id$\n' });
    const outer = { ...process.env };
    process.env['GIT_DIR'] = path.join(sourceDir, '.git');
    process.env['GIT_EXTERNAL_DIFF'] = evil;
    process.env['GIT_SSH_COMMAND'] = evil;
    try {
      const taken = await take();
      await snapshots.compare({ kind: 'snapshot', id: taken.id }, { kind: 'directory', path: sourceDir });
      const work = await workOf(taken);
      expect(readFileSync(path.join(work, 'crlf.txt'), 'utf8')).toBe('a\r\nc\n$Id$\n');
      expect(readFileSync(path.join(work, 'model.bin'), 'utf8')).toBe('not a pointer');
      expect(existsSync(trap)).toBe(false);
    } finally {
      process.env = outer;
    }
  });

  it('takes large files too', async () => {
    put({ 'weights.bin': 'w'.repeat(6_000_000), 'a/b.py': 'x', '.gitignore': 'ignored', ignored: 'x' });
    chmodSync(path.join(sourceDir, 'weights.bin'), 0o444);
    const taken = await take(8_000_000);
    expect(taken.info.bytes).toBe(6_000_008);
    const work = await workOf(taken);
    expect(readFileSync(path.join(work, 'weights.bin')).length).toBe(6_000_000);
    writeFileSync(path.join(work, 'weights.bin'), 'shorter');
  });

  it('reads as rules what is a file and nothing else, and waits for none', async () => {
    put({ 'train.py': 'print(1)' });
    for (const [at, name] of ['.gitignore', '.detignore', '.switchyardignore'].entries()) {
      mkdirSync(path.join(sourceDir, `pipe-${at}`));
      execFileSync('mkfifo', [path.join(sourceDir, `pipe-${at}`, name)]);
      mkdirSync(path.join(sourceDir, `folder-${at}`, name), { recursive: true });
      mkdirSync(path.join(sourceDir, `endless-${at}`));
      symlinkSync('/dev/zero', path.join(sourceDir, `endless-${at}`, name));
    }
    expect((await take()).has('train.py')).toBe(true);
    put({ '.gitignore': '#'.repeat(2 * 1024 * 1024) });
    await expect(take(10_000_000)).rejects.toMatchObject({ code: 'directory_unreadable' });
  });

  it('takes a large file that grows meanwhile, and names one that shrinks', async () => {
    const file = path.join(sourceDir, 'run.out');
    writeFileSync(file, Buffer.alloc(9_000_000, 'a'));
    const writer = spawn('sh', ['-c', 'while :; do echo line; done >> run.out'], { cwd: sourceDir, stdio: 'ignore' });
    const ended = once(writer, 'exit');
    try {
      const work = await workOf(await take(1_000_000_000));
      expect(readFileSync(path.join(work, 'run.out')).subarray(0, 9_000_000).equals(Buffer.alloc(9_000_000, 'a'))).toBe(
        true,
      );
    } finally {
      writer.kill('SIGKILL');
      await ended;
    }
    const cutter = spawn('sh', ['-c', 'while :; do truncate -s 9000000 run.out; truncate -s 0 run.out; done'], {
      cwd: sourceDir,
      stdio: 'ignore',
    });
    const cut = once(cutter, 'exit');
    try {
      for (let i = 0; i < 10; i++) {
        const refused = await take(1_000_000_000).then(
          () => null,
          (error: unknown) => error,
        );
        if (refused !== null) expect(refused).toMatchObject({ message: expect.stringContaining('run.out') });
      }
    } finally {
      cutter.kill('SIGKILL');
      await cut;
    }
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
      'switchyard submit --link data\n',
      '.switchyardignore',
      '--in-place',
      'switchyard settings snapshotLimitMiB 100',
    ])
      expect(error.remedy).toContain(way);
    // What the run needs is shown to it, not given up.
    const linked = await snapshots.take({ sourceDir, limitBytes: 50_000, without: ['data'] });
    linked.release();
    expect([linked.info.files, linked.info.leftOut, linked.has('data')]).toEqual([1, [], false]);
    put({ '.switchyardignore': 'data/' });
    expect((await take(50_000)).info.files).toBe(2);
  });

  it('says what is wrong with the directory', async () => {
    expect((await refusal(take(1, path.join(root, 'nope')))).code).toBe('directory_missing');
    put({ file: 'x' }, root);
    expect((await refusal(take(1, path.join(root, 'file')))).message).toContain('is not a directory');
    expect((await refusal(take(1, 'project'))).code).toBe('directory_relative');
    expect((await refusal(snapshots.checkSource(path.join(root, 'nope')))).code).toBe('directory_missing');
  });

  it('names a file that cannot be read', async () => {
    put({ 'a/secret': 'x' });
    chmodSync(path.join(sourceDir, 'a/secret'), 0);
    // Root reads everything, so root becomes somebody else for a moment.
    const isRoot = process.getuid?.() === 0;
    if (isRoot) {
      for (const name of ['', 'data', 'project', 'project/a', 'project/a/secret'])
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

  it('refuses a directory that may be listed but not entered', async () => {
    put({ 'a/b.py': 'x' });
    const isRoot = process.getuid?.() === 0;
    if (isRoot)
      for (const name of ['', 'data', 'project', 'project/a', 'project/a/b.py'])
        chownSync(path.join(root, name), 65_534, 65_534);
    chmodSync(path.join(sourceDir, 'a'), 0o444);
    if (isRoot) process.seteuid?.(65_534);
    try {
      expect(await refusal(take())).toMatchObject({ code: 'directory_unreadable' });
    } finally {
      if (isRoot) process.seteuid?.(0);
      chmodSync(path.join(sourceDir, 'a'), 0o755);
    }
  });

  it("never copies the engine's own data, under whatever name it is reached", async () => {
    put(
      { 'switchyard.db': 'x', 'secret.key': 'k', 'trials/3/work/train.py': 'x', 'trials/3/attempts/1/log': 'x' },
      dataDir,
    );
    put({ 'a.py': 'x' }, root);
    symlinkSync(dataDir, path.join(root, 'alias'));
    const taken = await take(1_000_000, root);
    expect(['data', 'data/secret.key', 'alias/secret.key'].filter((at) => taken.has(at))).toEqual([]);
    expect(lstatSync(path.join(await workOf(taken), 'alias')).isSymbolicLink()).toBe(true);
    expect(taken.has('a.py')).toBe(true);
    expect(taken.info.leftOut).toContainEqual(
      expect.objectContaining({ path: 'data/', rule: "Switchyard's own data" }),
    );
    for (const dir of [
      dataDir,
      path.join(root, 'alias'),
      path.join(dataDir, 'trials'),
      path.join(dataDir, 'trials/3/attempts'),
    ])
      expect((await refusal(take(1_000_000, dir))).code).toBe('snapshot_refused');
    expect((await refusal(snapshots.checkSource(dataDir))).code).toBe('snapshot_refused');
    expect(await filesOf(await take(1_000_000, path.join(dataDir, 'trials/3/work')))).toEqual(['train.py']);
  });

  it('takes and copies 1,000 files, and takes many at once', async () => {
    for (let dir = 0; dir < 10; dir++) {
      mkdirSync(path.join(sourceDir, `d${dir}`));
      for (let file = 0; file < 100; file++)
        writeFileSync(path.join(sourceDir, `d${dir}`, `f${file}.py`), `${dir} ${file}`);
    }
    const taken = await take();
    expect(taken.info.files).toBe(1000);
    expect(await filesOf(taken)).toHaveLength(1000);
    const others = Array.from({ length: 8 }, (_, index) => {
      const dir = path.join(root, `other-${index % 4}`);
      put({ 'shared.py': 'x', 'own.py': `${index % 4}` }, dir);
      return dir;
    });
    const all = await Promise.all([...others.map((dir) => take(1_000_000, dir)), take(), take()]);
    expect(new Set(all.map(({ id }) => id)).size).toBe(5);
    for (const one of all) expect(await snapshots.verify(one.id)).toEqual({ kind: 'whole' });
  });

  it('refuses ids that lead elsewhere, says when a snapshot is gone, and removes', async () => {
    put({ 'a.py': '1' });
    const { id } = await take();
    for (const bad of ['../../etc', '', 'HEAD', id.slice(1), `${id}0`, id.toUpperCase().replace(/^\d/, 'G')])
      expect((await refusal(Promise.resolve().then(() => snapshots.materialize(bad, path.join(root, 'w'))))).code).toBe(
        'snapshot_missing',
      );
    await snapshots.tidy();
    expect(await snapshots.verify(id)).toEqual({ kind: 'whole' });
    await snapshots.remove(id);
    await snapshots.remove(id);
    await snapshots.tidy();
    expect((await snapshots.verify(id)).kind).toBe('missing');
    expect((await refusal(snapshots.materialize(id, path.join(root, 'w')))).message).toContain('is gone');
    expect((await take()).id).toBe(id);
    expect(await filesOf({ ...(await take()) })).toEqual(['a.py']);
  });

  it('never loses a snapshot to a removal that began before a submit got it', async () => {
    put({ 'a.py': '1' });
    const { id } = await take();
    for (let round = 0; round < 20; round++) {
      const removal = snapshots.remove(id).catch((error: unknown) => error);
      const tidying = round % 5 === 0 ? snapshots.tidy() : null;
      for (let wait = 0; wait < round % 6; wait++) await new Promise(setImmediate);
      const taken = await hold();
      expect(await snapshots.verify(id)).toEqual({ kind: 'whole' });
      await expect(snapshots.remove(id)).rejects.toThrow('is wanted again');
      taken.release();
      await removal;
      await tidying;
      expect(await snapshots.verify(id)).toEqual({ kind: 'whole' });
    }
  });

  it('keeps what it acknowledged over a start anew', async () => {
    put({ 'a.py': '1', 'sub/b.py': '2' });
    const { id } = await take();
    await snapshots.close();
    snapshots = make({ snapshotsDir, dataDir });
    await snapshots.tidy();
    expect(await snapshots.verify(id)).toEqual({ kind: 'whole' });
    expect(await filesOf({ ...(await take()) })).toEqual(['a.py', 'sub/b.py']);
  });

  it('tells a damaged snapshot instead of running it, and a submit of the same code makes a whole one', async () => {
    put({ 'a.py': 'print("a")\n'.repeat(200), 'sub/b.py': 'print("b")\n'.repeat(300) });
    const { id } = await take();
    await snapshots.close();
    damage(snapshotsDir);
    snapshots = make({ snapshotsDir, dataDir });
    const state = await snapshots.verify(id);
    expect(state).toMatchObject({ kind: 'damaged', problem: expect.stringContaining('is damaged') });
    const error = await refusal(snapshots.materialize(id, path.join(root, 'w')));
    expect([error.code, error.remedy]).toEqual([
      'snapshot_damaged',
      expect.stringContaining('Submit the directory again'),
    ]);
    const again = await take();
    expect(readFileSync(path.join(await workOf(again), 'a.py'), 'utf8')).toBe('print("a")\n'.repeat(200));
  });

  it('compares two snapshots, and one with the directory as it is now', async () => {
    put({
      'same.py': '1',
      'changed.py': Array.from({ length: 40 }, (_, line) => `line ${line}`).join('\n'),
      'gone.py': 'x\n',
      'binary.bin': 'a\0b',
      'huge.txt': 'x'.repeat(1_200_000),
      'mode.sh': 'x',
      link: 'a file',
    });
    const before = await take(10_000_000);
    put({ 'new.py': 'a\nb\n', 'binary.bin': 'a\0c', 'huge.txt': 'y'.repeat(1_200_000) });
    put({ 'changed.py': Array.from({ length: 40 }, (_, line) => `line ${line === 20 ? 'x' : line}`).join('\n') });
    unlinkSync(path.join(sourceDir, 'gone.py'));
    unlinkSync(path.join(sourceDir, 'link'));
    symlinkSync('same.py', path.join(sourceDir, 'link'));
    chmodSync(path.join(sourceDir, 'mode.sh'), 0o755);
    const after = await take(10_000_000);
    const ref = ({ id }: { readonly id: string }) => ({ kind: 'snapshot', id }) as const;
    const { files, moreFiles } = await snapshots.compare(ref(before), ref(after));
    expect(moreFiles).toBe(0);
    expect(files.map(({ path: at, change, shown, added, removed }) => [at, change, shown, added, removed])).toEqual([
      ['binary.bin', 'changed', 'binary', null, null],
      ['changed.py', 'changed', 'lines', 1, 1],
      ['gone.py', 'removed', 'lines', 0, 1],
      ['huge.txt', 'changed', 'too_large', null, null],
      ['link', 'changed', 'link', null, null],
      ['mode.sh', 'changed', 'mode', null, null],
      ['new.py', 'added', 'lines', 2, 0],
    ]);
    expect(files[1]?.patch).toContain('@@ -18,7 +18,7 @@\n line 17\n line 18\n line 19\n-line 20\n+line x\n line 21\n');
    expect(await snapshots.compare(ref(before), ref(before))).toEqual({ files: [], moreFiles: 0 });
    expect(await snapshots.compare(ref(after), { kind: 'directory', path: sourceDir })).toEqual({
      files: [],
      moreFiles: 0,
    });
    put({ 'new.py': 'a\n' });
    expect((await snapshots.compare(ref(after), { kind: 'directory', path: sourceDir })).files).toMatchObject([
      { path: 'new.py', change: 'changed', added: 0, removed: 1 },
    ]);
  });

  it('lists what it keeps', async () => {
    expect(await snapshots.list()).toEqual([]);
    put({ a: '1' });
    const one = await take();
    put({ a: '2' });
    const other = await take();
    expect([...(await snapshots.list())].toSorted()).toEqual([one.id, other.id].toSorted());
    await snapshots.remove(one.id);
    expect(await snapshots.list()).toEqual([other.id]);
  });

  it('says what a working copy holds beyond its snapshot, whatever the ignore files say', async () => {
    put({ 'train.py': 'x = 1', 'pkg/model.py': 'y', '.gitignore': 'runs/\n', 'run.sh': '#!/bin/sh' });
    chmodSync(path.join(sourceDir, 'run.sh'), 0o755);
    symlinkSync('train.py', path.join(sourceDir, 'link'));
    mkdirSync(path.join(sourceDir, 'empty'));
    const { id } = await take();
    const work = path.join(root, 'beyond');
    await snapshots.materialize(id, work);
    const nothing = { files: 0, bytes: 0, examples: [] };
    expect(await snapshots.beyond(id, work)).toEqual(nothing);
    put({ 'pkg/__pycache__/model.cpython-312.pyc': 'compiled' }, work);
    rmSync(path.join(work, 'train.py'));
    expect(await snapshots.beyond(id, work)).toEqual(nothing);
    put({ 'runs/out.txt': 'mine', 'pkg/model.py': 'z' }, work);
    chmodSync(path.join(work, 'run.sh'), 0o644);
    symlinkSync('/etc', path.join(work, 'elsewhere'));
    const { files, bytes, examples } = await snapshots.beyond(id, work);
    expect([files, [...examples].toSorted()]).toEqual([4, ['elsewhere', 'pkg/model.py', 'run.sh', 'runs/out.txt']]);
    expect(bytes).toBeGreaterThan(0);
    const bare = path.join(root, 'bare');
    mkdirSync(bare);
    expect(await snapshots.beyond(null, bare)).toEqual(nothing);
    put({ a: '1' }, bare);
    expect(await snapshots.beyond(null, bare)).toMatchObject({ files: 1, examples: ['a'] });
  });

  it('bounds a comparison', async () => {
    put({ 'a.py': '' });
    const empty = await take();
    put(Object.fromEntries(Array.from({ length: 700 }, (_, i) => [`d/f${i}.txt`, `${i}\n`.repeat(1500)])));
    const full = await take(100_000_000);
    const { files, moreFiles } = await snapshots.compare(
      { kind: 'snapshot', id: empty.id },
      { kind: 'snapshot', id: full.id },
    );
    expect([files.length, moreFiles]).toEqual([500, 200]);
    expect(files.reduce((sum, { patch }) => sum + (patch?.length ?? 0), 0)).toBeLessThanOrEqual(1024 * 1024);
    expect(files.some(({ patch }) => patch === null)).toBe(true);
  });
});
