import { describe, expect, it } from 'vitest';
import { plan } from '../../../../electron/scheduler/plan/plan.ts';
import type { PlanInput, PlanOutput } from '../../../../electron/scheduler/plan/model.ts';
import { active, GIB, input, MINUTE, pool, queued, slot, slots } from './build.ts';

const started = (output: PlanOutput): unknown[] => output.start.map(({ id }) => id);
const stopped = (output: PlanOutput): unknown[] => output.preempt.map(({ id }) => id);
const slotsOf = (output: PlanOutput, id: number): readonly string[] =>
  output.start.find((start) => start.id === id)?.slots ?? [];
const reasonOf = (given: PlanInput, id: number): { code: string; text: string } | undefined =>
  plan(given).waiting.find((entry) => entry.id === id)?.reason;

describe('order', () => {
  it('goes by priority, then rank, then submission', () => {
    const given = input({
      slots: slots(3),
      queued: [
        queued(1, { priority: 50 }),
        queued(2, { rank: 2 }),
        queued(3, { rank: 1 }),
        queued(4, { rank: null, priority: 1 }),
      ],
    });
    expect(started(plan(given))).toEqual([4, 3, 2]);
  });

  it('compares text ranks as text and ignores a rank that only one has', () => {
    const given = input({
      slots: slots(1),
      queued: [queued(1, { rank: 'b' }), queued(2, { rank: 'a' }), queued(3, { rank: null, submitOrder: 0 })],
    });
    expect(started(plan(given))).toHaveLength(1);
    expect(
      started(plan(input({ slots: slots(1), queued: [queued(1, { rank: 'b' }), queued(2, { rank: 'a' })] }))),
    ).toEqual([2]);
  });
});

describe('placement', () => {
  it('takes the tightest card that suffices', () => {
    const cards = [slot(0, { usableMiB: 80 * GIB, totalMiB: 80 * GIB }), slot(1), slot(2, { usableMiB: 12 * GIB })];
    const output = plan(
      input({
        slots: cards,
        queued: [queued(1, { minFreeMiB: 20 * GIB }), queued(2), queued(3, { minFreeMiB: 40 * GIB })],
      }),
    );
    expect([slotsOf(output, 1), slotsOf(output, 2), slotsOf(output, 3)]).toEqual([['gpu-1'], ['gpu-2'], ['gpu-0']]);
  });

  it('gives a gang all its slots or none, never a blocked one', () => {
    const cards = [
      slot(0),
      slot(1, { blocked: { code: 'foreign', text: '11 GiB used by jupyter (pid 4312)' } }),
      slot(2),
    ];
    expect(slotsOf(plan(input({ slots: cards, queued: [queued(1, { slots: 2 })] })), 1)).toEqual(['gpu-0', 'gpu-2']);
    expect(started(plan(input({ slots: cards, queued: [queued(1, { slots: 3 })] })))).toEqual([]);
  });

  it.each([
    ['*4090', 1],
    ['rtx 4090', 1],
    ['*A100*', 0],
    ['NVIDIA*RTX ????', 1],
    ['4090?', 0],
  ])('name pattern %s', (gpuName, count) => {
    expect(started(plan(input({ slots: slots(1), queued: [queued(1, { gpuName })] })))).toHaveLength(count);
  });

  it('packs shares on a card that is shared already and keeps them off exclusive ones', () => {
    const given = input({
      slots: [slot(0), slot(1, { shareableMiB: 16 * GIB }), slot(2)],
      active: [active(1, [1], { shareMiB: 8 * GIB }), active(2, [0])],
      queued: [
        queued(3, { shareMiB: 8 * GIB }),
        queued(4, { shareMiB: 8 * GIB }),
        queued(5, { shareMiB: 8 * GIB }),
        queued(6),
      ],
    });
    const output = plan(given);
    expect([slotsOf(output, 3), slotsOf(output, 4), slotsOf(output, 5)]).toEqual([['gpu-1'], ['gpu-1'], ['gpu-2']]);
    expect(started(output)).not.toContain(6);
  });

  it('places by count where memory is unknown, one share at a time', () => {
    const unknown = { totalMiB: null, usableMiB: null, shareableMiB: null };
    const output = plan(
      input({
        slots: [slot(0, unknown)],
        queued: [queued(1, { shareMiB: 4 * GIB }), queued(2, { shareMiB: 4 * GIB })],
      }),
    );
    expect(started(output)).toEqual([1]);
    expect(started(plan(input({ slots: [slot(0, unknown)], queued: [queued(1, { minFreeMiB: 40 * GIB })] })))).toEqual([
      1,
    ]);
  });

  it('does not give away a slot while its trial is being stopped', () => {
    expect(
      started(plan(input({ slots: slots(1), active: [active(1, [0], { state: 'releasing' })], queued: [queued(2)] }))),
    ).toEqual([]);
  });

  it('respects a lease of a trial that belongs to another pool', () => {
    const given = input({
      pools: [pool(), pool({ preemption: true }, { id: 'other' })],
      slots: slots(1),
      active: [active(1, [0], { poolId: 'other', priority: 99 })],
      queued: [queued(2, { priority: 1 })],
    });
    expect([started(plan(given)), stopped(plan(given))]).toEqual([[], []]);
  });
});

