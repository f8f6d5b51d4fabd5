import { beforeEach, expect, test, vi } from 'vitest';
import { useEngine } from '../../../../renderer/api/store.ts';
import { findLosing } from '../../../../renderer/shared/losing.ts';
import { makeTrial } from '../../../fakes/trial.ts';

const HOUR_MS = 3_600_000;
const NOW = 100 * HOUR_MS;
const running = (id: number, hours: number, asksForStop = false) =>
  makeTrial({ id, state: 'running', unsaved: { sinceMs: NOW - hours * HOUR_MS, untilMs: null, asksForStop } });

beforeEach(() => {
  vi.unstubAllGlobals();
  useEngine.setState({ live: new Map() });
});

test('those that lose most come first; who asks whether to stop loses by being killed only', () => {
  const trials = [running(1, 1), running(2, 10), running(3, 5, true), makeTrial({ id: 4 })];
  expect(findLosing(trials, 'pause', NOW).map(({ trial }) => trial.id)).toEqual([2, 1]);
  expect(findLosing(trials, 'kill', NOW).map(({ trial }) => trial.id)).toEqual([2, 3, 1]);
});

test('what the feed said last of a trial counts: it has saved since', () => {
  const unsaved = { sinceMs: NOW - 5_000, untilMs: null, asksForStop: false };
  const live = { progress: null, step: null, remainingMs: null, activity: null, unsaved };
  useEngine.setState({ live: new Map([[1, live]]) });
  expect(findLosing([running(1, 10)], 'pause', NOW)).toEqual([]);
});
