/** Reports of a trial that reports too much: what is kept is bounded, and reading it lets others have their turn. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ensureWorkstationPool } from '../../../../electron/queue/pools.ts';
import { rankBehind } from '../../../../electron/queue/rank.ts';
import { openStore, type Store } from '../../../../electron/store/database.ts';
import { countSaid } from '../../../../electron/store/events.ts';
import { insertExperiment } from '../../../../electron/store/experiments.ts';
import { insertMetrics, listMetricNames } from '../../../../electron/store/reports.ts';
import { insertTrial } from '../../../../electron/store/trials.ts';
import { readSeries } from '../../../../electron/trials/reports/metrics.ts';
import { takeReports } from '../../../../electron/trials/reports/report-intake.ts';
import type { ReportRecord } from '../../../../electron/trials/reports/report-lines.ts';
import { makeTrialRow } from '../../../fakes/rows.ts';

let dir: string;
let store: Store;
let trialId: number;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-intake-'));
  store = openStore(path.join(dir, 'switchyard.db'), { nowMs: () => 1000 });
  ensureWorkstationPool(store, 8);
  trialId = store.transact('add', (tx) => {
    const experimentId = insertExperiment(tx.db, {
      name: 'e',
      config: {} as never,
      sealedEnv: null,
      sourceDir: null,
      snapshot: null,
      createdAtMs: 0,
      idempotencyKey: null,
    });
    return insertTrial(tx.db, { ...makeTrialRow({ experimentId }), rank: rankBehind(null) });
  });
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

const take = async (record: Partial<Extract<ReportRecord, { t: 'metrics' }>>): Promise<string[]> => {
  const heard: string[] = [];
  const deps = {
    store,
    trialId,
    attempt: 1,
    nowMs: () => 1000,
    onMetrics: (_id: number, points: readonly { name: string }[]) => {
      heard.push(...points.map((point) => point.name));
    },
    onProgress: () => {},
  };
  await takeReports(
    deps,
    path.join(dir, 'checkpoints'),
    [{ t: 'metrics', step: 1, values: {}, nonFinite: [], atMs: null, ...record }],
    null,
  );
  return heard;
};
const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

it('keeps the first metric names of a trial that makes up ever new ones, and says so once', async () => {
  await take({ values: Object.fromEntries(names('a', 1_999).map((name) => [name, 1])) });
  expect(await take({ values: { b0: 1, b1: 1, a0: 2 } })).toEqual(['b0', 'a0']);
  expect(await take({ step: 2, values: { c: 1, a1: 3 } })).toEqual(['a1']);
  expect(listMetricNames(store.db, trialId)).toHaveLength(2_000);
  expect(countSaid(store.db, trialId, 'trial.too_many_metrics')).toBe(1);
});

it('tells of the first metrics that stop being numbers, not of thousands', async () => {
  await take({ nonFinite: names('loss', 10_000) });
  await take({ nonFinite: names('other', 10_000) });
  expect(countSaid(store.db, trialId, 'trial.not_finite')).toBe(50);
});

it('reads a long series whole, piece by piece, while others have their turn', async () => {
  store.transact('points', (tx) => {
    insertMetrics(
      tx.db,
      trialId,
      Array.from({ length: 35_000 }, (_, i) => ({ name: 'loss', step: i - 5, value: i % 100, atMs: 1 })),
    );
  });
  let turns = 0;
  const reading = new AbortController();
  const others = (async () => {
    while (!reading.signal.aborted) {
      await setImmediate();
      turns++;
    }
  })();
  const [series] = await readSeries(store.db, trialId, ['loss'], 40_000);
  reading.abort();
  await others;
  expect(series?.points).toHaveLength(35_000);
  expect(series).toMatchObject({ min: 0, max: 99, last: 99 });
  expect(turns).toBeGreaterThan(1);
});
