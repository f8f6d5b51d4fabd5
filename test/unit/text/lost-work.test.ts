import { describe, expect, it } from 'vitest';
import { sayLoss, unsavedMs, wouldLoseMs } from '../../../electron/text/lost-work.ts';

const HOUR_MS = 3_600_000;
const trial = (asksForStop: boolean, untilMs: number | null = null) =>
  ({ unsaved: { sinceMs: 1_000, untilMs, asksForStop }, checkpoint: null }) as const;

describe('work that a stop would lose', () => {
  it('grows until now, or until it was frozen', () => {
    expect(unsavedMs(trial(false), 5_000)).toBe(4_000);
    expect(unsavedMs(trial(false, 3_000), 5_000)).toBe(2_000);
    expect(unsavedMs(trial(false), 0)).toBe(0);
    expect(unsavedMs({ unsaved: null }, 5_000)).toBe(0);
  });
  it('is worth a question from a minute on, and only where the program will not save it', () => {
    expect(wouldLoseMs(trial(false), 'pause', 10 * HOUR_MS + 1_000)).toBe(10 * HOUR_MS);
    expect(wouldLoseMs(trial(false), 'pause', 60_999)).toBe(0);
    expect(wouldLoseMs(trial(false), 'pause', 61_000)).toBe(60_000);
    expect(wouldLoseMs(trial(true), 'pause', HOUR_MS)).toBe(0);
    expect(wouldLoseMs(trial(true), 'kill', HOUR_MS)).toBe(HOUR_MS - 1_000);
    expect(wouldLoseMs({ unsaved: null }, 'kill', HOUR_MS)).toBe(0);
  });
  it('is told with what there is to go on from', () => {
    expect(sayLoss(trial(false), 10 * HOUR_MS)).toBe('loses 10 h of work: it has never saved');
    expect(sayLoss({ checkpoint: { step: 900, savedAtMs: 0 } }, 540_000)).toBe('loses 9 min of work since step 900');
    expect(sayLoss({ checkpoint: { step: null, savedAtMs: 0 } }, 540_000)).toBe(
      'loses 9 min of work since its last checkpoint',
    );
  });
});
