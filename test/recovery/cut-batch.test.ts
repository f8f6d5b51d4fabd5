/**
 * kill -9 in the midst of an action on many trials, which goes in slices: each trial is what it was or what it was to become, with its
 * history, never half of it; and the same action goes on where it ended.
 */
import { setTimeout as delay } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { locateData } from '../../electron/ports/data-dir.ts';
import { seedQueue } from '../bench/seed.ts';
import { startEngineProcess } from '../support/engine-process.ts';
import { makeDirectory } from '../support/yard.ts';

const TRIALS = 6_000;

interface Row {
  readonly id: number;
  readonly state: string;
  readonly outcome: string | null;
  readonly ended: number | null;
  readonly history: number;
}

test('a batch that is cut in the middle leaves every trial whole', { timeout: 120_000 }, async () => {
  const dataDir = makeDirectory();
  const lastId = seedQueue(dataDir, 0, TRIALS);
  const ids = Array.from({ length: TRIALS }, (_, index) => lastId - index);
  const engine = await startEngineProcess({ dataDir });
  onTestFinished(() => engine.dispose());
  await engine.api.call('POST', '/pools/workstation/actions', { action: 'pause' });
  const db = new Sqlite(locateData({ SWITCHYARD_HOME: dataDir }).database, { readonly: true });
  onTestFinished(() => {
    db.close();
  });
  const canceled = db.prepare<[], number>("SELECT COUNT(*) FROM trial WHERE state = 'done'").pluck();
  const cancel = engine.api.act({ action: 'cancel', trialIds: ids }).catch((error: unknown) => error);
  while ((canceled.get() ?? 0) < TRIALS / 10) await delay(1);
  await engine.kill9();
  expect(await cancel).toBeInstanceOf(Error);

  const read = db.prepare<[], Row>(
    `SELECT id, state, json_extract(outcome, '$.kind') AS outcome, ended_at_ms AS ended,
      (SELECT COUNT(*) FROM event WHERE event.trial_id = trial.id AND type = 'trial.cancel') AS history FROM trial`,
  );
  const cut = read.all();
  const done = cut.filter(({ state }) => state === 'done');
  expect(done.length).toBeGreaterThan(0);
  expect(done.length).toBeLessThan(TRIALS);
  for (const row of cut)
    if (row.state === 'done') expect(row).toMatchObject({ outcome: 'canceled', ended: expect.any(Number), history: 1 });
    else expect(row).toMatchObject({ state: 'queued', outcome: null, ended: null, history: 0 });

  await engine.restart();
  const left = cut.filter(({ state }) => state !== 'done').map(({ id }) => id);
  const { trialIds } = await engine.api.act({ action: 'cancel', trialIds: left });
  expect(trialIds.length).toBe(left.length);
  expect(
    read.all().every(({ state, outcome, history }) => state === 'done' && outcome === 'canceled' && history === 1),
  ).toBe(true);
  await engine.stop();
});
