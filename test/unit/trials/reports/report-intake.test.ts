/** Reports of a trial that reports too much: what is kept is bounded, and reading it lets others have their turn. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { ensureWorkstationPool } from '../../../../electron/queue/pools.ts';
import { rankBehind } from '../../../../electron/queue/rank.ts';
import { getAttempt, insertAttempt } from '../../../../electron/store/attempts.ts';
import { openStore, type Store } from '../../../../electron/store/database.ts';
import { countSaid } from '../../../../electron/store/events.ts';
import { insertExperiment } from '../../../../electron/store/experiments.ts';
import { insertMetrics, listMetricNames, readMetric } from '../../../../electron/store/reports.ts';
import { getTrialRow, insertTrial } from '../../../../electron/store/trials.ts';
import { createMetricBudget } from '../../../../electron/trials/reports/metric-budget.ts';
import {
  createReportIntake,
  type Reporter,
  type ReportIntake,
} from '../../../../electron/trials/reports/report-intake.ts';
import { readSeries } from '../../../../electron/trials/reports/metrics.ts';
import type { ReportRecord } from '../../../../electron/trials/reports/report-lines.ts';
import { makeTrialRow } from '../../../fakes/rows.ts';
import { waitUntil } from '../../../support/processes.ts';

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

let heard: string[];
const openIntake = (beatMs?: number): ReportIntake => {
  const intake = createReportIntake(
    {
      store,
      trialsDir: path.join(dir, 'trials'),
      nowMs: () => 1000,
      onMetrics: (_id, points) => {
        heard.push(...points.map((point) => point.name));
      },
      onProgress: () => {},
      onCheckpoint: () => {},
      log: { error: () => {} },
    },
    beatMs,
  );
  onTestFinished(() => {
    intake.close();
  });
  return intake;
};
const take = async (record: Partial<Extract<ReportRecord, { t: 'metrics' }>>): Promise<string[]> => {
  heard = [];
  await openIntake().take({ trialId, attempt: 1 }, [
    { t: 'metrics', step: 1, values: {}, nonFinite: [], atMs: null, ...record },
  ]);
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

it('keeps the last and the best of the main metric beside the row, without making an edit stale', async () => {
  const metric = () => getTrialRow(store.db, trialId)?.metric;
  const { revision } = getTrialRow(store.db, trialId) ?? {};
  await take({ values: { lr: 0.1, grad: 5 } });
  expect(metric()).toEqual({ name: 'grad', last: 5, best: 5 });
  await take({ step: 2, values: { val_loss: 0.3 } });
  await take({ step: 3, values: { val_loss: 0.5, lr: 0.2 } });
  expect(metric()).toEqual({ name: 'val_loss', last: 0.5, best: 0.3 });
  // What was read again, or comes from an earlier step, is not the latest.
  await take({ step: 1, values: { val_loss: 0.1, acc: 0.9 } });
  expect(metric()).toEqual({ name: 'val_loss', last: 0.5, best: 0.1 });
  expect(getTrialRow(store.db, trialId)?.revision).toBe(revision);
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

/** A trial that runs, with its report file. */
function running(): { readonly reporter: Reporter; readonly file: string } {
  const id = store.transact('add', (tx) => {
    const experimentId = getTrialRow(tx.db, trialId)?.experimentId ?? 0;
    const row = insertTrial(tx.db, { ...makeTrialRow({ experimentId }), rank: rankBehind(null) });
    insertAttempt(tx.db, {
      trialId: row,
      number: 1,
      key: `key-${row}`,
      runtime: 'process',
      slots: [],
      tokenHash: '',
      createdAtMs: 0,
      progressAtStart: 0,
    });
    return row;
  });
  const file = path.join(dir, `reports-${id}.jsonl`);
  return { reporter: { trialId: id, attempt: 1 }, file };
}
const line = (step: number, values: Record<string, number>): string =>
  `${JSON.stringify({ t: 'metrics', step, values })}\n`;

it('saves the reports of all trials of a while in one transaction', async () => {
  heard = [];
  let commits = 0;
  const intake = openIntake(200);
  const trials = Array.from({ length: 8 }, running);
  store.onCommit(() => commits++);
  for (const { reporter, file } of trials) {
    writeFileSync(file, line(1, { loss: 1 }));
    intake.watch(reporter, file);
  }
  await waitUntil('all were saved', () => heard.length === 8);
  expect(commits).toBeLessThanOrEqual(2);
});

