/** A second user of the machine is told whose the directory is and what to do, instead of EACCES. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findOtherOwner } from '../../../electron/client/data-owner.ts';

const CLI = path.resolve(import.meta.dirname, '../../../electron/cli.ts');
const SERVE = path.resolve(import.meta.dirname, '../../../electron/serve.ts');
const [OWNER, SECOND] = [61_001, 61_002];

let dir: string;
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sy-owner-'));
});
afterEach(() => {
  fs.rmSync(dir, { recursive: true, force: true });
});

describe('whose a data directory is', () => {
  it('is nobody else’s when it is ours, or not there yet', () => {
    const own = process.getuid?.() ?? 0;
    expect(findOtherOwner(dir, own)).toBeNull();
    expect(findOtherOwner(path.join(dir, 'not', 'yet'), own + 1)).toBeNull();
  });
});

describe.runIf(process.getuid?.() === 0)('a second user', () => {
  const run = (program: string, ...argv: string[]): ReturnType<typeof spawnSync> =>
    spawnSync(process.execPath, [program, ...argv], {
      uid: SECOND,
      gid: SECOND,
      cwd: '/',
      env: { PATH: process.env['PATH'], HOME: '/nonexistent', SWITCHYARD_HOME: path.join(dir, 'home', 'data') },
      encoding: 'utf8',
    });
  it.each([0o700, 0o755])(
    'is told so in a home of mode %o, by every verb and by serve',
    (mode) => {
      const home = path.join(dir, 'home');
      fs.chmodSync(dir, 0o755);
      fs.mkdirSync(path.join(home, 'data'), { recursive: true, mode: 0o700 });
      fs.chownSync(path.join(home, 'data'), OWNER, OWNER);
      fs.chownSync(home, OWNER, OWNER);
      fs.chmodSync(home, mode);
      for (const argv of [['ls'], ['stop'], ['submit', '--no-snapshot', '--', 'true']]) {
        const { status, stderr } = run(CLI, ...argv);
        expect([argv[0], status]).toEqual([argv[0], 4]);
        expect(stderr).toContain(`belongs to another user (${OWNER})`);
        expect(stderr).toContain('an engine of your own');
        expect(stderr).not.toContain('EACCES');
      }
      const served = run(SERVE);
      expect(served.status).toBe(1);
      expect(served.stderr).toContain(`belongs to another user (${OWNER})`);
    },
    60_000,
  );
});
