import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { tellOnce } from '../../../electron/cli/told.ts';

let dir: string;
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sy-told-'));
});
afterEach(() => {
  fs.rmSync(dir, { recursive: true, force: true });
});

it('says a thing once in a batch, and again in the next', () => {
  expect(tellOnce(dir, ['a', 'b'], 100, 1_000)).toEqual(['a', 'b']);
  expect(tellOnce(dir, ['b', 'c'], 100, 1_050)).toEqual(['c']);
  // Each time it might have been said begins the time anew.
  expect(tellOnce(dir, ['b'], 100, 1_140)).toEqual([]);
  expect(tellOnce(dir, ['a', 'b'], 100, 1_241)).toEqual(['a', 'b']);
});
it('says everything where it cannot remember', () => {
  fs.writeFileSync(path.join(dir, 'cli-told.json'), '{"a": "x", broken');
  expect(tellOnce(dir, ['a'], 100, 0)).toEqual(['a']);
  expect(tellOnce(path.join(dir, 'nowhere'), ['a'], 100, 0)).toEqual(['a']);
  expect(tellOnce(path.join(dir, 'nowhere'), ['a'], 100, 0)).toEqual(['a']);
});
it('is nobody else to read, and does not grow', () => {
  const file = path.join(dir, 'cli-told.json');
  for (let i = 0; i < 500; i += 1) tellOnce(dir, [`note ${i}`], 100, i);
  expect(Object.keys(JSON.parse(fs.readFileSync(file, 'utf8')) as object)).toHaveLength(200);
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  expect(fs.readdirSync(dir)).toEqual(['cli-told.json']);
});
