import { expect, test } from 'vitest';
import { estimateRunning } from '../../../../electron/scheduler/forecast/estimates.ts';
import { createQueueIndex } from '../../../../electron/scheduler/queue-index.ts';
import { makeTrialRow } from '../../../fakes/rows.ts';

const MINUTE = 60_000;
const running = (progress: number | null) => makeTrialRow({ state: 'running', startedAtMs: 0, progress });

test('queued trials take over the run time of those like them that ended', () => {
  const known = new Map<string, number>();
  const index = createQueueIndex({ likeRunsMs: (key) => known.get(key) ?? null, held: () => null });
  for (const id of [1, 2])
    index.update(id, makeTrialRow({ id, rank: `a${id}`, estimateKey: id === 1 ? 'same' : 'other' }));
  expect(index.queued().map(({ remainingMs }) => remainingMs)).toEqual([null, null]);
  known.set('same', 9000);
  index.reestimate(new Set(['same']));
  expect(index.queued().map(({ remainingMs, estimateBasis }) => [remainingMs, estimateBasis])).toEqual([
    [9000, 'history'],
    [null, 'none'],
  ]);
  index.update(1, null);
  expect(index.queued().map(({ id }) => id)).toEqual([2]);
});

test('time left counts what this attempt gained, not what it began with', () => {
  // Resumed at one half, at three quarters after ten minutes: ten more to go.
  expect(estimateRunning(running(0.75), 10 * MINUTE, 0.5, null)).toEqual({
    remainingMs: 10 * MINUTE,
    basis: 'progress',
  });
  // It reports less than it had: it began anew.
  expect(estimateRunning(running(0.25), 10 * MINUTE, 0.5, null)).toEqual({
    remainingMs: 30 * MINUTE,
    basis: 'progress',
  });
  expect(estimateRunning(running(null), MINUTE, 0, 5 * MINUTE)).toEqual({ remainingMs: 4 * MINUTE, basis: 'history' });
});
