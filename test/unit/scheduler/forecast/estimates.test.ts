import { expect, test } from 'vitest';
import { estimateQueued, estimateRunning } from '../../../../electron/scheduler/forecast/estimates.ts';
import { firstOf } from '../../../../electron/scheduler/plan/lines.ts';
import { createQueueIndex } from '../../../../electron/scheduler/queue-index.ts';
import type { TrialRow } from '../../../../electron/store/trials.ts';
import { makeTrialRow } from '../../../fakes/rows.ts';

const MINUTE = 60_000;
const running = (progress: number | null) => makeTrialRow({ state: 'running', startedAtMs: 0, progress });

test('queued trials take over the run time of those like them that ended', () => {
  const known = new Map<string, number>();
  const index = createQueueIndex({
    likeRunsMs: ({ estimateKey }) => known.get(estimateKey) ?? null,
    held: () => null,
    keepsClaim: () => false,
    runtime: () => 'process',
  });
  const lined = () => [...index.lines().values()].flatMap((line) => firstOf(line));
  for (const id of [1, 2])
    index.update(id, makeTrialRow({ id, rank: `a${id}`, estimateKey: id === 1 ? 'same' : 'other' }));
  expect(lined().map(({ remainingMs }) => remainingMs)).toEqual([null, null]);
  known.set('same', 9000);
  index.reestimate(new Set(['same']));
  expect(lined().map(({ remainingMs, estimateBasis }) => [remainingMs, estimateBasis])).toEqual([
    [9000, 'history'],
    [null, 'none'],
  ]);
  index.update(1, null);
  expect(lined().map(({ id }) => id)).toEqual([2]);
});

const left = (row: TrialRow, nowMs: number, from: number, likeMs: number | null): unknown => {
  const { remainingMs, basis } = estimateRunning(row, nowMs, from, likeMs);
  return { remainingMs, basis };
};
const withSpec = (row: TrialRow, spec: Partial<TrialRow['spec']>): TrialRow => ({
  ...row,
  spec: { ...row.spec, ...spec },
});

test('time left counts what this attempt gained, not what it began with', () => {
  // Resumed at one half, at three quarters after ten minutes: ten more to go.
  expect(left(running(0.75), 10 * MINUTE, 0.5, null)).toEqual({ remainingMs: 10 * MINUTE, basis: 'progress' });
  // It reports less than it had: it began anew.
  expect(left(running(0.25), 10 * MINUTE, 0.5, null)).toEqual({ remainingMs: 30 * MINUTE, basis: 'progress' });
  expect(left(running(null), MINUTE, 0, 5 * MINUTE)).toEqual({ remainingMs: 4 * MINUTE, basis: 'history' });
});

test('what goes on from a checkpoint needs only the rest', () => {
  const queued = { progress: 0.75, estimatedMs: 4 * MINUTE, timeLimitS: null };
  expect(estimateQueued(queued, null)).toEqual({ remainingMs: MINUTE, basis: 'user' });
});

test('the first bit of progress says nothing yet', () => {
  expect(left(running(0.01), MINUTE, 0, 5 * MINUTE)).toEqual({ remainingMs: 4 * MINUTE, basis: 'history' });
  expect(left(running(0.02), MINUTE, 0, 5 * MINUTE)).toEqual({ remainingMs: 49 * MINUTE, basis: 'progress' });
});

test('the expected end stays where it is until something is reported, however often it is asked for', () => {
  const row = { ...running(0.5), progressWorkedMs: 10 * MINUTE };
  for (const now of [10, 11, 15, 19.9]) expect(estimateRunning(row, now * MINUTE, 0, null).endsAtMs).toBe(20 * MINUTE);
});

test('frozen time is no work, and no end is promised while frozen', () => {
  const row = { ...running(0.5), progressWorkedMs: 10 * MINUTE, frozenMs: 30 * MINUTE };
  expect(estimateRunning(row, 41 * MINUTE, 0, null)).toEqual({
    remainingMs: 9 * MINUTE,
    basis: 'progress',
    endsAtMs: 50 * MINUTE,
  });
  const frozen = { ...row, frozen: true, frozenSinceMs: 41 * MINUTE };
  expect(estimateRunning(frozen, 60 * MINUTE, 0, null)).toMatchObject({ remainingMs: null, endsAtMs: null });
});

test('a run that outlasts what was expected is given more in growing steps, and never ends in the past', () => {
  const endAt = (minutes: number): number | null =>
    estimateRunning(running(null), minutes * MINUTE, 0, 60 * MINUTE).endsAtMs;
  expect([59, 60, 74, 75, 104].map((at) => (endAt(at) ?? 0) / MINUTE)).toEqual([60, 75, 75, 105, 105]);
});

test('the word of the user comes before history, and the time limit bounds both', () => {
  const queued = { progress: null, estimatedMs: null, timeLimitS: null };
  expect(estimateQueued({ ...queued, estimatedMs: 5000 }, 9000)).toEqual({ remainingMs: 5000, basis: 'user' });
  expect(estimateQueued({ ...queued, timeLimitS: 4 }, 9000)).toEqual({ remainingMs: 4000, basis: 'limit' });
  expect(estimateQueued({ ...queued, timeLimitS: 60 }, 9000)).toEqual({ remainingMs: 9000, basis: 'history' });
  expect(estimateQueued({ ...queued, timeLimitS: 60 }, null)).toEqual({ remainingMs: 60_000, basis: 'limit' });
  expect(estimateQueued(queued, null)).toEqual({ remainingMs: null, basis: 'none' });
  const slow = withSpec({ ...running(0.1), progressWorkedMs: 10 * MINUTE }, { timeLimitS: 30 * 60 });
  expect(left(slow, 10 * MINUTE, 0, null)).toEqual({ remainingMs: 20 * MINUTE, basis: 'limit' });
});
