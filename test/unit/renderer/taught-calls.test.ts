/** What the window teaches must be what the Python helper has. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../..');

const sources = readdirSync(path.join(ROOT, 'renderer'), { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(ts|tsx|html)$/.test(file))
  .map((file) => ({ file, text: readFileSync(path.join(ROOT, 'renderer', file), 'utf8') }));

test('every function of the helper that the window names exists', () => {
  const helper = readFileSync(path.join(ROOT, 'resources/python/switchyard.py'), 'utf8');
  const known = new Set([...helper.matchAll(/^def ([a-z]\w*)/gm)].map((match) => match[1]));
  const taught = sources.flatMap(({ file, text }) =>
    [...text.matchAll(/switchyard\.(\w+)\(/g)].map((match) => ({ file, name: match[1]! })),
  );
  expect(taught.length).toBeGreaterThan(1);
  expect(taught.filter(({ name }) => !known.has(name))).toEqual([]);
});

test('commands are named without npx, which would fetch a stranger’s package anywhere but in the clone', () => {
  expect(sources.filter(({ text }) => text.includes('npx switchyard')).map(({ file }) => file)).toEqual([]);
});
