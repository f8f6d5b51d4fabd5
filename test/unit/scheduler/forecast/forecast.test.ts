import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forecast } from '../../../../electron/scheduler/forecast/forecast.ts';
import type { PlanInput, PlanTrial } from '../../../../electron/scheduler/plan/model.ts';
import { active, GIB, input, MINUTE, pool, POOL, queued, slot, slots } from '../plan/build.ts';
import { yards } from '../plan/world.ts';

const NOW = 1_000_000;
const DAY = 1440 * MINUTE;
const lasting = (id: number, minutes: number | null, change: Partial<PlanTrial> = {}): PlanTrial =>
  queued(id, {
    remainingMs: minutes === null ? null : minutes * MINUTE,
    estimateBasis: minutes === null ? 'none' : 'history',
    ...change,
  });
const running = (id: number, lease: number[], minutes: number | null, change: Partial<PlanTrial> = {}): PlanTrial =>
  active(id, lease, { remainingMs: minutes === null ? null : minutes * MINUTE, ...change });
/** id -> [start, end] in minutes from now. */
function times(
  given: PlanInput,
  maxEntries = 300,
  horizonMs = 7 * DAY,
): Record<number, [number | null, number | null]> {
  const toMinutes = (ms: number | null): number | null => (ms === null ? null : (ms - NOW) / MINUTE);
  return Object.fromEntries(
    forecast(given, horizonMs, maxEntries).entries.map((entry) => [
      entry.trialId,
      [toMinutes(entry.startAtMs), toMinutes(entry.endAtMs)],
    ]),
  );
}