it('saves what it left and where it is in one transaction: nothing is lost, nothing comes twice', async () => {
  heard = [];
  const { reporter, file } = running();
  writeFileSync(file, [1, 2, 3].map((step) => line(step, { loss: step })).join(''));
  const first = openIntake(1);
  first.watch(reporter, file);
  await waitUntil('the first were saved', () => heard.length === 3);
  first.close();
  const offset = getAttempt(store.db, reporter.trialId, 1)?.reportOffset ?? 0;
  expect(offset).toBe(readFileSync(file).length);
  // What a second engine would read again is changed: it must not be looked at.
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll('"loss":', '"LOSS":') + line(4, { loss: 4 }));
  const second = openIntake(1).watch(reporter, file);
  expect(await second.finish()).toBeNull();
  expect(listMetricNames(store.db, reporter.trialId)).toEqual(['loss']);
  expect(readMetric(store.db, reporter.trialId, 'loss', 0, 10)).toEqual([
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
  ]);
});

it('keeps a flood within bounds, with its highs and lows, says so once, and gives others their turn', async () => {
  heard = [];
  const { reporter, file } = running();
  const flood = Array.from({ length: 120_000 }, (_, step) => line(step, { loss: step === 61_234 ? 999 : step % 50 }));
  writeFileSync(file, flood.join(''));
  let turns = 0;
  const ticking = setInterval(() => turns++, 0);
  const watch = openIntake(1).watch(reporter, file);
  const rest = await watch.finish();
  expect(rest).not.toBeNull();
  await rest?.();
  clearInterval(ticking);
  const points = readMetric(store.db, reporter.trialId, 'loss', -1, 1_000_000);
  expect(points.length).toBeLessThanOrEqual(20_000);
  expect(points.length).toBeGreaterThan(4_000);
  expect(points).toContainEqual([61_234, 999]);
  expect(points.at(-1)?.[0]).toBe(119_999);
  expect(countSaid(store.db, reporter.trialId, 'trial.metrics_thinned')).toBe(1);
  expect(getAttempt(store.db, reporter.trialId, 1)?.reportOffset).toBe(statSync(file).size);
  expect(turns).toBeGreaterThan(50);
}, 60_000);

it('is not drawn further behind by a trial than it can catch up with', async () => {
  heard = [];
  const { reporter, file } = running();
  writeFileSync(file, '');
  truncateSync(file, 40 * 1024 * 1024);
  appendFileSync(file, `\n${line(7, { loss: 7 })}`);
  const rest = await openIntake(1).watch(reporter, file).finish();
  await rest?.();
  expect(readMetric(store.db, reporter.trialId, 'loss', -1, 10)).toEqual([[7, 7]]);
  expect(countSaid(store.db, reporter.trialId, 'trial.metrics_thinned')).toBe(1);
});

it('thins a metric that has outgrown its share, also one of an older database', async () => {
  const budget = createMetricBudget(store);
  const points = Array.from({ length: 45_000 }, (_, step) => ({ name: 'loss', step, value: step % 7, atMs: 1 }));
  store.transact('points', (tx) => {
    insertMetrics(tx.db, trialId, [...points, { name: 'loss', step: 30_001, value: -5, atMs: 1 }]);
  });
  expect(budget.written(trialId, points.slice(0, 1))).toEqual(['loss']);
  await budget.thinOut(trialId, 'loss');
  const kept = readMetric(store.db, trialId, 'loss', -1, 100_000);
  expect(kept.length).toBeGreaterThan(8_000);
  expect(kept.length).toBeLessThanOrEqual(10_000);
  expect(kept).toContainEqual([30_001, -5]);
  expect(kept[0]?.[0]).toBe(0);
  expect(kept.at(-1)?.[0]).toBe(44_999);
  expect(budget.written(trialId, points.slice(0, 1))).toEqual([]);
});

it('a series knows when each of its points was reported, also where it is thinned', async () => {
  const steps = Array.from({ length: 100 }, (_, step) => step);
  await openIntake().take(
    { trialId, attempt: 1 },
    steps.map((step) => ({ t: 'metrics', step, values: { loss: step % 7 }, nonFinite: [], atMs: 5_000 + step * 10 })),
  );
  const [series] = await readSeries(store.db, trialId, null, 20, true);
  expect(series?.points.length).toBeLessThanOrEqual(20);
  expect(series?.timesMs).toEqual(series?.points.map(([step]) => 5_000 + step * 10));
});
