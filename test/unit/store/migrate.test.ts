import { readdirSync } from 'node:fs';
import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { MIGRATIONS, migrate } from '../../../electron/store/migrate.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');

test('each is numbered by its place', () => {
  expect(MIGRATIONS.map(({ version }) => version)).toEqual(MIGRATIONS.map((_, i) => i + 1));
});

test('every file of the folder is carried out, in its order, and has a test file of its own', () => {
  const files = readdirSync(path.join(ROOT, 'electron/store/migrations')).toSorted();
  expect(files.map((file) => Number(file.slice(0, 4)))).toEqual(MIGRATIONS.map(({ version }) => version));
  const tests = readdirSync(path.join(import.meta.dirname, 'migrations')).toSorted();
  expect(tests).toEqual(files.map((file) => file.replace(/[.]ts$/, '.test.ts')));
});

test('one that fails leaves the database as it was after the one before', () => {
  const db = new Sqlite(':memory:');
  migrate(db, 1);
  // Where the new column is there already, the second step cannot be taken.
  db.exec('ALTER TABLE experiment ADD COLUMN in_place INTEGER');
  expect(() => migrate(db)).toThrow(/in_place/);
  expect(db.pragma('user_version', { simple: true })).toBe(1);
});