describe('forecast', () => {
  it('chains trials over the expected ends', () => {
    const given = input({
      slots: slots(2),
      active: [running(1, [0], 60), running(2, [1], 20)],
      queued: [lasting(3, 30), lasting(4, 30), lasting(5, 10, { slots: 2 })],
    });
    expect(times(given)).toEqual({ 3: [20, 50], 4: [50, 80], 5: [80, 90] });
    const { entries, clearAtMs } = forecast(given, DAY, 300);
    expect(entries.map((entry) => entry.slots)).toEqual([['gpu-1'], ['gpu-1'], ['gpu-0', 'gpu-1']]);
    expect(clearAtMs).toEqual({ [POOL]: NOW + 90 * MINUTE });
  });

  it('moves only when something happens, not because it is asked later', () => {
    const at = (minutes: number): PlanInput => ({
      ...input({
        slots: slots(2),
        active: [running(1, [0], 60 - minutes), running(2, [1], 20 - minutes), running(9, [], null, { slots: 0 })],
        queued: [lasting(3, 30), lasting(4, 30), lasting(5, 10, { slots: 2 })],
      }),
      nowMs: NOW + minutes * MINUTE,
    });
    const first = times(at(0));
    for (const minutes of [1, 5, 19, 19.9]) expect(times(at(minutes))).toEqual(first);
  });

  it('starts who waits for others once the last of them has ended', () => {
    const after = (...awaits: number[]): Pick<PlanTrial, 'held'> => ({
      held: { code: 'after', text: 'waits', awaits },
    });
    const given = input({
      slots: slots(3),
      active: [running(1, [0], 60)],
      queued: [lasting(2, 30), lasting(3, 10, after(1, 2)), lasting(4, 5, after(2)), lasting(5, 5, after(9))],
    });
    expect(times(given)).toEqual({ 2: [0, 30], 3: [60, 70], 4: [30, 35], 5: [null, null] });
    // One that is being stopped does not run to its end; nor does one that nobody can wait for.
    const stopping = { ...given, active: [running(1, [0], 1, { state: 'releasing' })] };
    expect(times(stopping)[3]).toEqual([null, null]);
    expect(times(input({ slots: slots(1), queued: [lasting(3, 10, after())] }))).toEqual({ 3: [null, null] });
  });

  it('leaves open what is not known', () => {
    const given = input({
      slots: slots(2),
      active: [running(1, [0], null), running(2, [1], 20)],
      queued: [lasting(3, null), lasting(4, 10), lasting(5, 10, { slots: 2 })],
    });
    expect(times(given)).toEqual({ 3: [20, null], 4: [null, null], 5: [null, null] });
    expect(forecast(given, DAY, 300).clearAtMs[POOL]).toBeNull();
  });

  it('starts nothing in a paused pool and waits for a closed one to open', () => {
    const waiting = [lasting(3, 30)];
    expect(times(input({ pools: [pool({}, { state: 'paused' })], slots: slots(1), queued: waiting }))).toEqual({
      3: [null, null],
    });
    const closed = input({
      pools: [pool({}, { closedReason: 'opens at 20:00', opensAtMs: NOW + 45 * MINUTE })],
      slots: slots(1),
      active: [running(1, [0], 10)],
      queued: waiting,
    });
    expect(times(closed)).toEqual({ 3: [45, 75] });
    expect(times(input({ pools: [pool({}, { closedReason: 'closed' })], slots: slots(1), queued: waiting }))).toEqual({
      3: [null, null],
    });
  });

  it('starts nothing while a pool with hours is closed, on any day, and lets what runs run on', () => {
    const at = (text: string): number => new Date(text).getTime();
    const night = { from: '20:00', to: '08:00' };
    const now = at('2024-05-01T07:00:00');
    const given: PlanInput = {
      ...input({
        pools: [pool({}, { hours: night, closesAtMs: at('2024-05-01T08:00:00') })],
        slots: slots(1),
        active: [running(1, [0], 30)],
        queued: [lasting(2, 45), lasting(3, 700), lasting(4, 30), lasting(5, 10)],
      }),
      nowMs: now,
    };
    const starts = forecast(given, 7 * DAY, 300).entries.map(({ startAtMs }) => startAtMs);
    // #2 runs on after closing; #3 fills the night; #4 goes with the rest of it, #5 after it.
    expect(starts).toEqual(
      ['2024-05-01T07:30:00', '2024-05-01T20:00:00', '2024-05-02T07:40:00', '2024-05-02T20:00:00'].map(at),
    );
  });

  it('counts memory of shares back in when they end', () => {
    const given = input({
      slots: [slot(0, { shareableMiB: 4 * GIB })],
      active: [running(1, [0], 10, { shareMiB: 10 * GIB }), running(2, [0], 20, { shareMiB: 10 * GIB })],
      queued: [lasting(3, 5, { shareMiB: 12 * GIB }), lasting(4, 5), lasting(5, 5, { shareMiB: 4 * GIB })],
    });
    expect(times(given)).toEqual({ 3: [10, 15], 4: [20, 25], 5: [0, 5] });
  });

  it('looks no further than asked', () => {
    const given = input({ slots: slots(1), queued: Array.from({ length: 9 }, (_, index) => lasting(index + 1, 10)) });
    expect(Object.keys(times(given, 4))).toHaveLength(4);
    expect(forecast(given, DAY, 4).clearAtMs[POOL]).toBeNull();
    expect(Object.values(times(given, 300, 35 * MINUTE)).filter(([start]) => start !== null)).toHaveLength(4);
  });

  it('follows a preemption and the return of the victim', () => {
    const given = input({
      pools: [pool({ preemption: true })],
      slots: slots(1),
      active: [running(1, [0], 60, { priority: 90 })],
      queued: [lasting(2, 10, { priority: 1 }), lasting(3, 5, { priority: 99 })],
    });
    const seen = times(given);
    expect(seen[2]?.[0]).toBeLessThan(1);
    expect(seen[3]?.[0]).toBeGreaterThan(69);
  });

  it('is clear now where there is nothing to do', () => {
    expect(forecast(input({ slots: slots(1) }), DAY, 300)).toEqual({ entries: [], clearAtMs: { [POOL]: NOW } });
  });

  it('never puts two on one slot at a time, and ends', () => {
    fc.assert(
      fc.property(yards(), (given) => {
        const { entries } = forecast(given, 7 * DAY, 300);
        expect(entries.map((entry) => entry.trialId).toSorted()).toEqual(
          given.queued.map((trial) => trial.id).toSorted(),
        );
        const exclusive = entries.filter(
          (entry) =>
            entry.slots.length > 0 && given.queued.find((trial) => trial.id === entry.trialId)?.shareMiB === null,
        );
        for (const a of exclusive) {
          for (const b of exclusive) {
            if (a === b || !a.slots.some((id) => b.slots.includes(id))) continue;
            // A run of no length at all is given one instant.
            const [first, second] = (a.startAtMs ?? 0) <= (b.startAtMs ?? 0) ? [a, b] : [b, a];
            if (given.pools[0]?.settings.preemption === true || given.pools[0]?.settings.policy === 'fair_share')
              continue;
            expect(first.endAtMs ?? Infinity).toBeLessThanOrEqual(second.startAtMs ?? 0);
          }
        }
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});
