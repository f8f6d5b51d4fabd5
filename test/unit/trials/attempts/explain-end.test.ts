import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { explainEnd, type EndPlaces } from '../../../../electron/trials/attempts/explain-end.ts';

let dir: string;
let places: EndPlaces;

beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-end-'));
  for (const name of ['project/data/train', 'project/weights', 'project/src', 'work/src', 'sets'])
    mkdirSync(path.join(dir, name), { recursive: true });
  for (const name of ['project/data/train/a.csv', 'project/weights/my x.pt', 'project/src/b', 'sets/c'])
    writeFileSync(path.join(dir, name), '1');
  places = {
    work: path.join(dir, 'work'),
    seenWork: '/workspace',
    sourceDir: path.join(dir, 'project'),
    leftOut: [{ path: 'data/', bytes: 1, isMore: false, rule: '"data/" in .gitignore' }],
  };
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

test.each(['EOFError: EOF when reading a line', "termios.error: (25, 'Inappropriate ioctl for device')"])(
  'a question to nobody is told: %s',
  (line) => {
    expect(explainEnd(`Continue? Traceback\n${line}\n`, null)).toContain('no terminal');
  },
);

describe('a file that only the original has', () => {
  test.each([
    "FileNotFoundError: [Errno 2] No such file or directory: 'data/train/a.csv'",
    "FileNotFoundError: [Errno 2] No such file or directory: '/workspace/data/train/a.csv'",
    "Error: ENOENT: no such file or directory, open 'data/train/a.csv'",
    'cat: data/train/a.csv: No such file or directory',
    "ls: cannot access 'data/train/a.csv': No such file or directory",
  ])('is told with the rule and the way: %s', (line) => {
    expect(explainEnd(`a\n${line}\n`, places)).toBe(
      `${places.sourceDir} has data/train/a.csv, but the copy the trial runs in has not (left out: "data/" in .gitignore). ` +
        'Submit with --link data to show it there.',
    );
  });
  const missing = (name: string): string | null => explainEnd(`No such file or directory: '${name}'`, places);

  it('is linked by its uppermost part that the copy lacks', () => {
    expect(missing('src/b')).toMatch(/--link src\/b to/);
    expect(missing('weights/my x.pt')).toMatch(/--link weights to/);
  });
  it('beside the directory is named by its own path', () => {
    expect(missing('../sets/c')).toContain(`--link ${path.join(dir, 'sets', 'c')}`);
  });
  test.each(['data/none', '/etc/passwd', '.', '', '../none'])('%j says nothing', (name) => {
    expect(missing(name)).toBeNull();
  });
  it('that the copy has too was missed somewhere else', () => {
    mkdirSync(path.join(dir, 'work/data/train'), { recursive: true });
    writeFileSync(path.join(dir, 'work/data/train/a.csv'), '1');
    expect(missing('data/train/a.csv')).toBeNull();
  });
  it('counts by the last word', () => {
    expect(
      explainEnd("No such file or directory: 'data/train/a.csv'\nNo such file or directory: 'x'", places),
    ).toBeNull();
    expect(explainEnd('No such file or directory: data', null)).toBeNull();
  });
});