describe('trials without slots', () => {
  it('pass a stuck GPU queue and the other way round', () => {
    const stuckGpu = input({ slots: slots(1), active: [active(1, [0])], queued: [queued(2), queued(3, { slots: 0 })] });
    expect(started(plan(stuckGpu))).toEqual([3]);
    const stuckCpu = input({
      pools: [pool({ maxCpuTrials: 1 })],
      slots: slots(1),
      active: [active(1, [], { slots: 0 })],
      queued: [queued(2, { slots: 0 }), queued(3)],
    });
    expect(started(plan(stuckCpu))).toEqual([3]);
    expect(reasonOf(stuckCpu, 2)?.code).toBe('cpu_limit');
  });

  it('share the limit on running trials in queue order', () => {
    const given = input({
      pools: [pool({ maxRunning: 2 })],
      slots: slots(4),
      active: [active(1, [0])],
      queued: [queued(2, { slots: 0 }), queued(3)],
    });
    expect(started(plan(given))).toEqual([2]);
    expect(reasonOf(given, 3)?.code).toBe('pool_limit');
  });
});

describe('reserve backfill', () => {
  const running = [active(1, [0], { remainingMs: 40 * MINUTE }), active(2, [1], { remainingMs: 90 * MINUTE })];
  const head = queued(10, { slots: 2 });

  it('lets a later trial pass only if it ends before the head can start', () => {
    const given = (remainingMs: number | null): PlanInput =>
      input({ slots: slots(3), active: running, queued: [queued(10, { slots: 3 }), queued(11, { remainingMs })] });
    expect(started(plan(given(80 * MINUTE)))).toEqual([11]);
    expect(started(plan(given(100 * MINUTE)))).toEqual([]);
    expect(started(plan(given(null)))).toEqual([]);
  });

  it('lets a later trial use slots the head does not need', () => {
    const given = input({
      slots: slots(4),
      active: [...running, active(3, [2], { remainingMs: 10 * MINUTE })],
      queued: [queued(10, { slots: 3 }), queued(11)],
    });
    // At 40 min GPU 0, 2 and 3 are free for the head: GPU 3 must not be taken for longer.
    expect(started(plan(given))).toEqual([]);
    const roomy = input({
      slots: slots(4),
      active: [active(1, [0, 1, 2], { remainingMs: 10 * MINUTE })],
      queued: [head, queued(11)],
    });
    expect(started(plan({ ...roomy, queued: [queued(10, { slots: 3 }), queued(11)] }))).toEqual([11]);
  });

  it('puts a passing trial beside the head where the tightest slot would be in its way', () => {
    const cards = [slot(0), slot(1, { usableMiB: 20 * GIB }), slot(2, { usableMiB: 22 * GIB })];
    const given = input({
      slots: cards,
      active: [active(1, [0], { remainingMs: MINUTE })],
      queued: [queued(10, { slots: 2, minFreeMiB: 16 * GIB, gpuName: '*4090' }), queued(11)],
    });
    expect(started(plan(given))).toEqual([10]);
    const held = input({
      slots: [slot(0), slot(1, { name: 'NVIDIA T4', usableMiB: 23 * GIB }), slot(2, { usableMiB: 8 * GIB })],
      active: [active(1, [0], { remainingMs: MINUTE })],
      queued: [queued(10, { slots: 2, gpuName: '*4090' }), queued(11)],
    });
    expect(slotsOf(plan(held), 11)).toEqual(['gpu-1']);
  });

  it('keeps idle slots for a head whose time is not known', () => {
    const given = input({
      slots: slots(2),
      active: [active(1, [0])],
      queued: [head, queued(11, { remainingMs: MINUTE })],
    });
    expect(started(plan(given))).toEqual([]);
    expect(reasonOf(given, 11)).toMatchObject({ code: 'reserved', text: 'GPU 1 is reserved for #10' });
  });

  it('lets a preemptible trial of lower priority pass where it could be stopped again', () => {
    const world = (preemption: boolean, preemptible: boolean): PlanInput =>
      input({
        pools: [pool({ preemption })],
        slots: slots(2),
        active: [active(1, [0], { preemptible: false })],
        queued: [head, queued(11, { priority: 50, preemptible })],
      });
    expect(started(plan(world(true, true)))).toEqual([11]);
    expect(started(plan(world(true, false)))).toEqual([]);
    expect(started(plan(world(false, true)))).toEqual([]);
  });

  it('holds no reservation for a trial that waits for somebody else, is held, or can never run', () => {
    const foreign = slot(1, { blocked: { code: 'foreign', text: '11 GiB used by jupyter (pid 4312)' } });
    const after = queued(11);
    expect(started(plan(input({ slots: [slot(0), foreign], queued: [head, after] })))).toEqual([11]);
    expect(
      started(
        plan(
          input({
            slots: slots(2),
            active: [active(1, [0])],
            queued: [queued(10, { slots: 2, held: { code: 'held', text: 'waits' } }), after],
          }),
        ),
      ),
    ).toEqual([11]);
    expect(
      started(
        plan(
          input({
            slots: slots(2),
            queued: [
              queued(10, { slots: 3 }),
              queued(9, { minFreeMiB: 90 * GIB }),
              queued(8, { gpuName: 'A100' }),
              after,
            ],
          }),
        ),
      ),
    ).toEqual([11]);
  });

  it('counts the limit on running trials into the reservation', () => {
    const given = input({
      pools: [pool({ maxRunning: 2 })],
      slots: slots(2),
      active: [active(1, [0], { remainingMs: MINUTE })],
      queued: [head, queued(11, { slots: 0, remainingMs: null })],
    });
    // Both fit the limit at the time of the head: one ends, two run.
    expect(started(plan(given))).toEqual([11]);
    const tight = input({
      pools: [pool({ maxRunning: 1 })],
      slots: slots(2),
      active: [active(1, [0], { remainingMs: MINUTE })],
      queued: [head, queued(11, { slots: 0 })],
    });
    expect(started(plan(tight))).toEqual([]);
  });

  it('does not let a trial of the same experiment use up the cap of the head', () => {
    const capped = { experimentId: 7, maxSlots: 3 };
    const given = input({
      slots: slots(4),
      active: [active(1, [0, 1, 2], { remainingMs: MINUTE })],
      queued: [queued(10, { slots: 3, ...capped }), queued(11, capped)],
    });
    expect(started(plan(given))).toEqual([]);
  });
});

