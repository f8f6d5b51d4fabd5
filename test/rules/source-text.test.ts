/** What no formatter does for us: lines that fit a screen, and tests that are found where their subject is. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, SOURCE_FOLDERS } from './cruise.ts';
import { listLongLines, listNewerThanNode20, subjectFolder } from './source-text.ts';

const inFolder = (folder: string): string[] =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map(
    (name) => `${folder}/${name.replaceAll(path.sep, '/')}`,
  );
const files = [...readdirSync(ROOT), ...[...SOURCE_FOLDERS, 'test'].flatMap(inFolder)];

describe('lines', () => {
  it('of code are short enough to be read', () => {
    const code = files.filter((file) => /[.](ts|tsx|mjs|cjs|css)$/.test(file));
    expect(code.length).toBeGreaterThan(300);
    const long = code.flatMap((file) =>
      listLongLines(readFileSync(path.join(ROOT, file), 'utf8')).map((line) => `${file}:${line}`),
    );
    expect(long).toEqual([]);
  });

  it('are counted in characters, from 1', () => {
    expect(listLongLines(`${'ö'.repeat(160)}\n${'x'.repeat(161)}\n\n${' '.repeat(161)}\r\n`)).toEqual([2, 4]);
  });
});

describe('the command line', () => {
  it('is written for Node 20, which runs it', () => {
    const ours = files.filter((file) =>
      /^electron\/(cli|client|contract|text|ports|experiments\/(config|parameters|searchers))\/.*[.]ts$/.test(file),
    );
    expect(ours.length).toBeGreaterThan(100);
    const newer = ours.flatMap((file) =>
      listNewerThanNode20(readFileSync(path.join(ROOT, file), 'utf8')).map((name) => `${file}: ${name}`),
    );
    expect(newer).toEqual([]);
    expect(listNewerThanNode20('Map.groupBy(a, b); Object.groupBy; new Map().get(1)')).toEqual([
      'Map.groupBy',
      'Object.groupBy',
    ]);
  });
});

describe('unit tests', () => {
  it('are in the room of what they test', () => {
    const tests = files.filter((file) => /^test\/unit\/.*[.]test[.]tsx?$/.test(file));
    expect(tests.length).toBeGreaterThan(50);
    expect(tests.filter((file) => !existsSync(path.join(ROOT, subjectFolder(file))))).toEqual([]);
  });

  it('mirror electron/, and the other folders by their name', () => {
    expect(subjectFolder('test/unit/store/migrations/0001-initial.test.ts')).toBe('electron/store/migrations');
    expect(subjectFolder('test/unit/renderer/ui/format.test.ts')).toBe('renderer/ui');
    expect(subjectFolder('test/unit/package-lock.test.ts')).toBe('.');
  });
});
