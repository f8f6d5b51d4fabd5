/** Every wait has a reason with its facts: the sentences people read. */
import { describe, expect, it } from 'vitest';
import { plan } from '../../../../electron/scheduler/plan/plan.ts';
import type { PlanInput, PlanTrial } from '../../../../electron/scheduler/plan/model.ts';
import type { WaitingReason } from '../../../../electron/contract/feed.ts';
import { active, GIB, input, MINUTE, pool, queued, slot, slots } from './build.ts';

const reasonOf = (given: PlanInput, id: number): WaitingReason => {
  const found = plan(given).waiting.find((entry) => entry.id === id);
  if (found === undefined) throw new Error(`${id} does not wait`);
  return found.reason;
};
const jupyter = { code: 'foreign', text: '11 GiB used by jupyter (pid 4312)' } as const;

describe('reasons', () => {
  it('names what is needed and what each GPU does instead', () => {
    const given = input({
      slots: [slot(0), slot(1, { blocked: jupyter })],
      active: [active(14, [0], { remainingMs: 40 * MINUTE })],
      queued: [queued(20, { slots: 2, minFreeMiB: 20 * GIB })],
    });
    const reason = reasonOf(given, 20);
    expect(reason.code).toBe('foreign');
    expect(reason.text).toBe(
      'needs 2 GPUs with 20 GiB free; GPU 0 runs #14 (about 40 min left), GPU 1 has 11 GiB used by jupyter (pid 4312)',
    );
    expect(reason.blockers.map(({ slot, trialId }) => [slot, trialId])).toEqual([
      ['gpu-0', 14],
      ['gpu-1', null],
    ]);
  });

  it('offers the setting that would let it start beside a small use by others', () => {
    const foreign = (raiseThresholdToMiB: number) =>
      slot(0, {
        label: `GPU ${raiseThresholdToMiB}`,
        usableMiB: 20 * GIB,
        blocked: { code: 'foreign', text: '600 MiB used by jupyter (pid 1)', raiseThresholdToMiB },
      });
    const given = (change: Partial<PlanTrial>): PlanInput =>
      input({
        slots: [foreign(1536), { ...foreign(1024), id: 'gpu-1' }],
        queued: [queued(1, change)],
      });
    expect(plan(given({})).waiting[0]?.reason.remedy).toEqual({
      kind: 'raise_foreign_threshold',
      poolId: 'yard',
      slot: 'gpu-1',
      foreignThresholdMiB: 1024,
      text: 'to use GPU 1024 beside it: switchyard pool set yard --foreign-threshold 1024',
    });
    // Where the room beside it would not do, a setting is no remedy.
    expect(plan(given({ minFreeMiB: 20 * GIB })).waiting[0]?.reason.remedy).toBeDefined();
    expect(plan(given({ minFreeMiB: 20 * GIB + 1 })).waiting[0]?.reason).not.toHaveProperty('remedy');
    expect(plan(given({ slots: 0 })).start).toHaveLength(1);
  });

  it('tells the head when and where, and the others whom they follow', () => {
    const given = input({
      slots: slots(2),
      active: [active(1, [0], { remainingMs: 90 * MINUTE }), active(2, [1], { remainingMs: 22 * MINUTE })],
      queued: [queued(10), queued(11), queued(12), queued(13, { slots: 2 })],
    });
    expect(plan(given).waiting.map(({ reason }) => reason.text)).toEqual([
      'next: GPU 1 in about 22 min',
      'behind #10',
      'behind #10',
      'behind #10, may fill gaps; needs 2 GPUs',
    ]);
  });

  it.each([
    [
      'a running trial without estimate',
      { slots: slots(1), active: [active(1, [0])] },
      {},
      'slots_busy',
      'needs 1 GPU; GPU 0 runs #1',
    ],
    [
      'an overdue trial',
      { slots: slots(1), active: [active(1, [0], { remainingMs: -5 })] },
      {},
      'next',
      'next: GPU 0 any moment now',
    ],
    [
      'too little free memory',
      { slots: [slot(0, { usableMiB: 9 * GIB + 512 })] },
      { minFreeMiB: 20 * GIB },
      'memory',
      'needs 1 GPU with 20 GiB free; GPU 0 has 9.5 GiB free',
    ],
    [
      'a card kept back',
      { slots: [slot(0, { blocked: { code: 'kept_back', text: 'kept back by its owner' } as const })] },
      {},
      'kept_back',
      'needs 1 GPU; GPU 0: kept back by its owner',
    ],
    ['more than there is', { slots: slots(2) }, { slots: 3 }, 'impossible', 'needs 3 GPUs, this pool has 2'],
    ['no GPU at all', {}, {}, 'impossible', 'needs 1 GPU, this pool has none'],
    [
      'a name nobody has',
      { slots: slots(2) },
      { gpuName: 'A100' },
      'impossible',
      'needs 1 GPU named A100; this pool has none',
    ],
    [
      'more memory than any card',
      { slots: slots(2) },
      { minFreeMiB: 40 * GIB },
      'impossible',
      'needs 1 GPU with 40 GiB; the largest here has 24 GiB',
    ],
    [
      'an impossible number',
      { slots: slots(2) },
      { slots: 1.5 },
      'impossible',
      'asks for a number of GPUs that makes no sense',
    ],
    [
      'a share with no room',
      { slots: [slot(0, { shareableMiB: 2 * GIB })], active: [active(1, [0], { shareMiB: 22 * GIB })] },
      { shareMiB: 4 * GIB },
      'slots_busy',
      'needs 4 GiB of a GPU; GPU 0 has 2 GiB free',
    ],
    [
      'a hold',
      { slots: slots(1) },
      { held: { code: 'runtime_down', text: 'Docker does not answer' } as const },
      'runtime_down',
      'Docker does not answer',
    ],
  ] as const)('%s', (_, world, wish, code, text) => {
    expect(reasonOf(input({ ...world, queued: [queued(20, wish)] }), 20)).toMatchObject({ code, text });
  });

  it('names who starts on the slot this very moment', () => {
    expect(reasonOf(input({ slots: slots(1), queued: [queued(1), queued(2)] }), 2).text).toBe(
      'needs 1 GPU; GPU 0 starts #1',
    );
  });

  it('shares one reason among all that are far down', () => {
    const line = Array.from({ length: 1000 }, (_, index) => queued(index + 10));
    const { waiting } = plan(input({ slots: slots(1), active: [active(1, [0])], queued: line }));
    expect(waiting).toHaveLength(1000);
    expect(waiting[999]?.reason).toBe(waiting[500]?.reason);
    expect(waiting[999]?.reason).toMatchObject({ code: 'behind', text: 'waits behind #10 and others' });
    expect(waiting.map(({ id }) => id)).toEqual(line.map(({ id }) => id));
  });

  it('still starts a trial that is far down when it fits', () => {
    const line = Array.from({ length: 1000 }, (_, index) =>
      queued(index + 10, { minFreeMiB: 20 * GIB, ...(index === 900 ? { minFreeMiB: null } : {}) }),
    );
    const small = slot(1, { totalMiB: 8 * GIB, usableMiB: 8 * GIB });
    const { start, waiting } = plan(input({ slots: [slot(0), small], active: [active(1, [0])], queued: line }));
    expect(start).toEqual([{ id: 910, slots: ['gpu-1'] }]);
    expect(waiting).toHaveLength(999);
  });

  it.each(['reserve', 'greedy', 'fair_share'] as const)(
    'finds who can start behind any number that cannot (%s)',
    (kind) => {
      const rules = kind === 'fair_share' ? { policy: kind } : { backfill: kind };
      const held = Array.from({ length: 5000 }, (_, index) =>
        queued(index + 10, { held: { code: 'held', text: 'waits' } }),
      );
      const capped = Array.from({ length: 5000 }, (_, index) =>
        queued(index + 6000, { experimentId: 1, maxSlots: 1, minFreeMiB: index + 1 }),
      );
      const { start } = plan(
        input({
          pools: [pool(rules)],
          slots: slots(2),
          active: [active(1, [0], { experimentId: 1, maxSlots: 1 })],
          queued: [...held, ...capped, queued(20_000)],
        }),
      );
      expect(start).toEqual([{ id: 20_000, slots: ['gpu-1'] }]);
    },
  );

  it('keeps the order of a closed pool short and to the point', () => {
    const given = input({
      pools: [pool({}, { closedReason: 'opens at 20:00' })],
      slots: slots(1),
      queued: [queued(1), queued(2, { slots: 9 })],
    });
    expect(plan(given).waiting.map(({ reason }) => reason.text)).toEqual([
      'opens at 20:00',
      'needs 9 GPUs, this pool has 1',
    ]);
  });
});