describe('preemption', () => {
  const on = [pool({ preemption: true })];

  it('is off unless the pool has it', () => {
    expect(
      stopped(
        plan(
          input({ slots: slots(1), active: [active(1, [0], { priority: 90 })], queued: [queued(2, { priority: 1 })] }),
        ),
      ),
    ).toEqual([]);
  });

  it('takes the lowest priority first, last in line first', () => {
    const given = input({
      pools: on,
      slots: slots(3),
      active: [active(1, [0], { priority: 60 }), active(2, [1], { priority: 60 }), active(3, [2], { priority: 50 })],
      queued: [queued(4, { priority: 10 })],
    });
    expect(plan(given).preempt).toEqual([{ id: 2, forId: 4 }]);
  });

  it('spares a victim that is not needed', () => {
    const given = input({
      pools: on,
      slots: slots(3),
      active: [active(1, [0], { priority: 60 }), active(2, [1, 2], { priority: 50 })],
      queued: [queued(4, { priority: 10, slots: 2 })],
    });
    expect(stopped(plan(given))).toEqual([2]);
  });

  it('stops nobody where it would not help', () => {
    const given = input({
      pools: on,
      slots: slots(2),
      active: [active(1, [0], { priority: 60 }), active(2, [1], { priority: 60, preemptible: false })],
      queued: [queued(4, { priority: 10, slots: 2 })],
    });
    expect(stopped(plan(given))).toEqual([]);
    const foreign = input({
      pools: on,
      slots: [slot(0), slot(1, { blocked: { code: 'foreign', text: 'x' } })],
      active: [active(1, [0], { priority: 60 })],
      queued: [queued(4, { priority: 10, slots: 2 })],
    });
    expect(stopped(plan(foreign))).toEqual([]);
  });

  it('in the same priority stops only trials known to stand behind', () => {
    const given = (rank: number | null): PlanInput =>
      input({ pools: on, slots: slots(1), active: [active(1, [0], { rank: 5 })], queued: [queued(2, { rank })] });
    expect(stopped(plan(given(4)))).toEqual([1]);
    expect(stopped(plan(given(5)))).toEqual([]);
    expect(stopped(plan(given(6)))).toEqual([]);
    expect(stopped(plan(given(null)))).toEqual([]);
  });

  it.each(['reserve', 'greedy'] as const)(
    'never asks twice nor too many while a release is in flight (%s)',
    (backfill) => {
      const given = input({
        pools: [pool({ preemption: true, backfill })],
        slots: slots(3),
        active: [
          active(1, [0], { priority: 60, state: 'releasing' }),
          active(2, [1], { priority: 60 }),
          active(3, [2], { priority: 60 }),
        ],
        queued: [queued(4, { priority: 10 })],
      });
      expect(plan(given)).toMatchObject({ start: [], preempt: [] });
      expect(reasonOf(given, 4)).toMatchObject({ code: 'releasing', text: 'next: GPU 0 comes free: #1 is stopping' });
      const two = { ...given, queued: [queued(4, { priority: 10 }), queued(5, { priority: 10 })] };
      expect(stopped(plan(two))).toEqual([3]);
    },
  );

  it.each(['reserve', 'greedy'] as const)(
    'keeps what a release will complete for whom it was made (%s)',
    (backfill) => {
      const given = input({
        pools: [pool({ preemption: true, backfill })],
        slots: slots(2),
        active: [active(1, [0], { priority: 60, state: 'releasing' })],
        queued: [queued(4, { priority: 10, slots: 2 }), queued(5, { priority: 10 })],
      });
      expect(plan(given)).toMatchObject({ start: [], preempt: [] });
    },
  );

  it('makes room among trials without slots, too', () => {
    const given = input({
      pools: [pool({ preemption: true, maxCpuTrials: 1 })],
      active: [active(1, [], { priority: 60 })],
      queued: [queued(2, { slots: 0, priority: 10 })],
    });
    expect(stopped(plan(given))).toEqual([1]);
  });
});

