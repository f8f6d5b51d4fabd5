/** What must hold for every yard: no slot given twice, nothing over a limit, minimal victims, no exception, same answer twice. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forecast } from '../../../../electron/scheduler/forecast/forecast.ts';
import { plan } from '../../../../electron/scheduler/plan/plan.ts';
import type { PlanInput, PlanTrial } from '../../../../electron/scheduler/plan/model.ts';
import { active, GIB, input, pool, queued, slot, slots } from './build.ts';
import { violations, withShares, yards } from './world.ts';

/** The same cases every time, so that a red run means a change; PROPERTY_RUNS and PROPERTY_SEED go looking for more. */
const RUNS = { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 400), seed: Number(process.env['PROPERTY_SEED'] ?? 1) };

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const part of Object.values(Object.freeze(value))) freeze(part);
  return value;
}

describe('every plan', () => {
  it('keeps to slots, memory, caps and limits', () => {
    fc.assert(
      fc.property(yards(), (given) => {
        expect(violations(given, plan(given))).toEqual([]);
      }),
      RUNS,
    );
  });

  it('is the same for the same input, which it leaves as it was', () => {
    fc.assert(
      fc.property(yards(), (given) => {
        const copy = structuredClone(given);
        expect(plan(freeze(given))).toEqual(plan(copy));
      }),
      RUNS,
    );
  });

  it('does not depend on the order in which the trials are handed in', () => {
    fc.assert(
      fc.property(yards(), (given) => {
        const ranked = { ...given, queued: given.queued.map((trial, index) => ({ ...trial, rank: index })) };
        const shuffled = { ...ranked, queued: ranked.queued.toReversed(), active: ranked.active.toReversed() };
        expect(plan(shuffled).start).toEqual(plan(ranked).start);
      }),
      RUNS,
    );
  });

  it.each(['paused', 'draining'] as const)('starts and stops nothing in a pool that is %s', (state) => {
    fc.assert(
      fc.property(yards({ state }), (given) => {
        expect(plan(given)).toMatchObject({ start: [], preempt: [] });
      }),
      { ...RUNS, numRuns: 50 },
    );
  });

  it('starts the first in line wherever it would start alone', () => {
    fc.assert(
      fc.property(yards({ settings: { policy: 'priority' } }), (given) => {
        const line = given.queued
          .toSorted((a, b) => a.priority - b.priority)
          .map((trial, index) => ({ ...trial, rank: index }));
        fc.pre(line.length > 0);
        const alone = plan({ ...given, queued: line.slice(0, 1) });
        expect(plan({ ...given, queued: line }).start.slice(0, alone.start.length)).toEqual(alone.start);
      }),
      RUNS,
    );
  });
});

