import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { PlanInput, PlanOutput } from '../../../electron/scheduler/plan/model.ts';
import { createSchedulerLoop, type SchedulerLoop } from '../../../electron/scheduler/loop.ts';

const NOTHING: PlanOutput = { start: [], preempt: [], waiting: [], shares: [] };
const WORLD: PlanInput = { nowMs: 0, pools: [], slots: [], queued: [], active: [] };

let nowMs = 0;
let passes: number[] = [];
let passMs = 0;
let loop: SchedulerLoop;

/** Lets time pass in steps of a millisecond; a nudge comes with each of them. */
function burst(durationMs: number): void {
  const end = nowMs + durationMs;
  while (nowMs < end) {
    loop.nudge();
    nowMs++;
    vi.advanceTimersByTime(1);
  }
}

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'setInterval', 'clearInterval'],
  });
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
  nowMs = 1_000;
  passes = [];
  loop = createSchedulerLoop({
    readWorld: () => WORLD,
    plan: () => {
      passes.push(nowMs);
      nowMs += passMs;
      return NOTHING;
    },
    carryOut: () => {
      loop.nudge();
    },
    onError: (error) => {
      throw error;
    },
  });
});

afterEach(() => {
  loop.stop();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test('quick passes follow each change; what a pass changes itself brings no other', () => {
  passMs = 0;
  loop.start();
  burst(10);
  expect(passes.length).toBe(10);
  const before = passes.length;
  vi.advanceTimersByTime(1_000);
  expect(passes.length).toBeLessThanOrEqual(before + 1);
});

test('long passes leave nine tenths of the time to others, and the last change of a burst is planned', () => {
  passMs = 5;
  loop.start();
  burst(500);
  expect(passes.length).toBeGreaterThan(5);
  expect(passes.length).toBeLessThanOrEqual(12);
  loop.nudge();
  const before = passes.length;
  nowMs += 200;
  vi.advanceTimersByTime(200);
  expect(passes.length).toBe(before + 1);
});

test('what came free is planned at once, however long the passes', () => {
  passMs = 50;
  loop.start();
  burst(5);
  const before = passes.length;
  loop.nudge();
  loop.nudge(true);
  vi.advanceTimersByTime(1);
  expect(passes.length).toBe(before + 1);
});