describe('greedy backfill', () => {
  it('is strict between priorities without preemption, open inside one', () => {
    const given = input({
      pools: [pool({ backfill: 'greedy' })],
      slots: slots(2),
      active: [active(1, [0])],
      queued: [queued(2, { slots: 2 }), queued(3), queued(4, { priority: 50 })],
    });
    expect(started(plan(given))).toEqual([3]);
    const lower = input({
      pools: [pool({ backfill: 'greedy' })],
      slots: slots(2),
      active: [active(1, [0])],
      queued: [queued(2, { slots: 2 }), queued(4, { priority: 50 })],
    });
    expect(started(plan(lower))).toEqual([]);
    expect(reasonOf(lower, 4)?.text).toBe('behind #2');
  });
});

describe('caps', () => {
  it.each(['priority', 'fair_share'] as const)('an experiment never holds more than its cap (%s)', (policy) => {
    const capped = { experimentId: 7, maxSlots: 2 };
    const given = input({
      pools: [pool({ policy })],
      slots: slots(4),
      active: [active(1, [0], capped)],
      queued: [queued(2, capped), queued(3, capped), queued(4, { ...capped, slots: 3 }), queued(5)],
    });
    expect(started(plan(given)).toSorted()).toEqual([2, 5]);
  });

  it('keeps the order inside an experiment whose cap is reached', () => {
    const capped = { experimentId: 7, maxSlots: 3 };
    const given = input({
      slots: slots(4),
      active: [active(1, [0, 1], capped)],
      queued: [queued(2, { ...capped, slots: 2 }), queued(3, capped), queued(4)],
    });
    expect(started(plan(given))).toEqual([4]);
  });

  it('counts slots in every pool', () => {
    const capped = { experimentId: 7, maxSlots: 1 };
    const given = input({
      pools: [pool(), pool({}, { id: 'other' })],
      slots: [slot(0), slot(1, { poolId: 'other' })],
      queued: [queued(2, capped), queued(3, { ...capped, poolId: 'other' })],
    });
    expect(started(plan(given))).toEqual([2]);
    expect(reasonOf(given, 3)).toMatchObject({
      code: 'pool_limit',
      text: 'its experiment may hold 1 GPU at once and holds 1',
    });
  });
});

