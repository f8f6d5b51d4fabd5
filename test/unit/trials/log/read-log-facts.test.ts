/** What the logs of trials tell by themselves, taken in while they are written and after. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ensureWorkstationPool } from '../../../../electron/queue/pools.ts';
import { rankBehind } from '../../../../electron/queue/rank.ts';
import { insertAttempt } from '../../../../electron/store/attempts.ts';
import { openStore, type Store } from '../../../../electron/store/database.ts';
import { insertExperiment } from '../../../../electron/store/experiments.ts';
import { listMetricNames, readMetric } from '../../../../electron/store/reports.ts';
import { getTrialRow, insertTrial } from '../../../../electron/store/trials.ts';
import { attemptFiles } from '../../../../electron/trials/files/directories.ts';
import { createLogReader, type LogReader } from '../../../../electron/trials/log/read-log-facts.ts';
import { createReportIntake, type ReportIntake } from '../../../../electron/trials/reports/report-intake.ts';
import { makeTrialRow } from '../../../fakes/rows.ts';
import { waitUntil } from '../../../support/processes.ts';

let dir: string;
let store: Store;
let intake: ReportIntake;
let reader: LogReader;
let trialId: number;
let errors: unknown[];
let batches: number;

function open(): void {
  intake = createReportIntake(
    {
      store,
      trialsDir: path.join(dir, 'trials'),
      nowMs: () => 5_000,
      onMetrics: () => {
        batches++;
      },
      onProgress: () => {},
      onCheckpoint: () => {},
      log: { error: () => {} },
    },
    5,
  );
  reader = createLogReader({
    store,
    trialsDir: path.join(dir, 'trials'),
    nowMs: () => 5_000,
    intake,
    onError: (_text, error) => errors.push(error),
  });
}
function close(): void {
  reader.close();
  intake.close();
}
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-log-facts-'));
  store = openStore(path.join(dir, 'switchyard.db'), { nowMs: () => 5_000 });
  ensureWorkstationPool(store, 8);
  errors = [];
  batches = 0;
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
    const id = insertTrial(tx.db, { ...makeTrialRow({ experimentId, state: 'running' }), rank: rankBehind(null) });
    tx.db.prepare('UPDATE trial SET started_at_ms = 1000, attempt = 1 WHERE id = ?').run(id);
    return id;
  });
  addAttempt(1);
  open();
});
afterEach(() => {
  close();
  store.close();
  rmSync(dir, { recursive: true, force: true });
  if (errors.length > 0) throw new AggregateError(errors, 'a log could not be read');
});

function addAttempt(number: number): void {
  store.transact('attempt', (tx) => {
    insertAttempt(tx.db, {
      trialId,
      number,
      key: `k${number}`,
      runtime: 'process',
      slots: [],
      tokenHash: '',
      createdAtMs: 0,
      progressAtStart: 0,
    });
  });
}
const logOf = (attempt: number): string => attemptFiles(path.join(dir, 'trials'), trialId, attempt).log;
function write(text: string, attempt = 1): void {
  mkdirSync(path.dirname(logOf(attempt)), { recursive: true });
  appendFileSync(logOf(attempt), text);
}
const look = (attempt = 1): Promise<void> => reader.look([{ trialId, attempt, logPath: logOf(attempt) }]);
const progress = (): number | null | undefined => getTrialRow(store.db, trialId)?.progress;
const bar = (at: number, total = 100): string =>
  `\r ${at}%|##        | ${at}/${total} [00:${String(at % 60).padStart(2, '0')}<01:00,  1.00it/s, loss=0.5]`;

it('takes the progress of its bar, and takes it back when the bar begins anew', async () => {
  write(bar(20));
  await look();
  expect(progress()).toBe(0.2);
  write(bar(40));
  await look();
  expect(progress()).toBe(0.4);
  await look();
  write(bar(5));
  await look();
  expect(progress()).toBeNull();
  expect(await reader.facts(trialId)).toMatchObject({ bar: null, metricNames: ['loss'], takesMetrics: false });
});

it('does not take what it reads again for a bar that begins anew', async () => {
  for (const at of [10, 20, 30, 40, 50]) {
    write(bar(at));
    await look();
  }
  expect(progress()).toBe(0.5);
  expect((await reader.facts(trialId)).bar).toMatchObject({ position: 50, total: 100, progress: 0.5 });
});

it('leaves the progress alone that the program reports', async () => {
  await intake.take({ trialId, attempt: 1 }, [{ t: 'progress', value: 0.7, step: null, atMs: null }]);
  write(bar(20));
  await look();
  expect(progress()).toBe(0.7);
});

it('takes metrics once it is switched on, from the beginning, while the log grows, to its last line', async () => {
  write('step=1 loss=3\nstep=2 loss=2\nstep=3 lo');
  await look();
  expect(listMetricNames(store.db, trialId)).toEqual([]);
  expect(await reader.takeMetrics(trialId, true)).toMatchObject({ takesMetrics: true, metricNames: ['loss'] });
  const points = (): [number, number][] => readMetric(store.db, trialId, 'loss', -1, 100);
  expect(points()).toEqual([
    [1, 3],
    [2, 2],
  ]);
  write('ss=1.5\nstep=4 loss=1');
  await look();
  expect(points().at(-1)).toEqual([3, 1.5]);
  await reader.finish(trialId, logOf(1));
  expect(points().at(-1)).toEqual([4, 1]);
  // Its own step does not become the trial's.
  expect(getTrialRow(store.db, trialId)?.step).toBeNull();
  await reader.takeMetrics(trialId, false);
  write('\nstep=5 loss=0.5\n');
  await look();
  expect(points()).toHaveLength(4);
});

it('goes on after a restart where it was, and in the next attempt behind the one before', async () => {
  write('loss=3\nloss=2\n');
  await reader.takeMetrics(trialId, true);
  close();
  open();
  batches = 0;
  await look();
  expect(batches).toBe(0);
  write('loss=1\n');
  await look();
  addAttempt(2);
  write('loss=0.5\n', 2);
  await look(2);
  expect(readMetric(store.db, trialId, 'loss', -1, 100)).toEqual([
    [1, 3],
    [2, 2],
    [3, 1],
    [4, 0.5],
  ]);
});

it('takes a long log in pieces, a line without an end is none, and others get their turn meanwhile', async () => {
  const lines = Array.from({ length: 40_000 }, (_, at) => `step=${at} loss=${at % 7} acc=0.5`);
  write(`${lines.join('\n')}\n${'x'.repeat(200_000)}`);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await reader.takeMetrics(trialId, true);
  const taken = (what: string, after: number): Promise<unknown> =>
    waitUntil(what, async () => {
      await look();
      return readMetric(store.db, trialId, 'loss', after, 10).length > 0;
    });
  await taken('all lines are taken', 39_998);
  clearInterval(timer);
  expect(turns).toBeGreaterThan(5);
  write(' end\nstep=50000 loss=9\n');
  await taken('what comes behind the long line is taken', 40_000);
  expect(readMetric(store.db, trialId, 'loss', 40_000, 10)).toEqual([[50_000, 9]]);
});

it('says of a trial without a log that it has nothing, and of none that there is none', async () => {
  expect(await reader.facts(trialId)).toEqual({ attempt: 1, metricNames: [], takesMetrics: false, bar: null });
  await expect(reader.facts(999)).rejects.toMatchObject({ code: 'not_found' });
  await expect(reader.takeMetrics(999, true)).rejects.toMatchObject({ code: 'not_found' });
});
