/**
 * Nobody starves: a trial that fits starts in bounded time, whatever stream of others comes, under every policy that
 * promises it. `greedy` does not by design: inside a priority whatever fits starts, whoever waits ahead of it.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFairLedger } from '../../../../electron/scheduler/plan/fair-ledger.ts';
import { plan } from '../../../../electron/scheduler/plan/plan.ts';
import type { PlanInput, PlanPool, PlanTrial } from '../../../../electron/scheduler/plan/model.ts';
import { active, input, MINUTE, pool, queued, slots } from './build.ts';

const HOUR = 60 * MINUTE;
const STOPPING_MS = 10_000;

interface Sweep {
  readonly slots: number;
  readonly minutes: readonly number[];
  /** Whether its run times are known beforehand. */
  readonly known: boolean;
}

interface Stream {
  readonly gpus: number;
  readonly sweeps: readonly Sweep[];
  readonly big: number;
}

const streams: fc.Arbitrary<Stream> = fc.integer({ min: 2, max: 5 }).chain((gpus) =>
  fc.record({
    gpus: fc.constant(gpus),
    big: fc.integer({ min: 1, max: gpus }),
    sweeps: fc.array(
      fc.record({
        slots: fc.integer({ min: 1, max: Math.max(1, gpus - 1) }),
        minutes: fc.array(fc.integer({ min: 5, max: 120 }), { minLength: 1, maxLength: 5 }),
        known: fc.boolean(),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  }),
);

/**
 * Every sweep has always some trials waiting; the big one comes among them.
 * @returns when the big one starts, hours; null = not within `mostHours`
 */
function hoursToStart(stream: Stream, settings: Partial<PlanPool['settings']>, mostHours: number): number | null {
  const BIG = 5;
  let nowMs = 0;
  let nextId = 100;
  const ledger = createFairLedger();
  const line: PlanTrial[] = [];
  let running: { trial: PlanTrial; endsAtMs: number; again: boolean }[] = [];
  const lengthMs = new Map<unknown, number>();
  const refill = (): void => {
    stream.sweeps.forEach((sweep, number) => {
      while (line.filter(({ experimentId }) => experimentId === number).length < 4) {
        const id = nextId++;
        const length = (sweep.minutes[id % sweep.minutes.length] as number) * MINUTE;
        lengthMs.set(id, length);
        const remainingMs = sweep.known ? length : null;
        line.push(queued(id, { slots: sweep.slots, experimentId: number, rank: id, remainingMs }));
      }
    });
  };
  refill();
  line.push(queued(BIG, { slots: stream.big, experimentId: 99, rank: nextId++, submitOrder: nextId }));
  while (nowMs <= mostHours * HOUR) {
    const ended = running.filter(({ endsAtMs }) => endsAtMs <= nowMs);
    running = running.filter(({ endsAtMs }) => endsAtMs > nowMs);
    for (const { trial, again } of ended) if (again) line.push({ ...trial, state: 'queued', lease: [] });
    refill();
    const output = plan(
      input({
        nowMs,
        pools: [pool(settings)],
        slots: slots(stream.gpus),
        queued: [...line],
        active: running.map(({ trial, endsAtMs }) => ({
          ...trial,
          remainingMs: trial.remainingMs === null ? null : endsAtMs - nowMs,
        })),
        credits: ledger.at(nowMs),
      }),
    );
    ledger.note(output.shares, nowMs);
    for (const { id } of output.preempt) {
      const found = running.find(({ trial }) => trial.id === id);
      if (found === undefined) throw new Error(`#${String(id)} does not run`);
      Object.assign(found, {
        trial: { ...found.trial, state: 'releasing' },
        endsAtMs: Math.min(found.endsAtMs, nowMs + STOPPING_MS),
        again: found.endsAtMs > nowMs + STOPPING_MS,
      });
    }
    for (const { id, slots: lease } of output.start) {
      if (id === BIG) return nowMs / HOUR;
      const at = line.findIndex((trial) => trial.id === id);
      const [trial] = line.splice(at, 1) as [PlanTrial];
      running.push({
        trial: { ...trial, state: 'active', lease },
        endsAtMs: nowMs + (lengthMs.get(id) as number),
        again: false,
      });
    }
    nowMs = Math.min(nowMs + MINUTE, ...running.map(({ endsAtMs }) => endsAtMs));
  }
  return null;
}

const RUNS = { numRuns: Number(process.env['BOUNDED_RUNS'] ?? 40), seed: 7 };

describe.each<[string, Partial<PlanPool['settings']>]>([
  ['priority, reserve', {}],
  ['priority, reserve, preemption', { preemption: true }],
  ['fair share', { policy: 'fair_share' }],
  ['fair share, preemption', { policy: 'fair_share', preemption: true }],
  ['fair share, greedy', { policy: 'fair_share', backfill: 'greedy' }],
])('%s', (_, settings) => {
  it('starts every trial that fits within a day, whatever stream of others there is', () => {
    fc.assert(
      fc.property(streams, (stream) => {
        expect(hoursToStart(stream, settings, 24)).not.toBeNull();
      }),
      RUNS,
    );
  }, 60_000);
});

it('a 3-GPU trial against one sweep of 1-GPU trials on 4 GPUs starts within hours under fair share', () => {
  const stream = { gpus: 4, big: 3, sweeps: [{ slots: 1, minutes: [60, 75, 90], known: false }] };
  expect(hoursToStart(stream, { policy: 'fair_share' }, 6)).not.toBeNull();
});

it('a big trial is not passed for ever by the small ones of its own experiment', () => {
  const small = (id: number): PlanTrial => queued(id, { experimentId: 1, rank: id });
  const given = (credits?: ReadonlyMap<number, number>): PlanInput =>
    input({
      pools: [pool({ policy: 'fair_share' })],
      slots: slots(4),
      active: [active(1, [0], { experimentId: 1 }), active(2, [1], { experimentId: 1 })],
      queued: [queued(3, { experimentId: 1, slots: 3, rank: 3 }), small(4), small(5)],
      ...(credits === undefined ? {} : { credits }),
    });
  expect(plan(given(new Map([[1, 0]]))).start).toEqual([]);
  // Where nobody keeps count, shares are of the moment only, as in Determined.
  expect(plan(given()).start.map(({ id }) => id)).toEqual([4]);
});

it('greedy promises no start inside a priority, and says so in its own words', () => {
  const stream = { gpus: 4, big: 4, sweeps: [{ slots: 1, minutes: [50, 60, 70], known: true }] };
  expect(hoursToStart(stream, { backfill: 'greedy' }, 200)).toBeNull();
});

describe('what is owed', () => {
  it('is paid back: a big experiment gets its share over time, not more', () => {
    // Two experiments of equal weight on 4 GPUs: one of 3-GPU trials, one of 1-GPU trials, both without end.
    const ledger = createFairLedger();
    const usedMs = [0, 0];
    let running: { trial: PlanTrial; endsAtMs: number }[] = [];
    let id = 0;
    for (let nowMs = 0; nowMs < 400 * HOUR; nowMs += 5 * MINUTE) {
      running = running.filter(({ endsAtMs }) => endsAtMs > nowMs);
      const line = [1, 1, 1, 1, 3, 3].map((count) =>
        queued(++id, { slots: count, experimentId: count === 3 ? 1 : 0, rank: id }),
      );
      const active = running.map(({ trial }) => trial);
      const output = plan(
        input({
          nowMs,
          pools: [pool({ policy: 'fair_share' })],
          slots: slots(4),
          queued: line,
          active,
          credits: ledger.at(nowMs),
        }),
      );
      ledger.note(output.shares, nowMs);
      for (const start of output.start) {
        const trial = line.find((each) => each.id === start.id) as PlanTrial;
        running.push({ trial: { ...trial, state: 'active', lease: start.slots }, endsAtMs: nowMs + HOUR });
      }
      for (const { trial } of running) {
        const kind = trial.slots === 3 ? 1 : 0;
        usedMs[kind] = (usedMs[kind] as number) + trial.slots * 5 * MINUTE;
      }
    }
    const [small, big] = usedMs as [number, number];
    expect(big / (big + small)).toBeGreaterThan(0.4);
    expect(big / (big + small)).toBeLessThan(0.6);
  });
});