describe('fair share', () => {
  const fair = [pool({ policy: 'fair_share' })];
  const many = (from: number, count: number, change: object): ReturnType<typeof queued>[] =>
    Array.from({ length: count }, (_, index) => queued(from + index, change));

  it('divides by weight', () => {
    const given = input({
      pools: fair,
      slots: slots(8),
      queued: [...many(100, 8, { experimentId: 1, weight: 3 }), ...many(200, 8, { experimentId: 2 })],
    });
    const ids = started(plan(given)) as number[];
    expect([ids.filter((id) => id < 200).length, ids.filter((id) => id >= 200).length]).toEqual([6, 2]);
  });

  it('gives what one does not want to the others', () => {
    const given = input({
      pools: fair,
      slots: slots(4),
      queued: [...many(100, 8, { experimentId: 1 }), ...many(200, 1, { experimentId: 2 })],
    });
    expect(started(plan(given))).toHaveLength(4);
  });

  it('stops the running only with preemption, and then the oldest of who has too much', () => {
    const running = [0, 1, 2, 3].map((index) => active(index + 1, [index], { experimentId: 1 }));
    const given = (preemption: boolean): PlanInput =>
      input({
        pools: [pool({ policy: 'fair_share', preemption })],
        slots: slots(4),
        active: running,
        queued: many(200, 4, { experimentId: 2 }),
      });
    expect(stopped(plan(given(false)))).toEqual([]);
    expect(plan(given(true)).preempt).toEqual([
      { id: 1, forId: 200 },
      { id: 2, forId: 200 },
    ]);
    expect(reasonOf(given(false), 200)?.code).toBe('fair_share');
  });

  it('does not ask again while releases are in flight', () => {
    const running = [0, 1, 2, 3].map((index) =>
      active(index + 1, [index], { experimentId: 1, state: index < 2 ? 'releasing' : 'active' }),
    );
    const given = input({
      pools: [pool({ policy: 'fair_share', preemption: true })],
      slots: slots(4),
      active: running,
      queued: many(200, 4, { experimentId: 2 }),
    });
    expect(plan(given)).toMatchObject({ start: [], preempt: [] });
  });

  it('honours what cannot be stopped as part of its experiment’s share', () => {
    const given = input({
      pools: [pool({ policy: 'fair_share', preemption: true })],
      slots: slots(4),
      active: [active(1, [0, 1], { experimentId: 1, preemptible: false })],
      queued: [...many(100, 4, { experimentId: 1 }), ...many(200, 4, { experimentId: 2 })],
    });
    expect(started(plan(given))).toEqual([200, 201]);
  });

  it('lets big experiments take turns instead of starving each other', () => {
    const given = input({
      pools: fair,
      slots: slots(4),
      queued: [
        queued(1, { slots: 4, experimentId: 1 }),
        queued(2, { slots: 4, experimentId: 2 }),
        queued(3, { slots: 4, experimentId: 3 }),
      ],
    });
    expect(started(plan(given))).toEqual([1]);
  });

  it('is not confused by trials that can never run', () => {
    const given = input({
      pools: fair,
      slots: slots(4),
      queued: [queued(1, { slots: 5, experimentId: 1 }), queued(2, { slots: 4, experimentId: 2 })],
    });
    expect(started(plan(given))).toEqual([2]);
  });
});

