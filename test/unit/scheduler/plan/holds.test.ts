/** A trial that is held back for a moment, after a failure, keeps what it needs. */
import { describe, expect, it } from 'vitest';
import { forecast } from '../../../../electron/scheduler/forecast/forecast.ts';
import { plan } from '../../../../electron/scheduler/plan/plan.ts';
import type { Hold, PlanInput, PlanTrial } from '../../../../electron/scheduler/plan/model.ts';
import { active, input, MINUTE, pool, queued, slots } from './build.ts';

const NOW = 1_000_000;
const short: Hold = { code: 'held', text: 'tried again in 1 s', untilMs: NOW + 1000 };
const long: Hold = { code: 'held', text: 'tried again in 5 min', untilMs: NOW + 5 * MINUTE };
const startsOf = (given: PlanInput): unknown[] => plan(given).start.map(({ id }) => id);

describe.each([
  ['priority, reserve', pool()],
  ['priority, greedy', pool({ backfill: 'greedy' })],
  ['fair share', pool({ policy: 'fair_share' })],
])('%s: a short hold', (_, yard) => {
  const restarting = (hold: Hold | null, change: Partial<PlanTrial> = {}): PlanTrial =>
    queued(1, { slots: 2, held: hold, keepsClaim: hold !== long, ...change });

  it('keeps the GPUs against those behind, a long one does not', () => {
    const behind = [queued(2), queued(3)];
    const given = (hold: Hold | null): PlanInput =>
      input({ pools: [yard], slots: slots(2), queued: [restarting(hold), ...behind] });
    expect(startsOf(given(short))).toEqual([]);
    expect(startsOf(given(long))).toEqual([2, 3]);
    expect(plan(given(short)).waiting[0]?.reason).toEqual({ code: 'held', text: 'tried again in 1 s', blockers: [] });
    // What it does not need is free for others.
    expect(startsOf({ ...given(short), slots: slots(3) })).toEqual([2]);
  });

  it('keeps a place without a GPU, too', () => {
    const given = input({
      pools: [{ ...yard, settings: { ...yard.settings, maxCpuTrials: 1 } }],
      queued: [restarting(short, { slots: 0 }), queued(2, { slots: 0 })],
    });
    expect(startsOf(given)).toEqual([]);
  });

  it('waits for what is coming free', () => {
    const leaving = active(9, [0], { state: 'releasing' });
    const given = input({ pools: [yard], slots: slots(2), active: [leaving], queued: [restarting(short), queued(2)] });
    expect(startsOf(given)).toEqual([]);
  });

  it('ends in the forecast when it ends', () => {
    const lasting = { remainingMs: MINUTE };
    const given = input({
      pools: [yard],
      slots: slots(2),
      queued: [restarting(short, lasting), queued(2, lasting)],
    });
    expect(forecast(given, 60 * MINUTE, 10).entries.map(({ startAtMs }) => startAtMs)).toEqual([
      NOW + 1000,
      NOW + 1000 + MINUTE,
    ]);
    expect(forecast({ ...given, queued: [restarting(long)] }, 60 * MINUTE, 10).entries[0]?.startAtMs).toBe(
      NOW + 5 * MINUTE,
    );
  });
});

it('a hold does not push back the reservation of who stands ahead', () => {
  const given = input({
    slots: slots(2),
    active: [active(9, [0], { remainingMs: 10 * MINUTE })],
    queued: [queued(1, { slots: 2 }), queued(2, { held: short, keepsClaim: true }), queued(3, { remainingMs: MINUTE })],
  });
  expect(startsOf(given)).toEqual([3]);
});

describe('GPUs that cannot be read', () => {
  const problem = 'nvidia-smi: the driver is not loaded';
  it('hold who needs one, and not who does not', () => {
    const given = input({ slotsProblem: problem, queued: [queued(1), queued(2, { slots: 0 })] });
    expect(startsOf(given)).toEqual([2]);
    expect(plan(given).waiting[0]?.reason).toMatchObject({
      code: 'gpu_unknown',
      text: `needs 1 GPU, and the GPUs of this machine cannot be read: ${problem}`,
    });
    expect(plan({ ...given, slotsProblem: null }).waiting[0]?.reason.code).toBe('impossible');
    // Of those that are known, what is there and what is not is certain.
    expect(startsOf({ ...given, slots: slots(1) })).toEqual([1, 2]);
  });
});
