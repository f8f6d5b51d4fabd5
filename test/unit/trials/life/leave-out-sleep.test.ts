import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { ensureWorkstationPool } from '../../../../electron/queue/pools.ts';
import { estimateRunning } from '../../../../electron/scheduler/forecast/estimates.ts';
import { openStore, type Store } from '../../../../electron/store/database.ts';
import { listHistory } from '../../../../electron/store/events.ts';
import { insertExperiment } from '../../../../electron/store/experiments.ts';
import {
  getTrialRow,
  insertTrial,
  listHeldTrials,
  updateProgress,
  updateTrial,
  type TrialRow,
} from '../../../../electron/store/trials.ts';
import { deadlineOf } from '../../../../electron/trials/attempts/deadlines.ts';
import { createHeldWaker } from '../../../../electron/trials/life/wake-held.ts';
import { leaveOutSleep } from '../../../../electron/trials/life/leave-out-sleep.ts';
import { makeTrialRow } from '../../../fakes/rows.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = 1_000_000_000;
let dir: string;
let store: Store;
let nowMs: number;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-sleep-'));
  nowMs = START;
  store = openStore(path.join(dir, 'switchyard.db'), { nowMs: () => nowMs });
  ensureWorkstationPool(store, 8);
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

function add(over: Partial<TrialRow>): () => TrialRow {
  const id = store.transact('add', (tx) => {
    const experimentId = insertExperiment(tx.db, {
      name: 'e',
      config: {} as never,
      sealedEnv: null,
      sourceDir: null,
      snapshot: null,
      createdAtMs: 0,
      idempotencyKey: null,
    });
    const newId = insertTrial(
      tx.db,
      makeTrialRow({ experimentId, ...(over.spec === undefined ? {} : { spec: over.spec }) }),
    );
    updateTrial(
      tx.db,
      makeTrialRow({ id: newId, experimentId, state: 'running', attempt: 1, startedAtMs: START, ...over }),
    );
    return newId;
  });
  return () => getTrialRow(store.db, id) as TrialRow;
}

test('a night in the middle of a run is no run time: neither its forecast nor its limit grows by it', () => {
  const spec = { ...makeTrialRow().spec, timeLimitS: 7_200 };
  const running = add({ spec });
  const frozen = add({ frozen: true, frozenSinceMs: START + MINUTE });
  const waiting = add({ state: 'queued', startedAtMs: null });
  const later = add({ startedAtMs: START + 8 * HOUR });
  // Half an hour of work, then eight hours of sleep.
  nowMs = START + 30 * MINUTE + 8 * HOUR;
  leaveOutSleep(store, 8 * HOUR);
  leaveOutSleep(store, -HOUR);
  expect([running, frozen, waiting, later].map((row) => row().frozenMs)).toEqual([8 * HOUR, 0, 0, 0]);
  expect(listHistory(store.db, running().id, 5).map(({ text }) => text)).toEqual([
    'The machine slept, or its clock was set forward, for 8 h: that does not count as run time',
  ]);
  store.transact('progress', (tx) => {
    updateProgress(tx.db, running().id, 0.5, null, nowMs);
  });
  expect(running().progressWorkedMs).toBe(30 * MINUTE);
  expect(estimateRunning(running(), nowMs, 0, null).remainingMs).toBe(30 * MINUTE);
  // An engine that is started again now gives it the rest of its two hours.
  expect((deadlineOf(running())?.atMs ?? 0) - nowMs).toBe(90 * MINUTE);
});

test('a hold that passed during the night is over in the morning', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const held = add({ state: 'queued', startedAtMs: null, notBeforeMs: START + 5 * MINUTE });
  add({ state: 'queued', startedAtMs: null });
  const woken: number[] = [];
  const waker = createHeldWaker({
    nowMs: () => nowMs,
    readTrial: (id) => getTrialRow(store.db, id),
    onTime: (id) => woken.push(id),
  });
  onTestFinished(waker.close);
  waker.watch(held().id, held());
  // Timers stand still while the machine sleeps.
  nowMs += 8 * HOUR;
  vi.advanceTimersByTime(2);
  expect(woken).toEqual([]);
  for (const row of listHeldTrials(store.db)) waker.watch(row.id, row);
  vi.advanceTimersByTime(2);
  expect(woken).toEqual([held().id]);
});
