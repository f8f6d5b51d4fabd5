/** What a trial can put in the place of its files, from inside a container too: nothing of it leads the engine anywhere or holds it up. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { directoryBytes } from '../../../../electron/trials/files/directory-bytes.ts';
import { readLogRange } from '../../../../electron/trials/log/log-store.ts';
import { leaveStopWish } from '../../../../electron/trials/attempts/prepare.ts';

let dir: string;
let secret: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-hostile-'));
  secret = path.join(dir, 'secret');
  writeFileSync(secret, 'of somebody else');
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

it('a stop wish empties no file that a link leads to, and makes none where it points', async () => {
  const wish = path.join(dir, 'stop');
  symlinkSync(secret, wish);
  await leaveStopWish(wish);
  expect(readFileSync(secret, 'utf8')).toBe('of somebody else');
  const dangling = path.join(dir, 'stop-2');
  symlinkSync(path.join(dir, 'made'), dangling);
  await leaveStopWish(dangling);
  expect(lstatSync(path.join(dir, 'made'), { throwIfNoEntry: false })).toBeUndefined();
});

it('a stop wish and a log do not wait for a pipe', async () => {
  const pipe = path.join(dir, 'pipe');
  execFileSync('mkfifo', [pipe]);
  await leaveStopWish(pipe);
  expect(await readLogRange(pipe, 0)).toMatchObject({ totalBytes: 0 });
});

it('a stop wish that cannot be left is no error: the signal still goes out', async () => {
  await expect(leaveStopWish(path.join(secret, 'stop'))).resolves.toBeUndefined();
});

it('a log is not read through a link', async () => {
  symlinkSync(secret, path.join(dir, 'log'));
  expect(await readLogRange(path.join(dir, 'log'), 0)).toMatchObject({ totalBytes: 0, next: 0 });
});

it('the size of a checkpoint that is a link is not looked for elsewhere', async () => {
  mkdirSync(path.join(dir, 'big'));
  writeFileSync(path.join(dir, 'big', 'file'), Buffer.alloc(64 * 1024, 1));
  symlinkSync(path.join(dir, 'big'), path.join(dir, 'checkpoint'));
  expect(await directoryBytes(path.join(dir, 'checkpoint'))).toBe(0);
  expect(await directoryBytes(path.join(dir, 'big'))).toBeGreaterThan(0);
});

/** Root may do everything; as root the deletion is done by nobody, who must be able to read this checkout. */
const asOther = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
const canRead =
  spawnSync('test', ['-r', path.resolve('electron/trials/removal/remove-tree.ts')], asOther).status === 0 &&
  spawnSync(process.execPath, ['--version'], asOther).status === 0;

it.skipIf(!canRead)('what a trial made read-only is deleted all the same, and nothing behind a link changes', () => {
  const tree = path.join(dir, 'tree');
  mkdirSync(path.join(tree, 'cache', 'module'), { recursive: true });
  writeFileSync(path.join(tree, 'cache', 'module', 'file'), 'x');
  mkdirSync(path.join(dir, 'theirs'), { mode: 0o500 });
  symlinkSync(path.join(dir, 'theirs'), path.join(tree, 'cache', 'link'));
  chmodSync(path.join(tree, 'cache', 'module'), 0o555);
  chmodSync(path.join(tree, 'cache'), 0);
  const script =
    `import(${JSON.stringify(pathToFileURL(path.resolve('electron/trials/removal/remove-tree.ts')).href)}).then(({ ` +
    `removeTree }) => removeTree(${JSON.stringify(tree)}))`;
  if ('uid' in asOther) execFileSync('chown', ['-R', '-h', '65534:65534', dir]);
  execFileSync(process.execPath, ['-e', script], { ...asOther, stdio: 'pipe' });
  expect(lstatSync(tree, { throwIfNoEntry: false })).toBeUndefined();
  expect(lstatSync(path.join(dir, 'theirs')).mode & 0o777).toBe(0o500);
});
