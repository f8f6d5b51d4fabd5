import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { nextTurn, takeTurns } from '../../../electron/ports/turns.ts';

it('each turn of the loop does one piece, however many wait', async () => {
  const turns: number[] = [];
  let turn = 0;
  const over = new AbortController();
  const clock = (async () => {
    while (!over.signal.aborted) {
      await setImmediate();
      turn += 1;
    }
  })();
  await Promise.all(
    Array.from({ length: 5 }, async () => {
      for (let piece = 0; piece < 3; piece++) {
        await nextTurn();
        turns.push(turn);
      }
    }),
  );
  over.abort();
  await clock;
  expect(new Set(turns).size).toBe(turns.length);
});

it('a step within a piece waits for nobody; one behind it does', async () => {
  const pace = await takeTurns();
  let others = 0;
  const other = nextTurn().then(() => (others += 1));
  await pace.step();
  expect(others).toBe(0);
  while (!pace.isDue()) Math.random();
  await pace.step();
  expect(others).toBe(1);
  expect(pace.isDue()).toBe(false);
  await other;
});
