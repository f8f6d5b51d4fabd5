/** A database that is locked, damaged or from the future, and two engines at once: refused with what to do, and left as it was. */
import { createHash } from 'node:crypto';
import { readFileSync, truncateSync } from 'node:fs';
import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { spawnServe } from '../support/engine-process.ts';
import { openYard, makeDirectory, refusal, type Yard } from '../support/yard.ts';

const databaseOf = ({ engine }: Yard): string => path.join(engine.dataDir, 'switchyard.db');
const fingerprint = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

/** Starts an engine that must not start. @returns what it says */
async function startRefused({ engine }: Yard): Promise<string> {
  const run = spawnServe({ dataDir: engine.dataDir });
  await expect(run.ready).rejects.toThrow('ended before it was ready');
  expect((await run.ended).exitCode).toBe(1);
  return run.stderr();
}

describe('a database that cannot be used', () => {
  test('from the future: refused with both versions, not touched, and fine again for the newer program', async () => {
    const yard = await openYard();
    const id = await yard.submit({ entrypoint: 'true' }, true);
    await yard.engine.stop();
    const db = new Sqlite(databaseOf(yard));
    const version = db.pragma('user_version', { simple: true }) as number;
    db.pragma(`user_version = ${version + 5}`);
    db.pragma('wal_checkpoint(TRUNCATE)');
    db.close();
    const before = fingerprint(databaseOf(yard));
    expect(await startRefused(yard)).toMatch(
      new RegExp(
        `newer Switchyard \\(database version ${version + 5}; this program knows up to ${version}\\)[^]*SWITCHYARD_HOME`,
      ),
    );
    expect(fingerprint(databaseOf(yard))).toBe(before);
    const again = new Sqlite(databaseOf(yard));
    again.pragma(`user_version = ${version}`);
    again.close();
    await yard.engine.restart();
    expect((await yard.engine.api.trials()).map((trial) => trial.id)).toEqual([id]);
  });

  test('truncated: named as damaged, with what to do, and not touched', async () => {
    const yard = await openYard();
    for (let i = 0; i < 30; i++) await yard.submit({ entrypoint: `echo ${'x'.repeat(3000)}` }, true);
    await yard.engine.stop();
    truncateSync(databaseOf(yard), 24_000);
    const before = fingerprint(databaseOf(yard));
    expect(await startRefused(yard)).toMatch(/damaged[^]*switchyard\.db/);
    expect(fingerprint(databaseOf(yard))).toBe(before);
  });

  test('locked by another program at the start: said so; it starts once that program is closed', async () => {
    const yard = await openYard();
    const id = await yard.submit({ entrypoint: 'true' }, true);
    await yard.engine.stop();
    const other = new Sqlite(databaseOf(yard));
    other.pragma('locking_mode = EXCLUSIVE');
    other.exec('BEGIN EXCLUSIVE');
    expect(await startRefused(yard)).toMatch(/another program holds the database locked[^]*Close the program/);
    other.close();
    await yard.engine.restart();
    expect((await yard.engine.api.trials()).map((trial) => trial.id)).toEqual([id]);
  });

  test(
    'locked while trials run: changes are refused, what happened meanwhile is saved afterwards',
    { timeout: 60_000 },
    async () => {
      const yard = await openYard();
      const running = await yard.submit({ entrypoint: 'sleep 1.5; echo worked' });
      await yard.engine.waitFor('it runs', ({ trials }) => trials.get(running)?.state === 'running');
      const other = new Sqlite(databaseOf(yard));
      other.exec('BEGIN IMMEDIATE');
      const problem = await refusal(yard.submit({ entrypoint: 'true' }));
      expect(problem).toMatchObject({
        code: 'database_busy',
        status: 503,
        remedy: expect.stringContaining('Close the program'),
      });
      expect((await yard.engine.api.trials()).map((trial) => trial.id)).toEqual([running]);
      other.exec('ROLLBACK');
      other.close();
      expect(await yard.outcomeOf(running, 30_000)).toMatchObject({ kind: 'completed' });
      const after = await yard.submit({ entrypoint: 'true' });
      expect(await yard.outcomeOf(after, 30_000)).toMatchObject({ kind: 'completed' });
    },
  );
});

describe('two engines on one directory', () => {
  test('the second points to the first and ends well', async () => {
    const { engine } = await openYard();
    const second = spawnServe({ dataDir: engine.dataDir });
    expect(await second.ready).toMatchObject({
      ready: true,
      alreadyRunning: true,
      dataDir: engine.dataDir,
      url: expect.stringContaining(new URL(engine.url).origin),
    });
    expect((await second.ended).exitCode).toBe(0);
    expect((await engine.api.call<{ ok: boolean }>('GET', '/health')).ok).toBe(true);
  });

  test('started at the same instant: one works, the others point to it', async () => {
    const dataDir = path.join(makeDirectory(), 'data');
    const runs = [1, 2, 3].map(() => spawnServe({ dataDir }));
    const lines = await Promise.all(runs.map((run) => run.ready));
    expect(lines.filter((line) => !line.alreadyRunning)).toHaveLength(1);
    const owner = runs[lines.findIndex((line) => !line.alreadyRunning)];
    for (const run of runs) if (run !== owner) expect((await run.ended).exitCode).toBe(0);
    owner?.kill('SIGTERM');
    expect((await owner?.ended)?.exitCode).toBe(0);
  });
});