describe('memory to the MiB', () => {
  const needs = (minFreeMiB: number): PlanInput =>
    input({ slots: [slot(0, { usableMiB: 20 * GIB })], queued: [queued(1, { minFreeMiB })] });

  it('a card with exactly what is asked for will do, one with a MiB less will not', () => {
    expect(started(plan(needs(20 * GIB)))).toEqual([1]);
    expect(started(plan(needs(20 * GIB + 1)))).toEqual([]);
  });

  it('a card of exactly the size that is asked for is no impossible wish', () => {
    const code = (minFreeMiB: number): string | undefined => reasonOf(needs(minFreeMiB), 1)?.code;
    expect(code(24 * GIB)).toBe('memory');
    expect(code(24 * GIB + 1)).toBe('impossible');
  });
});

describe('closing time', () => {
  it('is told of a start that goes beyond it, or may', () => {
    const given = (remainingMs: number | null): PlanInput =>
      input({
        pools: [pool({}, { closesAtMs: 1_000_000 + 10 * MINUTE })],
        slots: slots(1),
        queued: [queued(1, { remainingMs })],
      });
    expect(plan(given(11 * MINUTE)).start[0]?.beyondMs).toBe(1_000_000 + 10 * MINUTE);
    expect(plan(given(null)).start[0]?.beyondMs).toBe(1_000_000 + 10 * MINUTE);
    expect(plan(given(10 * MINUTE)).start[0]).not.toHaveProperty('beyondMs');
  });
});

describe('pools', () => {
  it.each([
    [{ state: 'paused' }, 'pool_paused'],
    [{ state: 'draining' }, 'pool_paused'],
    [{ closedReason: 'opens at 20:00' }, 'pool_closed'],
  ] as const)('%o starts and stops nothing', (change, code) => {
    const given = input({
      pools: [pool({ preemption: true }, change)],
      slots: slots(1),
      active: [active(1, [0], { priority: 90 })],
      queued: [queued(2, { priority: 1 }), queued(3, { slots: 0 })],
    });
    expect(plan(given)).toMatchObject({ start: [], preempt: [] });
    expect(plan(given).waiting.map(({ reason }) => reason.code)).toEqual([code, code]);
  });

  it('a trial of a pool that is gone waits and says so', () => {
    expect(reasonOf(input({ queued: [queued(1, { poolId: 'gone' })] }), 1)?.code).toBe('impossible');
  });
});
