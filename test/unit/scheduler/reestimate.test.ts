import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createReestimation } from '../../../electron/scheduler/reestimate.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test('what ended in about a second is one round, each command once; later ones are the next round', () => {
  const rounds: string[][] = [];
  const reestimation = createReestimation((keys) => {
    rounds.push([...keys]);
  });
  reestimation.soon('a');
  reestimation.soon('b');
  reestimation.soon('a');
  expect(rounds).toEqual([]);
  vi.advanceTimersByTime(1_000);
  expect(rounds).toEqual([['a', 'b']]);
  reestimation.soon('c');
  vi.advanceTimersByTime(1_000);
  expect(rounds).toEqual([['a', 'b'], ['c']]);
  reestimation.soon('d');
  reestimation.close();
  vi.advanceTimersByTime(5_000);
  expect(rounds).toHaveLength(2);
});
