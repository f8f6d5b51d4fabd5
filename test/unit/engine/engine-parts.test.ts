import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startBeat } from '../../../electron/engine/beat.ts';
import { createClosers } from '../../../electron/engine/closers.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test('a task of the beat that fails is reported and keeps the others from nothing', async () => {
  const done: string[] = [];
  const reported: string[] = [];
  const stop = startBeat(
    [
      { name: 'the look at the disk', run: () => Promise.reject(new Error('no answer')) },
      { name: 'capping', run: () => done.push('capped') },
    ],
    (text) => reported.push(text),
  );
  await vi.waitFor(() => {
    expect(done).toEqual(['capped']);
  });
  expect(reported).toEqual(['the look at the disk failed']);
  stop();
});

test('rounds do not overlap, and after the end there is none', async () => {
  let running = 0;
  let most = 0;
  let rounds = 0;
  let finish = (): void => undefined;
  const stop = startBeat(
    [
      {
        name: 'slow',
        run: () => {
          most = Math.max(most, ++running);
          rounds++;
          return new Promise<void>((resolve) => {
            finish = () => {
              running--;
              resolve();
            };
          });
        },
      },
    ],
    () => undefined,
  );
  await vi.advanceTimersByTimeAsync(20_000);
  expect({ rounds, most }).toEqual({ rounds: 1, most: 1 });
  finish();
  await vi.advanceTimersByTimeAsync(5_000);
  expect({ rounds, most }).toEqual({ rounds: 2, most: 1 });
  finish();
  stop();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(rounds).toBe(2);
});

test('what was opened last is closed first, each once', async () => {
  const closed: string[] = [];
  const closers = createClosers();
  closers.add(() => closed.push('lock'));
  closers.add(async () => {
    await Promise.resolve();
    closed.push('store');
  });
  const unexpected = (error: unknown): never => {
    throw error;
  };
  await Promise.all([closers.closeAll(unexpected), closers.closeAll(unexpected)]);
  await closers.closeAll(unexpected);
  expect(closed).toEqual(['store', 'lock']);
});

test('what cannot be closed is reported, and the lock is given back all the same', async () => {
  const closed: string[] = [];
  const closers = createClosers();
  closers.add(() => closed.push('lock'));
  closers.add(() => {
    throw new Error('no space');
  });
  closers.add(() => Promise.reject(new Error('no answer')));
  const reported: unknown[] = [];
  await closers.closeAll((error) => reported.push(error));
  expect(closed).toEqual(['lock']);
  expect(reported).toEqual([new Error('no answer'), new Error('no space')]);
});
