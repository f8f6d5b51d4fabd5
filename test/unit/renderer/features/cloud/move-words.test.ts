import { describe, expect, it } from 'vitest';
import type { MoveCost, MoveOption } from '../../../../../electron/contract/move-plan.ts';
import { canMove, moveWords, sayCeiling, sumWords } from '../../../../../renderer/features/cloud/move-words.ts';

const cost: MoveCost = {
  perHourUsd: 0.41,
  hours: 8,
  mostUsd: 11.391,
  withoutDisk: false,
  again: null,
  source: null,
};
const option = (change: Partial<MoveOption> = {}): MoveOption => ({
  poolId: 'cloud',
  trialIds: [1, 2, 3],
  startAtMs: null,
  endAtMs: null,
  cost,
  hindrances: [],
  ...change,
});

describe('the button that moves', () => {
  it('names the most that it can cost, rounded up', () => {
    expect(moveWords(option())).toBe('Move 3 trials: at most $11.40');
    expect(moveWords(option({ cost: { ...cost, withoutDisk: true } }))).toContain('$11.40 and the disk');
    expect(moveWords(option({ cost: null }))).toBe('Move 3 trials');
    expect(sayCeiling(0.1 + 0.2)).toBe('$0.30');
    expect(sayCeiling(0.0001)).toBe('$0.01');
  });

  it('says that a price is not known, and names no sum', () => {
    expect(moveWords(option({ cost: { ...cost, mostUsd: null } }))).toBe('Move 3 trials: price not known, 8 h at most');
  });

  it('is for what is not there already and not refused', () => {
    expect(canMove(option())).toBe(true);
    expect(canMove(option({ trialIds: [] }))).toBe(false);
    expect(canMove(option({ hindrances: [{ level: 'warning', text: 'slow' }] }))).toBe(true);
    expect(canMove(option({ hindrances: [{ level: 'error', text: 'no' }] }))).toBe(false);
    expect(canMove(undefined)).toBe(false);
  });

  it('says what the sum does not hold', () => {
    expect(sumWords(option({ cost: { ...cost, again: 'A restart comes on top.' } }))).toMatch(/not in it\. A restart/);
    expect(sumWords(option({ cost: null }))).toBeNull();
  });
});
