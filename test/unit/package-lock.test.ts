/** What the lock file must say for `npm ci` to work in a fresh clone, on every platform and without a compiler. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

interface LockEntry {
  readonly version?: string;
  readonly resolved?: string;
  readonly gypfile?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const ROOT = path.resolve(import.meta.dirname, '../..');
const { packages } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, LockEntry>>;
};

it('names the binaries of other platforms too: npm ci refuses a lock without them', () => {
  const missing = Object.entries(packages).flatMap(([place, entry]) =>
    Object.keys(entry.optionalDependencies ?? {})
      .filter(
        (name) =>
          !Object.keys(packages).some(
            (other) => other === `node_modules/${name}` || other.endsWith(`/node_modules/${name}`),
          ),
      )
      .map((name) => `${place}: ${name}`),
  );
  expect(missing).toEqual([]);
});

it('keeps npm 10 from compiling better-sqlite3, which comes with its binaries', () => {
  // npm drops this key when it rewrites the lock; put it back: npm 10 reads gypfile from here, not from the package.
  expect(packages['node_modules/better-sqlite3']?.gypfile).toBe(false);
});

it('names no registry', () => {
  expect(
    Object.entries(packages)
      .filter(([, entry]) => entry.resolved !== undefined)
      .map(([place]) => place),
  ).toEqual([]);
});
