import fs, { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makePrivateDirectory } from '../../../electron/ports/make-private-directory.ts';

function makePlace(): string {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-private-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

test('it is made with those above it, for its owner alone; one that is there stays as it is', () => {
  const at = path.join(makePlace(), 'a', 'b', 'c');
  makePrivateDirectory(at, fs);
  for (const dir of [at, path.dirname(at)]) expect(statSync(dir).mode & 0o777).toBe(0o700);
  chmodSync(at, 0o750);
  makePrivateDirectory(at, fs);
  expect(statSync(at).mode & 0o777).toBe(0o750);
});

test('a file in its place, or on the way, is said as the system says it', () => {
  const file = path.join(makePlace(), 'file');
  writeFileSync(file, '');
  expect(() => makePrivateDirectory(file, fs)).toThrow(/EEXIST/);
  expect(() => makePrivateDirectory(path.join(file, 'a', 'b'), fs)).toThrow(/ENOTDIR/);
});

test.skipIf(!existsSync('/proc/self'))('where nothing can be made it ends', () => {
  expect(() => makePrivateDirectory('/proc/x', fs)).toThrow(/ENOENT/);
  expect(() => makePrivateDirectory('/proc/x/y/z', fs)).toThrow(/ENOENT/);
});
