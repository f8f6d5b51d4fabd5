import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { dataPaths } from '../../../electron/ports/data-dir.ts';
import { watchDataDir } from '../../../electron/store/watch-data-dir.ts';

let root: string;
let dir: string;
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'switchyard-watch-'));
  dir = path.join(root, 'data');
  mkdirSync(dir);
  writeFileSync(path.join(dir, 'switchyard.db'), 'x');
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const lost = (): Promise<string> =>
  new Promise((resolve) => {
    watchDataDir(dataPaths(dir, 'linux', root), resolve, 5);
  });

it('notices that the directory was deleted', async () => {
  const message = lost();
  rmSync(dir, { recursive: true });
  expect(await message).toContain('deleted or moved away');
});

it('notices that another one took its place', async () => {
  const message = lost();
  mkdirSync(path.join(root, 'new'));
  writeFileSync(path.join(root, 'new', 'switchyard.db'), 'y');
  renameSync(dir, path.join(root, 'old'));
  renameSync(path.join(root, 'new'), dir);
  expect(await message).toMatch(/replaced|deleted/);
});
