import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createEnders, type Enders } from '../../../../electron/trials/attempts/ask-to-end.ts';
import type { LiveAttempt } from '../../../../electron/trials/attempts/live-attempt.ts';

let asks: boolean;
let said: string[];
let enders: Enders;
let fail: boolean;
const say = (what: string) => async (): Promise<void> => {
  said.push(what);
  if (fail) throw new Error('no answer');
};
const live = {
  trialId: 1,
  attempt: 1,
  runtime: { terminate: say('SIGTERM'), kill: say('SIGKILL') },
} as unknown as LiveAttempt;

beforeEach(() => {
  vi.useFakeTimers();
  [asks, said, fail] = [false, [], false];
  enders = createEnders({
    stopWish: { wishStop: say('wish'), asksForStop: () => asks },
    onError: (_, what) => said.push(`${what} failed`),
  });
});
afterEach(() => {
  enders.close();
  vi.useRealTimers();
});

test('a program that does not ask gets the signal at once', async () => {
  enders.ask(live, 60_000);
  await vi.advanceTimersByTimeAsync(0);
  expect(said).toEqual(['wish', 'SIGTERM']);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(said).toHaveLength(2);
});

test('one that may be about to end by itself has half of its time for that', async () => {
  enders.ask(live, 60_000, true);
  await vi.advanceTimersByTimeAsync(29_000);
  expect(said).toEqual(['wish']);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(said).toEqual(['wish', 'SIGTERM']);
});

test('one that asks has half of its time to itself', async () => {
  asks = true;
  enders.ask(live, 60_000);
  await vi.advanceTimersByTimeAsync(29_999);
  expect(said).toEqual(['wish']);
  await vi.advanceTimersByTimeAsync(1);
  expect(said).toEqual(['wish', 'SIGTERM']);
});

test('what is killed is killed until it is gone', async () => {
  enders.kill(live);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(said).toEqual(['SIGKILL', 'SIGKILL', 'SIGKILL']);
  enders.forget(live);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(said).toHaveLength(3);
});

test('a kill takes the place of the signal that waits, and no later wish takes it back', async () => {
  asks = true;
  enders.ask(live, 60_000);
  // While the wish is still being written.
  enders.kill(live);
  enders.ask(live, 60_000);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(said).toEqual(['wish', 'SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGKILL']);
});

test('nothing waits for one that went while it was asked', async () => {
  asks = true;
  enders.ask(live, 60_000);
  enders.forget(live);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(said).toEqual(['wish']);
});

test('no timer is left behind', () => {
  enders.kill(live);
  enders.kill({ ...live });
  expect(vi.getTimerCount()).toBe(2);
  enders.close();
  expect(vi.getTimerCount()).toBe(0);
});

test('a runtime that does not answer is told of, and the kill goes on', async () => {
  fail = true;
  enders.kill(live);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(said).toEqual(['SIGKILL', 'kill failed', 'SIGKILL', 'kill failed']);
});
