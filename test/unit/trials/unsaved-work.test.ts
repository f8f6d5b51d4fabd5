/** What a stop would lose: counted from the last save of the attempt, without the time it was frozen. */
import { describe, expect, it } from 'vitest';
import { unsavedWork, type UnsavedFacts } from '../../../electron/trials/unsaved-work.ts';

const facts = (over: Partial<UnsavedFacts> = {}): UnsavedFacts => ({
  savedAtMs: null,
  freezeSteps: () => [],
  asksForStop: () => false,
  ...over,
});
const running = { state: 'running', startedAtMs: 1_000, frozenMs: 0, frozenSinceMs: null, stop: null } as const;

describe('unsaved work', () => {
  it('counts from the start of the attempt while nothing of it was saved', () => {
    expect(unsavedWork(running, facts())).toEqual({ sinceMs: 1_000, untilMs: null, asksForStop: false });
    // What an attempt before has saved is where this one began.
    expect(unsavedWork(running, facts({ savedAtMs: 400 }))?.sinceMs).toBe(1_000);
  });
  it('counts from the last checkpoint of the attempt', () => {
    expect(unsavedWork(running, facts({ savedAtMs: 5_000 }))?.sinceMs).toBe(5_000);
  });
  it('says whether the program asks for the wish', () => {
    expect(unsavedWork(running, facts({ asksForStop: () => true }))?.asksForStop).toBe(true);
  });
  it('leaves frozen time out: all of it from the start, what came after the checkpoint otherwise', () => {
    const steps = [
      { atMs: 6_000, what: 'freeze' },
      { atMs: 7_500, what: 'unfreeze' },
    ] as const;
    const thawed = { ...running, frozenMs: 4_500 };
    expect(unsavedWork(thawed, facts())?.sinceMs).toBe(5_500);
    expect(unsavedWork(thawed, facts({ savedAtMs: 5_000, freezeSteps: () => steps }))?.sinceMs).toBe(6_500);
    expect(unsavedWork({ ...thawed, frozenSinceMs: 9_000 }, facts())).toMatchObject({ sinceMs: 5_500, untilMs: 9_000 });
  });
  it('takes the wish to stop for the end of a freeze', () => {
    const stopping = {
      ...running,
      state: 'stopping',
      frozenMs: 2_000,
      stop: { kind: 'pause', askedAtMs: 8_000, killAtMs: 9_000 },
    } as const;
    const freezeSteps: UnsavedFacts['freezeSteps'] = () => [{ atMs: 6_000, what: 'freeze' }];
    expect(unsavedWork(stopping, facts({ savedAtMs: 5_000, freezeSteps }))?.sinceMs).toBe(7_000);
  });
  it('is nothing for a trial that does not run', () => {
    expect(unsavedWork({ ...running, state: 'queued' }, facts())).toBeNull();
    expect(unsavedWork({ ...running, state: 'done' }, facts())).toBeNull();
    expect(unsavedWork({ ...running, state: 'starting', startedAtMs: null }, facts())).toBeNull();
  });
});
