import { expect, test } from 'vitest';
import { createTidyRounds } from '../../../../electron/trials/removal/tidy-rounds.ts';

const HOUR_MS = 3_600_000;

test('a round each hour takes what is old enough; while the disk is short, every ten minutes everything; never two at once', async () => {
  let nowMs = 0;
  let filling = false;
  const rounds: number[] = [];
  let finish = (): void => undefined;
  const look = createTidyRounds({
    clock: { nowMs: () => 1_000_000_000 + nowMs, monotonicMs: () => nowMs },
    isFilling: () => filling,
    keepMs: () => 24 * HOUR_MS,
    freeOld: (untilMs) => {
      rounds.push(untilMs - 1_000_000_000 - nowMs);
      return new Promise((resolve) => {
        finish = resolve;
      });
    },
    onError: () => undefined,
  });
  const at = async (ms: number): Promise<number> => {
    nowMs = ms;
    look();
    finish();
    await new Promise(setImmediate);
    return rounds.length;
  };
  expect(await at(59_999)).toBe(0);
  expect(await at(60_000)).toBe(1);
  expect(await at(HOUR_MS)).toBe(1);
  expect(await at(HOUR_MS + 60_000)).toBe(2);
  filling = true;
  expect(await at(HOUR_MS + 11 * 60_000)).toBe(3);
  expect(await at(HOUR_MS + 12 * 60_000)).toBe(3);
  expect(rounds).toEqual([-24 * HOUR_MS, -24 * HOUR_MS, 0]);
  finish = () => undefined;
  nowMs = 10 * HOUR_MS;
  look();
  look();
  expect(rounds).toHaveLength(4);
});
