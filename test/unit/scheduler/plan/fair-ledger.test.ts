/** Who is owed what: bounds that no plan shows within a test's time. */
import { expect, test } from 'vitest';
import { createFairLedger, settle } from '../../../../electron/scheduler/plan/fair-ledger.ts';

const DAY_MS = 24 * 3600 * 1000;
const share = (experimentId: number, wants: number, used: number) => ({ experimentId, share: wants, used });

test('nobody is owed or owes more than a day of its share, and at least of one slot', () => {
  const shares = [share(1, 2, 0), share(2, 2, 4), share(3, 0.5, 4)];
  expect([...settle(new Map(), shares, 9 * DAY_MS)]).toEqual([
    [1, 2 * DAY_MS],
    [2, -2 * DAY_MS],
    [3, -DAY_MS],
  ]);
});

test('who wants nothing any more is owed nothing, also when nobody wants anything', () => {
  const credits = settle(new Map(), [share(1, 1, 0), share(2, 1, 2)], 1000);
  expect([...settle(credits, [share(2, 1, 1)], 1000)]).toEqual([[2, -1000]]);
  expect(settle(credits, [], 1000).size).toBe(0);
});

test('a machine that slept counts for a minute, a clock set back for nothing', () => {
  const ledger = createFairLedger();
  ledger.note([share(1, 2, 1)], 0);
  expect(ledger.at(DAY_MS).get(1)).toBe(60_000);
  expect(ledger.at(-5_000).get(1)).toBe(0);
  ledger.note([share(1, 2, 1)], DAY_MS);
  expect(ledger.at(DAY_MS + 1_000).get(1)).toBe(61_000);
});
