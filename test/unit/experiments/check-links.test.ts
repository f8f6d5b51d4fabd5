import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { checkLinks } from '../../../electron/experiments/check-links.ts';

let dir: string;
const at = (...names: string[]): string => path.join(dir, ...names);
const check = (hostPath: string, readOnly = true) =>
  checkLinks([{ hostPath, at: path.basename(hostPath), readOnly }], [at('home/.data'), at('run/none')], 'process');

beforeEach(() => {
  dir = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'switchyard-links-')));
  mkdirSync(at('home/.data/trials'), { recursive: true });
  mkdirSync(at('home/set'));
  writeFileSync(at('home/set/a.csv'), '1');
  symlinkSync(at('home/.data'), at('home/set/sly'));
  symlinkSync(at('home'), at('up'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

describe('what a trial is shown', () => {
  test.each(['home/.data', 'home/.data/trials', 'home', 'home/set/sly', 'up'])('is never %s', async (name) => {
    await expect(check(at(name))).rejects.toMatchObject({ code: 'mount_refused' });
  });
  it('is there, and is a file or a directory', async () => {
    await expect(check(at('home/nothing'))).rejects.toMatchObject({ code: 'invalid_config', path: 'links' });
    await expect(check('/dev/null')).rejects.toThrow('neither a file nor a directory');
  });
  it('is told, with who may write to it', async () => {
    expect((await check(at('home/set'))).join()).toMatch(/set\. .*nothing keeps a program from writing to it\.$/);
    expect((await check(at('home/set/a.csv'), false)).join()).toContain('may write to a.csv.');
    expect(await checkLinks([], [], 'process')).toEqual([]);
  });
});
