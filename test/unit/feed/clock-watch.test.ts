import { expect, test } from 'vitest';
import { createClockWatch } from '../../../electron/feed/clock-watch.ts';
import { createNotices } from '../../../electron/feed/notices.ts';

test('a clock that jumps is told of once, with the way it went; time that passes is no jump', () => {
  let wallMs = 1_000_000;
  let steadyMs = 0;
  const notices = createNotices(
    () => wallMs,
    () => undefined,
  );
  const jumps: number[] = [];
  const look = createClockWatch({ nowMs: () => wallMs, monotonicMs: () => steadyMs }, notices, (jumpMs) => {
    jumps.push(jumpMs);
  });
  const texts = (): string[] => notices.list().map(({ text }) => text);
  wallMs += 3_600_000;
  steadyMs += 3_600_000;
  look();
  wallMs += 60_000;
  look();
  expect(texts()).toEqual([]);
  wallMs -= 7_200_000;
  // The steady clock counts parts of a millisecond; what is told are whole ones.
  steadyMs += 0.4;
  look();
  expect(texts()).toEqual([expect.stringContaining('back by 120 min')]);
  wallMs += 7_200_000;
  steadyMs += 0.1;
  look();
  expect(texts()).toEqual([expect.stringContaining('forward by 120 min')]);
  look();
  expect(texts()).toHaveLength(1);
  expect(jumps).toEqual([-7_200_000, 7_200_000]);
});