describe('preemption', () => {
  const settings = { policy: 'priority', preemption: true } as const;
  const alone = fc.oneof(yards({ settings, plain: true }), yards({ settings })).map((given) => ({
    ...given,
    queued: given.queued.slice(0, 1).map((trial) => ({ ...trial, priority: Math.min(trial.priority, 42) })),
  }));
  const without = (given: PlanInput, gone: ReadonlySet<unknown>): PlanInput => {
    const left = given.active.filter((trial) => !gone.has(trial.id));
    return { ...given, active: left, slots: withShares(given.slots, left) };
  };

  it('stops only trials behind, and removing any victim makes it not fit', () => {
    let seen = 0;
    fc.assert(
      fc.property(alone, (given) => {
        const { preempt } = plan(given);
        if (preempt.length === 0) return;
        seen++;
        const [trial] = given.queued as [PlanTrial];
        const releasing = new Set(given.active.filter(({ state }) => state === 'releasing').map(({ id }) => id));
        const victims = preempt.map(({ id }) => id);
        for (const id of victims) {
          const victim = given.active.find((each) => each.id === id) as PlanTrial;
          expect(
            victim.priority > trial.priority ||
              (victim.priority === trial.priority && (victim.rank as number) > (trial.rank as number)),
          ).toBe(true);
        }
        expect(plan(without(given, new Set([...releasing, ...victims]))).start).toHaveLength(1);
        for (const spared of victims) {
          const fewer = new Set([...releasing, ...victims.filter((id) => id !== spared)]);
          expect(
            plan({ ...without(given, fewer), pools: [pool({ ...given.pools[0]?.settings, preemption: false })] }).start,
          ).toEqual([]);
        }
      }),
      { ...RUNS, numRuns: 3 * RUNS.numRuns },
    );
    expect(seen).toBeGreaterThan(RUNS.numRuns / 20);
  });

  it('asks nobody else in the next pass, while the releases of this one are in flight', () => {
    const busy = fc.oneof(yards({ settings, plain: true }), yards({ settings }));
    fc.assert(
      fc.property(busy, (any) => {
        // With ranks known, as the engine has them, who stands ahead may ask whomever one behind may.
        const ranked = (trial: PlanTrial): PlanTrial => ({ ...trial, rank: trial.rank ?? 5 });
        const given = { ...any, queued: any.queued.map(ranked), active: any.active.map(ranked) };
        const once = plan(given);
        const asked = new Set(once.preempt.map(({ id }) => id));
        const begun = once.start.map(({ id, slots: lease }) => ({
          ...(given.queued.find((trial) => trial.id === id) as PlanTrial),
          state: 'active' as const,
          lease,
        }));
        const actives = [
          ...given.active.map((trial) => (asked.has(trial.id) ? { ...trial, state: 'releasing' as const } : trial)),
          ...begun,
        ];
        const next = {
          ...given,
          active: actives,
          queued: given.queued.filter(({ id }) => !begun.some((trial) => trial.id === id)),
          slots: withShares(given.slots, actives),
        };
        expect(plan(next).preempt).toEqual([]);
      }),
      RUNS,
    );
  });

  it('comes to rest: no two trials take turns stopping each other', () => {
    const busy = fc.oneof(
      yards({ settings: { preemption: true }, plain: true }),
      yards({ settings: { preemption: true } }),
    );
    fc.assert(
      fc.property(busy, (any) => {
        const ranked = (trial: PlanTrial): PlanTrial => ({
          ...trial,
          rank: trial.rank ?? 5,
          state: trial.state === 'queued' ? 'queued' : 'active',
        });
        let given: PlanInput = { ...any, queued: any.queued.map(ranked), active: any.active.map(ranked) };
        for (let pass = 0; pass < 25; pass++) {
          const { start, preempt } = plan(given);
          if (start.length + preempt.length === 0) return;
          const leases = new Map(start.map(({ id, slots: lease }) => [id, lease]));
          const asked = new Set(preempt.map(({ id }) => id));
          const begun = given.queued.flatMap((trial) =>
            leases.has(trial.id) ? [{ ...trial, state: 'active' as const, lease: leases.get(trial.id) ?? [] }] : [],
          );
          const stopped = given.active.flatMap((trial) =>
            asked.has(trial.id) ? [{ ...trial, state: 'queued' as const, lease: [] }] : [],
          );
          const actives = [...given.active.filter(({ id }) => !asked.has(id)), ...begun];
          given = {
            ...given,
            active: actives,
            queued: [...given.queued.filter(({ id }) => !leases.has(id)), ...stopped],
            slots: withShares(given.slots, actives),
          };
        }
        expect.fail('still starting and stopping after 25 passes');
      }),
      RUNS,
    );
  });

  it('stops nobody where a release in flight is enough', () => {
    fc.assert(
      fc.property(alone, (given) => {
        const once = plan(given);
        const asked = new Set(once.preempt.map(({ id }) => id));
        const later = {
          ...given,
          active: given.active.map((trial) =>
            asked.has(trial.id) ? { ...trial, state: 'releasing' as const } : trial,
          ),
        };
        expect(plan(later).preempt).toEqual([]);
      }),
      RUNS,
    );
  });
});

