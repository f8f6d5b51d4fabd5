import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { choosePacks, MANY_PACKS } from '../../../../native/git/choose-packs.ts';
import { judgeVersion } from '../../../../native/git/find-git.ts';
import { createGate } from '../../../../native/git/gate.ts';
import { openKeepList } from '../../../../native/git/keep-list.ts';
import { isFresh } from '../../../../native/git/project-index.ts';
import { gitEnv } from '../../../../native/git/run-git.ts';
import { parseTree } from '../../../../native/git/trees.ts';

it('joining packs leaves few, and writes each byte again only a few times', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 400 }), (submits) => {
      let packs: { name: string; bytes: number }[] = [];
      let written = 0;
      for (const [index, bytes] of submits.entries()) {
        packs.push({ name: `new-${index}`, bytes });
        const chosen = new Set(choosePacks(packs));
        if (chosen.size === 0) continue;
        expect(chosen.size).toBeGreaterThan(1);
        const joined = packs.filter(({ name }) => chosen.has(name)).reduce((sum, one) => sum + one.bytes, 0);
        written += joined;
        packs = [...packs.filter(({ name }) => !chosen.has(name)), { name: `joined-${index}`, bytes: joined }];
        expect(packs.length).toBeLessThan(MANY_PACKS);
      }
      const all = submits.reduce((sum, bytes) => sum + bytes, 0);
      expect(written).toBeLessThanOrEqual(all * (2 + Math.log2(submits.length)));
    }),
  );
});

it('a stamp counts only when it was older than a tick of the file system', () => {
  const stamp = (mtimeMs: number) => ({ bytes: 1, mtimeMs, ctimeMs: mtimeMs, inode: 1 });
  expect(isFresh(stamp(1_000_050.5), 1_000_100)).toBe(true);
  expect(isFresh(stamp(1_000_050.5), 1_000_200)).toBe(false);
  // Whole seconds: a file system that keeps no more may tick every other second only.
  expect(isFresh(stamp(1_000_000), 1_002_000)).toBe(true);
  expect(isFresh(stamp(1_000_000), 1_003_000)).toBe(false);
  // A clock that was set back, and a time of modification that a program made up.
  expect(isFresh(stamp(2_000_000.5), 1_000_000)).toBe(true);
  expect(isFresh({ bytes: 1, mtimeMs: 5, ctimeMs: 1_000_099.5, inode: 1 }, 1_000_100)).toBe(true);
});

it('knows a git that is new enough, an old one, and what is none', () => {
  expect(judgeVersion('git version 2.39.5\n')).toEqual({ version: '2.39.5', problem: null });
  expect(judgeVersion('git version 3.0.0 (Apple Git-1)\n').problem).toBeNull();
  expect(judgeVersion('git version 2.31.1\n').problem).toContain('older than 2.32');
  expect(judgeVersion('got version 9\n').problem).toContain('another program');
});

it('hands git no variable of the environment but where programs are', () => {
  const outer = { ...process.env };
  try {
    for (const name of ['GIT_DIR', 'GIT_SSH_COMMAND', 'GIT_CONFIG_COUNT', 'HOME', 'XDG_CONFIG_HOME', 'LD_PRELOAD'])
      process.env[name] = '/evil';
    expect(Object.values(gitEnv())).not.toContain('/evil');
  } finally {
    process.env = outer;
  }
});

it('takes no entry from a tree that leads elsewhere', () => {
  const entry = (mode: string, name: string): Buffer =>
    Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.alloc(20, 7)]);
  expect(parseTree('t', Buffer.concat([entry('100644', 'a b'), entry('40000', 'ü')]))).toMatchObject([
    { mode: '100644', name: 'a b', object: '07'.repeat(20) },
    { mode: '40000', name: 'ü' },
  ]);
  for (const bad of [
    entry('100644', '..'),
    entry('100644', ''),
    entry('100644', 'a/b'),
    entry('160000', 'module'),
    entry('100644', 'torn').subarray(0, 20),
    Buffer.from('nonsense'),
  ])
    expect(() => parseTree('t', bad)).toThrow('cannot be read');
});

it('the list of kept snapshots survives a torn last line, and forgets its history', async () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-kept-'));
  try {
    const file = path.join(dir, 'kept');
    const [a, b, c] = ['a', 'b', 'c'].map((letter) => letter.repeat(40)) as [string, string, string];
    const first = await openKeepList(file);
    await Promise.all([first.add(a), first.add(b), first.add(a)]);
    await first.forget(b);
    writeFileSync(file, `${readFileSync(file, 'utf8')}+${c.slice(0, 17)}`);
    const second = await openKeepList(file);
    expect([second.all(), second.forgotten()]).toEqual([[a], 1]);
    await second.add(c);
    const third = await openKeepList(file);
    expect(third.all()).toEqual([a, c]);
    await third.rewrite();
    expect(readFileSync(file, 'utf8')).toBe(`+${a}\n+${c}\n`);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

it('a gate lets one alone in only when all others are out, and keeps no one waiting for ever', async () => {
  const gate = createGate();
  let inside = 0;
  let isAlone = false;
  const visit = (): Promise<void> =>
    gate.together(async () => {
      expect(isAlone).toBe(false);
      inside += 1;
      await new Promise(setImmediate);
      inside -= 1;
    });
  const alone = (): Promise<void> =>
    gate.alone(async () => {
      expect([inside, isAlone]).toEqual([0, false]);
      isAlone = true;
      await new Promise(setImmediate);
      isAlone = false;
    });
  const failing = gate.alone(() => Promise.reject(new Error('no'))).catch(() => undefined);
  await Promise.all([visit(), visit(), alone(), visit(), failing, alone(), visit()]);
});
