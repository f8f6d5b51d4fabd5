import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { dataPaths } from '../../../electron/ports/data-dir.ts';
import { takeLock } from '../../../electron/store/lock.ts';

test('a data directory has one owner, who is named to the second', () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-lock-'));
  try {
    const paths = dataPaths(dir, process.platform, os.tmpdir());
    const owner = { pid: 4312, startedAtMs: 1, socket: paths.socket, version: '1' };
    chmodSync(dir, 0o755);
    const lock = takeLock(paths, owner);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(() => takeLock(paths, owner)).toThrow(/process 4312/);
    lock.release();
    takeLock(paths, owner).release();
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
