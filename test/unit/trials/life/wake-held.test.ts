import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { TrialRow } from '../../../../electron/store/trials.ts';
import { createHeldWaker, type HeldWaker } from '../../../../electron/trials/life/wake-held.ts';
import { makeTrialRow } from '../../../fakes/rows.ts';

let nowMs: number;
let row: TrialRow | null;
let woken: (string | null)[];
let waker: HeldWaker;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  nowMs = 100_000;
  woken = [];
  waker = createHeldWaker({
    nowMs: () => nowMs,
    readTrial: () => row,
    onTime: (_id, now) => {
      woken.push(now?.state ?? null);
    },
  });
});
afterEach(() => {
  waker.close();
  vi.useRealTimers();
});

const held = (forMs: number): TrialRow => ({ ...makeTrialRow({}), id: 1, state: 'queued', notBeforeMs: nowMs + forMs });
function pass(ms: number): void {
  nowMs += ms;
  vi.advanceTimersByTime(ms);
}

test('its time comes once, however often the trial changed meanwhile', () => {
  row = held(5_000);
  waker.watch(1, row);
  waker.watch(1, row);
  waker.watch(1, row);
  pass(4_999);
  expect(woken).toEqual([]);
  pass(2);
  expect(woken).toEqual(['queued']);
  pass(60_000);
  expect(woken).toEqual(['queued']);
});

test('a trial that was canceled or started meanwhile wakes nobody', () => {
  row = held(5_000);
  waker.watch(1, row);
  waker.watch(1, { ...row, state: 'done' });
  pass(60_000);
  waker.watch(1, held(5_000));
  waker.watch(1, null);
  pass(60_000);
  expect(woken).toEqual([]);
});

test('a clock that was set back holds it on', () => {
  row = held(5_000);
  waker.watch(1, row);
  nowMs -= 3_000;
  pass(5_001);
  expect(woken).toHaveLength(1);
  pass(3_000);
  expect(woken).toHaveLength(2);
});

test('after close nothing wakes', () => {
  row = held(5_000);
  waker.watch(1, row);
  waker.close();
  pass(60_000);
  expect(woken).toEqual([]);
});