describe('a reservation', () => {
  /** All durations are known and true; trials arrive while others run. The oracle: when would the head start if nothing else ever did? */
  interface Run {
    readonly trial: PlanTrial;
    readonly endsAtMs: number;
  }

  const at = (given: PlanInput, running: readonly Run[], line: readonly PlanTrial[], nowMs: number): PlanInput => {
    const actives = running.map(({ trial, endsAtMs }) => ({ ...trial, remainingMs: endsAtMs - nowMs }));
    return { ...given, nowMs, queued: line, active: actives, slots: withShares(given.slots, actives) };
  };

  function promise(given: PlanInput, running: readonly Run[], head: PlanTrial, nowMs: number): number | null {
    for (const atMs of [nowMs, ...running.map(({ endsAtMs }) => endsAtMs).toSorted((a, b) => a - b)]) {
      const left = running.filter(({ endsAtMs }) => endsAtMs > atMs);
      if (plan(at(given, left, [head], atMs)).start.length > 0) return atMs;
    }
    return null;
  }

  function run(
    given: PlanInput,
    arrivals: readonly { readonly trial: PlanTrial; readonly atMs: number }[],
  ): { readonly late: string[]; readonly waited: number } {
    const late: string[] = [];
    let waited = 0;
    const due = new Map<unknown, number>();
    let line = [...given.queued];
    let running: Run[] = given.active.map((trial) => ({ trial, endsAtMs: given.nowMs + (trial.remainingMs ?? 0) }));
    const times = new Set([given.nowMs, ...arrivals.map(({ atMs }) => atMs)]);
    for (let nowMs = given.nowMs; ;) {
      const present = nowMs;
      running = running.filter(({ endsAtMs }) => endsAtMs > present);
      line.push(...arrivals.filter(({ atMs }) => atMs === present).map(({ trial }) => trial));
      const head = line[0];
      const held = running.reduce(
        (sum, { trial }) => sum + (trial.experimentId === head?.experimentId ? trial.slots : 0),
        0,
      );
      // A trial that waits for the cap of its own experiment is promised nothing.
      if (head !== undefined && !due.has(head.id) && held + head.slots <= (head.maxSlots ?? Infinity)) {
        const promised = promise(given, running, head, present);
        if (promised !== null) due.set(head.id, promised);
        if (promised !== null && promised > present) waited++;
      }
      for (const { id, slots: lease } of plan(at(given, running, line, present)).start) {
        const trial = line.find((each) => each.id === id) as PlanTrial;
        if (present > (due.get(id) ?? Infinity)) late.push(`#${String(id)} at ${present}, promised ${due.get(id)}`);
        const endsAtMs = present + (trial.remainingMs ?? 0);
        running.push({ trial: { ...trial, state: 'active', lease }, endsAtMs });
        times.add(endsAtMs);
        line = line.filter((each) => each.id !== id);
      }
      for (const { endsAtMs } of running) times.add(endsAtMs);
      const next = [...times].filter((time) => time > present).toSorted((a, b) => a - b)[0];
      if (next === undefined) break;
      nowMs = next;
    }
    for (const trial of line)
      if (due.has(trial.id)) late.push(`#${String(trial.id)} never started, promised ${due.get(trial.id)}`);
    return { late, waited };
  }

  it('is kept: the head of the queue starts no later than it would with nobody behind it', () => {
    const settings = { policy: 'priority', backfill: 'reserve', preemption: false } as const;
    const yard = fc.oneof(yards({ settings, plain: true }), yards({ settings }));
    let waits = 0;
    const durations = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(yard, durations, fc.integer({ min: 0, max: 800 }), (given, lengths, gapMs) => {
        const timed = <T extends PlanTrial>(trial: T, index: number): T => ({
          ...trial,
          state: trial.state === 'releasing' ? 'active' : trial.state,
          priority: 42,
          rank: null,
          remainingMs: lengths[index % lengths.length] as number,
        });
        const line = given.queued.map(timed);
        const present = line.slice(0, 4);
        const arrivals = line.slice(4).map((trial, index) => ({ trial, atMs: given.nowMs + 1 + gapMs * index }));
        const { late, waited } = run(
          { ...given, active: given.active.map((trial, index) => timed(trial, index + 9)), queued: present },
          arrivals,
        );
        waits += waited;
        expect(late).toEqual([]);
      }),
      RUNS,
    );
    expect(waits).toBeGreaterThan(RUNS.numRuns / 4);
  });
});

describe('no input throws', () => {
  const garbage = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withNullPrototype: true,
    withSparseArray: true,
  });

  it('whatever it is', () => {
    fc.assert(
      fc.property(garbage, (given) => {
        plan(given as PlanInput);
        forecast(given as PlanInput, 1000, 10);
      }),
      RUNS,
    );
  });

  it('nor in any of its fields', () => {
    const bent = <T extends object>(value: T): fc.Arbitrary<T> =>
      fc
        .dictionary(
          fc.constantFrom(...Object.keys(value), 'other'),
          fc.oneof(
            garbage,
            fc.constantFrom(Number.NaN, Infinity, -1, 0.5, 'gpu-0', 'yard', ['gpu-0', 'gpu-0', 'gpu-9']),
          ),
          { maxKeys: 3 },
        )
        .map((change) => ({ ...value, ...change }));
    const worlds = fc.record({
      nowMs: fc.constantFrom(0, Number.NaN),
      pools: fc.array(
        bent(pool({ preemption: true })).chain((each) =>
          typeof each.settings === 'object' && each.settings !== null
            ? bent(each.settings).map((settings) => ({ ...each, settings }))
            : fc.constant(each),
        ),
        { maxLength: 3 },
      ),
      slots: fc.array(bent(slot(0)), { maxLength: 4 }),
      queued: fc.array(fc.oneof(bent(queued(1)), bent(queued(2, { shareMiB: GIB }))), { maxLength: 6 }),
      active: fc.array(fc.oneof(bent(active(3, [0])), bent(active(4, [0], { shareMiB: GIB, state: 'releasing' }))), {
        maxLength: 4,
      }),
    });
    fc.assert(
      fc.property(worlds, (given) => {
        plan(given as PlanInput);
        forecast(given as PlanInput, 1_000_000, 10);
      }),
      { ...RUNS, numRuns: 3 * RUNS.numRuns },
    );
  });

  it('starts a trial once however often it is listed', () => {
    const twice = queued(1);
    expect(plan(input({ slots: slots(2), queued: [twice, twice] })).start).toHaveLength(1);
    expect(plan(input({ slots: slots(2), active: [active(1, [0])], queued: [twice] })).start).toEqual([]);
  });
});
