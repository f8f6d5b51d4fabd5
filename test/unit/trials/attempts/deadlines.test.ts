import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TrialRow } from '../../../../electron/store/trials.ts';
import { createDeadlines, deadlineOf, type Deadlines } from '../../../../electron/trials/attempts/deadlines.ts';
import { makeTrialRow } from '../../../fakes/rows.ts';

const START = 1_000_000;
/** The wall clock may jump; the steady one goes with the fake timers. */
let jumpMs = 0;
const clock = { nowMs: () => Date.now() + jumpMs, monotonicMs: () => performance.now() };
let over: string[];
let deadlines: Deadlines;

beforeEach(() => {
  vi.useFakeTimers({ now: START, toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
  jumpMs = 0;
  over = [];
  deadlines = createDeadlines(clock, (trialId, attempt, event) => over.push(`#${trialId}.${attempt} ${event}`));
});
afterEach(() => {
  deadlines.close();
  vi.useRealTimers();
});

const spec = (over: Partial<TrialRow['spec']>) => ({ ...makeTrialRow().spec, ...over });
const running = (timeLimitS: number | null, more: Partial<TrialRow> = {}): TrialRow =>
  makeTrialRow({ state: 'running', attempt: 1, startedAtMs: START, spec: spec({ timeLimitS, graceS: 60 }), ...more });
const stopping = (killAtMs: number | null, more: Partial<TrialRow> = {}): TrialRow =>
  running(100, { state: 'stopping', stop: { kind: 'pause', askedAtMs: START, killAtMs }, ...more });

describe('deadlineOf', () => {
  it.each([
    ['a trial without a time limit', running(null), null],
    ['one that has not begun to run', running(100, { startedAtMs: null }), null],
    ['one that starts', running(100, { state: 'starting' }), null],
    ['one that runs', running(100), { event: 'time_limit', atMs: START + 100_000, longestMs: 100_000 }],
    ['one that stops', stopping(START + 5), { event: 'grace_over', atMs: START + 5, longestMs: 60_000 }],
    ['one that is being killed', stopping(null), null],
  ] as const)('%s', (_, trial, deadline) => {
    expect(deadlineOf(trial)).toEqual(deadline);
  });
});

describe('deadlines', () => {
  it('come when they are due, not a moment earlier, and once', () => {
    deadlines.follow(running(100));
    vi.advanceTimersByTime(99_999);
    expect(over).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(over).toEqual(['#1.1 time_limit']);
    vi.advanceTimersByTime(1_000_000);
    expect(over).toHaveLength(1);
  });

  it('count from when the trial began, also after a restart of the engine', () => {
    vi.setSystemTime(START + 40_000);
    deadlines.follow(running(100));
    vi.advanceTimersByTime(59_999);
    expect(over).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(over).toHaveLength(1);
  });

  it.each([-3_600_000, 3_600_000])('stay where they are when the clock jumps by %d ms', (jump) => {
    deadlines.follow(running(100));
    vi.advanceTimersByTime(50_000);
    jumpMs = jump;
    // Something else happened to it: it is followed again, and keeps what it has.
    deadlines.follow(running(100, { progress: 0.5 }));
    vi.advanceTimersByTime(49_999);
    expect(over).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(over).toHaveLength(1);
  });

  it('are never farther off than the whole limit, however far the clock was set back before', () => {
    jumpMs = -10_000_000;
    deadlines.follow(running(100));
    vi.advanceTimersByTime(100_000);
    expect(over).toHaveLength(1);
  });

  it('change with the state: the time limit goes when it is asked to stop, and all when it is killed', () => {
    deadlines.follow(running(100));
    deadlines.follow(stopping(START + 60_000));
    vi.advanceTimersByTime(60_000);
    expect(over).toEqual(['#1.1 grace_over']);
    deadlines.follow(stopping(null));
    vi.advanceTimersByTime(1_000_000);
    expect(over).toHaveLength(1);
  });

  it('begin anew with another attempt', () => {
    deadlines.follow(running(100));
    vi.advanceTimersByTime(90_000);
    deadlines.follow(running(100, { attempt: 2, startedAtMs: START + 90_000 }));
    vi.advanceTimersByTime(99_999);
    expect(over).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(over).toEqual(['#1.2 time_limit']);
  });

  it('can be two months off, where a timer cannot', () => {
    const limitS = 60 * 24 * 3600;
    deadlines.follow(running(limitS));
    vi.advanceTimersByTime(limitS * 1000 - 1);
    expect(over).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(over).toHaveLength(1);
  });

  it('are each their own trial, and a forgotten one has none', () => {
    deadlines.follow(running(100));
    deadlines.follow(running(200, { id: 2 }));
    deadlines.forget(1);
    vi.advanceTimersByTime(200_000);
    expect(over).toEqual(['#2.1 time_limit']);
  });

  it('leave no timer behind', () => {
    for (const id of [1, 2, 3]) deadlines.follow(running(100, { id }));
    deadlines.forget(1);
    expect(vi.getTimerCount()).toBe(2);
    deadlines.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('come again at once for a trial that still has one when it is followed again', () => {
    deadlines.follow(running(100));
    vi.advanceTimersByTime(100_000);
    deadlines.follow(running(100));
    vi.advanceTimersByTime(0);
    expect(over).toHaveLength(2);
  });
});
