import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { keepHelper } from '../../../../native/host/keep-helper.ts';

let root = '';
const at = (...parts: string[]): string => path.join(root, ...parts);

beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'sy-helper-'));
  fs.mkdirSync(at('program'));
  fs.writeFileSync(at('program/switchyard.py'), 'one');
});
afterEach(() => {
  fs.rmSync(root, { recursive: true, force: true });
});

it('is there when the program has gone, and readable by the user of a container', () => {
  const before = process.umask(0o077);
  const kept = keepHelper(at('program'), at('data/helper'));
  process.umask(before);
  fs.rmSync(at('program'), { recursive: true });
  expect(fs.readFileSync(path.join(kept, 'switchyard.py'), 'utf8')).toBe('one');
  expect(fs.statSync(kept).mode & 0o777).toBe(0o755);
  expect(fs.statSync(path.join(kept, 'switchyard.py')).mode & 0o777).toBe(0o644);
});

it('stays in its place for the same content, and another version gets another place', () => {
  const first = keepHelper(at('program'), at('data/helper'));
  const { ino } = fs.statSync(path.join(first, 'switchyard.py'));
  expect(keepHelper(at('program'), at('data/helper'))).toBe(first);
  expect(fs.statSync(path.join(first, 'switchyard.py')).ino).toBe(ino);
  fs.writeFileSync(at('program/switchyard.py'), 'two');
  const second = keepHelper(at('program'), at('data/helper'));
  expect(second).not.toBe(first);
  expect(fs.readFileSync(path.join(first, 'switchyard.py'), 'utf8')).toBe('one');
  expect(fs.readFileSync(path.join(second, 'switchyard.py'), 'utf8')).toBe('two');
});

it('is made again where only a part of it was written, or somebody changed it', () => {
  const kept = keepHelper(at('program'), at('data/helper'));
  fs.writeFileSync(path.join(kept, 'switchyard.py'), 'o');
  expect(keepHelper(at('program'), at('data/helper'))).toBe(kept);
  expect(fs.readFileSync(path.join(kept, 'switchyard.py'), 'utf8')).toBe('one');
  expect(fs.readdirSync(kept)).toEqual(['switchyard.py']);
});
