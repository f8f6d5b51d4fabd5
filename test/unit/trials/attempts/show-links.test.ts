import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hideLinks, showLinks } from '../../../../electron/trials/attempts/show-links.ts';

let dir: string;
let work: string;
const at = (...names: string[]): string => path.join(work, ...names);
const link = (place: string) => ({ hostPath: path.join(dir, 'original'), at: place, readOnly: true });

beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-show-'));
  work = path.join(dir, 'work');
  mkdirSync(work);
  mkdirSync(path.join(dir, 'original'));
  writeFileSync(path.join(dir, 'original', 'x'), 'precious');
});
afterEach(() => {
  // Whatever was done, the original is as it was.
  if (readFileSync(path.join(dir, 'original', 'x'), 'utf8') !== 'precious') throw new Error('the original was touched');
  rmSync(dir, { recursive: true, force: true });
});

describe('what a working copy shows', () => {
  it('is a link for a process, also again, and in place of what the snapshot has there', async () => {
    mkdirSync(at('a'));
    writeFileSync(at('a', 'old'), '1');
    await showLinks(work, [link('a'), link('deep/er/b')], 'process', true);
    expect(readFileSync(at('a', 'x'), 'utf8')).toBe('precious');
    expect(readlinkSync(at('deep/er/b'))).toBe(path.join(dir, 'original'));
    await showLinks(work, [link('a')], 'process', false);
    expect(readFileSync(at('a', 'x'), 'utf8')).toBe('precious');
    await showLinks(work, [link('a')], 'process', true);
    expect(lstatSync(at('a')).isSymbolicLink()).toBe(true);
  });

  it('is an empty place for a container, that a link of an earlier attempt makes way for, and the other way round', async () => {
    await showLinks(work, [link('a')], 'process', true);
    const file = { ...link('f'), hostPath: path.join(dir, 'original', 'x') };
    await showLinks(work, [link('a'), file], 'docker', false);
    expect([lstatSync(at('a')).isDirectory(), lstatSync(at('f')).isFile(), lstatSync(at('f')).size]).toEqual([
      true,
      true,
      0,
    ]);
    await showLinks(work, [link('a'), file], 'process', false);
    expect([lstatSync(at('a')).isSymbolicLink(), lstatSync(at('f')).isSymbolicLink()]).toEqual([true, true]);
  });

  it('leaves alone what a program put there', async () => {
    mkdirSync(at('a'));
    writeFileSync(at('a', 'mine'), '1');
    symlinkSync('/somewhere', at('b'));
    await showLinks(work, [link('a'), link('b')], 'process', false);
    expect([readFileSync(at('a', 'mine'), 'utf8'), readlinkSync(at('b'))]).toEqual(['1', '/somewhere']);
  });

  it('never lies behind a link: nothing outside of the copy is touched', async () => {
    mkdirSync(path.join(dir, 'outside', 'b'), { recursive: true });
    writeFileSync(path.join(dir, 'outside', 'b', 'kept'), '1');
    symlinkSync(path.join(dir, 'outside'), at('a'));
    await expect(showLinks(work, [link('a/b')], 'process', true)).rejects.toMatchObject({ code: 'mount_failed' });
    expect(existsSync(path.join(dir, 'outside', 'b', 'kept'))).toBe(true);
  });

  it('is told when it is gone', async () => {
    const gone = { ...link('a'), hostPath: path.join(dir, 'gone') };
    await expect(showLinks(work, [gone], 'process', true)).rejects.toThrow('is not there any more');
  });

  it('is taken off for good, and only that', async () => {
    await showLinks(work, [link('a')], 'process', true);
    writeFileSync(at('result'), '1');
    await hideLinks(work, [link('a'), link('result')]);
    expect([existsSync(at('a')), existsSync(at('result'))]).toEqual([false, true]);
  });
});
