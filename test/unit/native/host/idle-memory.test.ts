/** Memory is given back once per quiet spell, and never while somebody waits for an answer. */
import { expect, test } from 'vitest';
import { createBusyShare, createIdleCollector } from '../../../../native/host/idle-memory.ts';

function yard(): { readonly facts: { active: number; share: number }; beat(times: number): number } {
  const facts = { active: 0, share: 0.01 };
  let collected = 0;
  const look = createIdleCollector({
    activeCount: () => facts.active,
    busyShare: () => facts.share,
    collect: () => {
      collected += 1;
    },
  });
  return {
    facts,
    beat(times) {
      for (let n = 0; n < times; n++) look();
      return collected;
    },
  };
}

test('a quiet engine collects once, and once more after each burst', () => {
  const { facts, beat } = yard();
  expect(beat(3)).toBe(0);
  expect(beat(20)).toBe(1);
  facts.active = 1;
  beat(1);
  facts.active = 0;
  expect(beat(3)).toBe(1);
  expect(beat(1)).toBe(2);
});

test('an engine that answers requests is not quiet', () => {
  const { facts, beat } = yard();
  facts.share = 0.5;
  expect(beat(20)).toBe(0);
  facts.share = 0.01;
  expect(beat(3)).toBe(0);
  expect(beat(1)).toBe(1);
});

test('the share is that of the time since it was asked last', () => {
  const share = createBusyShare();
  const untilMs = performance.now() + 20;
  while (performance.now() < untilMs);
  expect(share()).toBeGreaterThan(0.5);
});
