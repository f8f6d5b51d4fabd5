/** What the engine takes up at its start: every live trial once, in order, and never all of them at once. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ensureWorkstationPool } from '../../../electron/queue/pools.ts';
import { openStore } from '../../../electron/store/database.ts';
import { insertExperiment } from '../../../electron/store/experiments.ts';
import { insertTrial, readLiveTrials } from '../../../electron/store/trials.ts';
import { makeTrialRow } from '../../fakes/rows.ts';

test('live trials come in pieces: those with an attempt first, then the line', () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-live-'));
  const store = openStore(path.join(dir, 'switchyard.db'), { nowMs: () => 0 });
  onTestFinished(() => {
    store.close();
    rmSync(dir, { recursive: true, force: true });
  });
  ensureWorkstationPool(store, 8);
  const { db } = store;
  const experimentId = insertExperiment(db, {
    name: 'e',
    config: {} as never,
    sealedEnv: null,
    sourceDir: null,
    snapshot: null,
    inPlace: false,
    createdAtMs: 0,
    idempotencyKey: null,
  });
  const add = (state: 'queued' | 'paused' | 'running' | 'done', rank: string): number => {
    const id = insertTrial(db, { ...makeTrialRow({ experimentId, poolId: 'workstation', rank }), state });
    if (state === 'done') db.prepare('UPDATE trial SET ended_at_ms = 1 WHERE id = ?').run(id);
    return id;
  };
  const rank = (n: number): string => `a${String(n).padStart(4, '0')}`;
  const line = Array.from({ length: 400 }, (_, n) => add(n % 3 === 0 ? 'paused' : 'queued', rank(900 - n)));
  const running = [add('running', rank(1000)), add('running', rank(1001))];
  for (let n = 0; n < 5; n++) add('done', rank(n));
  const pieces = [...readLiveTrials(db)].map((rows) => rows.map(({ id }) => id));
  expect(pieces.flat()).toEqual([...running, ...line.toReversed()]);
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(200);
});
