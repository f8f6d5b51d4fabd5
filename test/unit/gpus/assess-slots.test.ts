/** From a reading to slots: whose memory it is, what may be placed, and why not. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assessSlots } from '../../../electron/gpus/assess-slots.ts';
import type { AssessInput, AssessPool } from '../../../electron/gpus/assess-slots.ts';
import type { SlotLease } from '../../../electron/gpus/measure-slot.ts';
import type { Gpu, GpuProcess, MigInstance } from '../../../electron/contract/gpus.ts';
import type { PlanSlot } from '../../../electron/gpus/plan-slot.ts';
import { GIB, MINUTE } from '../scheduler/plan/build.ts';

const NOW = 50_000_000;
const TOTAL = 24 * GIB;
const RESERVED = 400;

function gpu(index: number, usedMiB: number | null, change: Partial<Gpu> = {}): Gpu {
  return {
    index,
    uuid: `GPU-${index}`,
    name: 'NVIDIA RTX A5000',
    busId: null,
    memoryTotalMiB: TOTAL,
    memoryUsedMiB: usedMiB,
    memoryFreeMiB: usedMiB === null ? null : TOTAL - RESERVED - usedMiB,
    memoryReservedMiB: RESERVED,
    utilizationPct: 3,
    temperatureC: 40,
    powerW: 30,
    powerLimitW: 230,
    driverVersion: '580.1',
    computeMode: 'Default',
    displayActive: false,
    migEnabled: false,
    mig: [],
    processes: [],
    health: { ok: true, reason: null },
    ...change,
  };
}

function process(
  pid: number,
  usedMiB: number | null,
  trialId: number | null = null,
  change: Partial<GpuProcess> = {},
): GpuProcess {
  return { pid, name: 'python3', type: 'C', usedMiB, trialId, ...change };
}

function mig(index: number, change: Partial<MigInstance> = {}): MigInstance {
  return {
    index,
    uuid: `MIG-${index}`,
    profile: '3g.40gb',
    gpuInstance: index,
    computeInstance: 0,
    memoryTotalMiB: 40 * GIB,
    memoryUsedMiB: 30,
    memoryFreeMiB: 39 * GIB,
    ...change,
  };
}

function pool(id: string, change: Partial<AssessPool> = {}): AssessPool {
  return {
    id,
    isDefault: id === 'workstation',
    gpuUuids: [],
    settings: { foreignThresholdMiB: 1024, idleMinutes: null },
    ...change,
  };
}

interface World {
  readonly gpus?: readonly Gpu[];
  readonly leases?: Readonly<Record<string, readonly SlotLease[]>>;
  readonly change?: Partial<AssessInput>;
}

function world({ gpus = [], leases = {}, change = {} }: World): AssessInput {
  return {
    nowMs: NOW,
    reading: { takenAtMs: NOW - 1000, problem: null, gpus },
    leases: new Map(Object.entries(leases)),
    freedAtMs: new Map(),
    keptBack: new Set(),
    pools: [pool('workstation')],
    foreignFreeSince: new Map(),
    ...change,
  };
}

const assess = (given: World): PlanSlot => assessSlots(world(given)).planSlots[0] as PlanSlot;
const exclusive = (trialId: number): SlotLease => ({ trialId, shareMiB: null, sinceMs: NOW - 60_000 });
const share = (trialId: number, shareMiB: number, sinceMs = NOW - 60_000): SlotLease => ({
  trialId,
  shareMiB,
  sinceMs,
});

describe('foreign use', () => {
  it('blocks a GPU and names who it is', () => {
    const jupyter = process(4312, 11 * GIB, null, { name: '/opt/conda/bin/jupyter' });
    const given = world({ gpus: [gpu(0, 11 * GIB + 300, { processes: [jupyter] })] });
    const { planSlots, views } = assessSlots(given);
    expect(planSlots[0]?.blocked).toMatchObject({ code: 'foreign', text: '11.3 GiB used by jupyter (pid 4312)' });
    expect(views[0]).toMatchObject({
      placeable: false,
      blockedReason: '11.3 GiB used by jupyter (pid 4312)',
      foreignBy: 'jupyter (pid 4312)',
      foreignMiB: 11 * GIB + 300,
      trialIds: [],
    });
  });

  it('says whose it is and since when, where that is known', () => {
    const owner = { user: 'an\u001B[2Jna', sinceMs: new Date(2026, 2, 1, 9, 12).getTime() };
    const jupyter = process(4312, 11 * GIB, null, { name: '/opt/conda/bin/jupyter', owner });
    const { planSlots } = assessSlots(world({ gpus: [gpu(0, 11 * GIB, { processes: [jupyter] })] }));
    expect(planSlots[0]?.blocked?.text).toBe('11 GiB used by jupyter of an [2Jna since 2026-03-01 09:12 (pid 4312)');
  });

  it('is none on an idle desktop, whose compositor no list names', () => {
    // An idle RTX 4080 SUPER under X: 596 MiB, no compute process.
    const settings = { foreignThresholdMiB: 512, idleMinutes: null };
    const on = (usedMiB: number, change: Partial<Gpu>): PlanSlot =>
      assess({ gpus: [gpu(0, usedMiB, change)], change: { pools: [pool('workstation', { settings })] } });
    expect(on(596, { displayActive: true })).toMatchObject({ blocked: null, usableMiB: TOTAL - RESERVED - 596 });
    const listed = [process(900, 500, null, { type: 'G' }), process(901, 600, null, { type: 'C+G' })];
    expect(on(1800, { displayActive: true, processes: listed }).blocked).toBeNull();
    // Work on the same card counts as ever, with the desktop left out.
    const work = process(4312, 600, null, { name: 'jupyter' });
    expect(on(1500, { displayActive: true, processes: [work] }).blocked).toEqual({
      code: 'foreign',
      text: '600 MiB used by jupyter (pid 4312)',
      raiseThresholdToMiB: 1024,
    });
    expect(on(596, { displayActive: false }).blocked).toMatchObject({ code: 'foreign', raiseThresholdToMiB: 1024 });
    expect(on(2048, { displayActive: true }).blocked).toBeNull();
    expect(on(2100, { displayActive: true }).blocked).toEqual({
      code: 'foreign',
      text: '2.1 GiB used by its desktop',
      raiseThresholdToMiB: 2560,
    });
  });

  it('offers a higher threshold where there is room beside it, and it is enough', () => {
    const blocked = (usedMiB: number, threshold: number): PlanSlot['blocked'] =>
      assess({
        gpus: [gpu(0, usedMiB)],
        change: { pools: [pool('workstation', { settings: { foreignThresholdMiB: threshold, idleMinutes: null } })] },
      }).blocked;
    for (const usedMiB of [600, 1023, 1024, 1025, 6000, TOTAL / 2]) {
      const raised = blocked(usedMiB, 512)?.raiseThresholdToMiB;
      expect(raised).toBeGreaterThan(usedMiB);
      expect(blocked(usedMiB, raised as number)).toBeNull();
    }
    expect(blocked(TOTAL / 2 + 1, 512)).not.toHaveProperty('raiseThresholdToMiB');
    // At the threshold itself it is not busy yet.
    expect(blocked(512, 512)).toBeNull();
    expect(blocked(513, 512)).not.toBeNull();
  });

  it('below the threshold only takes its memory away', () => {
    const compositor = process(900, 500, null, { name: 'Xorg', type: 'G' });
    expect(assess({ gpus: [gpu(0, 520, { processes: [compositor] })] })).toMatchObject({
      blocked: null,
      usableMiB: TOTAL - RESERVED - 520,
      shareableMiB: TOTAL - RESERVED - 520,
    });
  });

  it('counts from the first sight of its process, although the memory was read a moment before it came', () => {
    const given: World = { gpus: [gpu(0, 12, { processes: [process(4312, 11 * GIB)] })] };
    expect(assess(given).blocked).toMatchObject({ code: 'foreign', text: '11 GiB used by python3 (pid 4312)' });
  });

  it('is seen even where no process is listed', () => {
    expect(assess({ gpus: [gpu(0, 9 * GIB)] }).blocked).toMatchObject({
      code: 'foreign',
      text: '9 GiB used by somebody else',
    });
  });

  it.each([
    ['all of it unattributed', [process(7, 20 * GIB)]],
    ['memory per process unknown', [process(7, null)]],
    ['no process listed', []],
  ])('is none under our exclusive lease: %s', (_, processes) => {
    const given: World = { gpus: [gpu(0, 20 * GIB, { processes })], leases: { 'GPU-0': [exclusive(14)] } };
    expect(assess(given)).toMatchObject({ blocked: null, usableMiB: TOTAL - RESERVED, shareableMiB: 0 });
    expect(assessSlots(world(given)).views[0]).toMatchObject({ trialIds: [14], foreignMiB: 0, foreignBy: null });
  });

  it('is not the memory of a trial that ended after the reading', () => {
    expect(assess({ gpus: [gpu(0, 20 * GIB, { processes: [process(7, 20 * GIB, 14)] })] })).toMatchObject({
      blocked: null,
      usableMiB: TOTAL - RESERVED,
      shareableMiB: TOTAL - RESERVED,
    });
  });

  it('is not what a trial left that has just ended, although no process tells whose it is', () => {
    const split = gpu(0, null, {
      migEnabled: true,
      mig: [mig(0, { memoryUsedMiB: 12 * GIB, memoryFreeMiB: 27 * GIB }), mig(1)],
    });
    const after = (ms: number, extra: Partial<Gpu> = {}): PlanSlot =>
      assess({ gpus: [{ ...split, ...extra }], change: { freedAtMs: new Map([['MIG-0', NOW - 1000 - ms]]) } });
    // Read before the end, and while the driver still gives the memory back.
    expect(after(-500)).toMatchObject({ blocked: null, usableMiB: 39 * GIB, shareableMiB: 39 * GIB });
    expect(after(1500).blocked).toBeNull();
    expect(after(2000).blocked?.code).toBe('foreign');
    // Whom the list names is no trial's leftover.
    const whole = gpu(0, 12 * GIB, { processes: [process(7, 12 * GIB)] });
    const freed = { freedAtMs: new Map([['GPU-0', NOW]]) };
    expect(assess({ gpus: [whole], change: freed }).blocked?.code).toBe('foreign');
    expect(assess({ gpus: [gpu(0, 12 * GIB)], change: freed }).blocked).toBeNull();
  });

  it('goes by presence where memory is unknown', () => {
    const spark = (processes: readonly GpuProcess[]): Gpu =>
      gpu(0, null, { memoryTotalMiB: null, memoryReservedMiB: null, processes: [...processes] });
    expect(assess({ gpus: [spark([])] })).toMatchObject({
      blocked: null,
      totalMiB: null,
      usableMiB: null,
      shareableMiB: null,
    });
    expect(
      assess({ gpus: [spark([process(1, null, null, { type: 'C+G', name: 'gnome-shell' })])] }).blocked,
    ).toBeNull();
    expect(assess({ gpus: [spark([process(1, null)])] }).blocked).toEqual({
      code: 'foreign',
      text: 'in use by python3 (pid 1)',
    });
    expect(assess({ gpus: [spark([process(1, null)])], leases: { 'GPU-0': [exclusive(2)] } }).blocked).toBeNull();
  });

  it('does not let a process name break the sentence', () => {
    const odd = process(5, 9 * GIB, null, { name: `/tmp/evil\n\u001B[31m${'x'.repeat(300)}` });
    expect(assess({ gpus: [gpu(0, 9 * GIB, { processes: [odd] })] }).blocked?.text).toMatch(
      /^9 GiB used by evil \[31mx+… \(pid 5\)$/,
    );
  });
});

describe('shares', () => {
  it('keep what they have not allocated yet', () => {
    const given: World = {
      gpus: [gpu(0, 3 * GIB, { processes: [process(7, 3 * GIB, 14)] })],
      leases: { 'GPU-0': [share(14, 8 * GIB), share(15, 4 * GIB)] },
    };
    expect(assess(given)).toMatchObject({
      blocked: null,
      shareableMiB: TOTAL - RESERVED - 3 * GIB - 5 * GIB - 4 * GIB,
      usableMiB: TOTAL - RESERVED,
    });
  });

  it('may have used the memory that nothing explains, up to what they asked for', () => {
    const leases = { 'GPU-0': [share(14, 4 * GIB)] };
    expect(assess({ gpus: [gpu(0, 4 * GIB + 500)], leases })).toMatchObject({
      blocked: null,
      shareableMiB: TOTAL - RESERVED - 4 * GIB - 500,
    });
    expect(assess({ gpus: [gpu(0, 9 * GIB)], leases }).blocked?.text).toBe('5 GiB used by somebody else');
  });

  it('have used nothing of a reading older than they are', () => {
    const given: World = { gpus: [gpu(0, 500)], leases: { 'GPU-0': [share(14, 4 * GIB, NOW - 10)] } };
    expect(assess(given)).toMatchObject({ blocked: null, shareableMiB: TOTAL - RESERVED - 500 - 4 * GIB });
  });

  it('that take more than they asked for leave less to others', () => {
    const given: World = {
      gpus: [gpu(0, 9 * GIB, { processes: [process(7, 9 * GIB, 14)] })],
      leases: { 'GPU-0': [share(14, 4 * GIB)] },
    };
    expect(assess(given)).toMatchObject({ blocked: null, shareableMiB: TOTAL - RESERVED - 9 * GIB });
  });

  it('never leave more than is free, whatever the figures', () => {
    const figure = fc.option(fc.integer({ min: 0, max: 50_000 }));
    fc.assert(
      fc.property(
        figure,
        figure,
        fc.array(fc.record({ usedMiB: figure, trialId: fc.option(fc.integer({ min: 1, max: 3 })) }), { maxLength: 4 }),
        fc.array(fc.record({ trialId: fc.integer({ min: 1, max: 3 }), shareMiB: figure }), { maxLength: 3 }),
        (used, free, processes, leases) => {
          const read = gpu(0, used, {
            memoryFreeMiB: free,
            processes: processes.map((each, index) => process(index, each.usedMiB, each.trialId)),
          });
          const slot = assess({ gpus: [read], leases: { 'GPU-0': leases.map((lease) => ({ ...lease, sinceMs: 0 })) } });
          for (const room of [slot.usableMiB, slot.shareableMiB])
            expect(room === null || (room >= 0 && room <= TOTAL)).toBe(true);
        },
      ),
    );
  });
});

describe('not placeable', () => {
  it.each([
    [
      'unhealthy',
      { gpus: [gpu(0, 0, { health: { ok: false, reason: 'GPU is lost; reboot the machine' } })] },
      'unhealthy',
      'GPU is lost; reboot the machine',
    ],
    [
      'kept back',
      { gpus: [gpu(0, 0)], change: { keptBack: new Set(['GPU-0']) } },
      'kept_back',
      'kept back by its owner',
    ],
    [
      'prohibited',
      { gpus: [gpu(0, 0, { computeMode: 'Prohibited' })] },
      'unhealthy',
      'its compute mode is Prohibited; nvidia-smi -c DEFAULT allows trials',
    ],
    [
      'an old reading',
      { change: { reading: { takenAtMs: NOW - 45_000, problem: null, gpus: [gpu(0, 0)] } } },
      'gpu_unknown',
      'the last reading of the GPUs is 45 s old',
    ],
    [
      'a reading its reader calls stale',
      {
        change: { reading: { takenAtMs: NOW, stale: true, problem: 'nvidia-smi does not answer', gpus: [gpu(0, 0)] } },
      },
      'gpu_unknown',
      'nvidia-smi does not answer',
    ],
    [
      'never read',
      { change: { reading: { takenAtMs: null, problem: null, gpus: [gpu(0, 0)] } } },
      'gpu_unknown',
      'the GPUs have not been read yet',
    ],
    ['leased but gone', { leases: { 'GPU-9': [exclusive(1)] } }, 'unhealthy', 'nvidia-smi does not list it'],
    [
      'MIG without instances',
      { gpus: [gpu(0, 0, { migEnabled: true })] },
      'unhealthy',
      'MIG is on but has no instances; create some (nvidia-smi mig -cgi) or turn MIG off',
    ],
    [
      'MIG without a UUID',
      { gpus: [gpu(0, 0, { migEnabled: true, mig: [mig(0, { uuid: null })] })] },
      'gpu_unknown',
      'the UUID of this MIG instance is not known, so nothing can be pinned to it',
    ],
  ] as const)('%s', (_, given, code, text) => {
    expect(assess(given).blocked).toEqual({ code, text });
  });

  it('goes on with the good GPUs where a reading only warns', () => {
    expect(
      assess({
        change: { reading: { takenAtMs: NOW, stale: false, problem: 'infoROM is corrupt', gpus: [gpu(0, 0)] } },
      }).blocked,
    ).toBeNull();
  });

  it('trusts the reader about staleness when the clock jumps', () => {
    expect(
      assess({
        change: {
          nowMs: NOW + 86_400_000,
          reading: { takenAtMs: NOW, stale: false, problem: null, gpus: [gpu(0, 0)] },
        },
      }).blocked,
    ).toBeNull();
  });

  it('waits until nobody else has used the GPU for long enough', () => {
    const idle = (sinceMs: number | null): PlanSlot =>
      assess({
        gpus: [gpu(0, 0)],
        change: {
          pools: [pool('workstation', { settings: { foreignThresholdMiB: 1024, idleMinutes: 10 } })],
          foreignFreeSince: new Map(sinceMs === null ? [] : [['GPU-0', sinceMs]]),
        },
      });
    expect(idle(NOW - 10 * MINUTE).blocked).toBeNull();
    expect(idle(NOW - 3.5 * MINUTE).blocked).toEqual({
      code: 'kept_back',
      text: 'without other users for 3 of 10 min',
    });
    expect(idle(NOW - 10 * MINUTE + 1).blocked?.text).toBe('without other users for 9 of 10 min');
    expect(idle(NOW + MINUTE).blocked?.text).toBe('without other users for 0 of 10 min');
    expect(idle(null).blocked?.code).toBe('kept_back');
  });
});

describe('slots and pools', () => {
  it('keeps back a whole GPU with all its instances, or one instance', () => {
    const split = gpu(0, null, { migEnabled: true, mig: [mig(0), mig(1)] });
    const blocked = (uuid: string): (string | undefined)[] =>
      assessSlots(world({ gpus: [split], change: { keptBack: new Set([uuid]) } })).planSlots.map(
        (slot) => slot.blocked?.code,
      );
    expect(blocked('GPU-0')).toEqual(['kept_back', 'kept_back']);
    expect(blocked('MIG-1')).toEqual([undefined, 'kept_back']);
  });

  it('makes one slot of each MIG instance and pins pools to GPUs or instances', () => {
    const split = gpu(0, null, {
      migEnabled: true,
      name: 'NVIDIA H100 80GB HBM3',
      mig: [mig(0), mig(1, { memoryUsedMiB: 12 * GIB, memoryFreeMiB: 27 * GIB })],
      processes: [process(1, 12 * GIB)],
    });
    const { planSlots, views } = assessSlots(
      world({
        gpus: [split, gpu(1, 0)],
        change: {
          pools: [
            pool('workstation'),
            pool('half', { gpuUuids: ['MIG-1'] }),
            pool('night', { gpuUuids: ['GPU-1', 'GPU-7'] }),
          ],
        },
      }),
    );
    expect(planSlots.map((slot) => [slot.id, slot.label, slot.poolId, slot.blocked?.code ?? null])).toEqual([
      ['MIG-0', 'GPU 0 MIG 0', 'workstation', null],
      ['MIG-1', 'GPU 0 MIG 1', 'half', 'foreign'],
      ['GPU-1', 'GPU 1', 'night', null],
      ['GPU-7', 'GPU GPU-7', 'night', 'unhealthy'],
    ]);
    expect(views[0]).toMatchObject({ gpuUuid: 'GPU-0', name: 'NVIDIA H100 80GB HBM3 MIG 3g.40gb', totalMiB: 40 * GIB });
  });

  it('survives GPUs with one UUID, none, and no pools at all', () => {
    const { planSlots } = assessSlots(
      world({ gpus: [gpu(0, 0), gpu(0, 0), gpu(2, 0, { uuid: '' })], change: { pools: [] } }),
    );
    expect(planSlots.map((slot) => [slot.id, slot.poolId, slot.blocked?.code ?? null])).toEqual([
      ['GPU-0', '', null],
      ['unidentified-2', '', 'unhealthy'],
    ]);
  });
});
