import { describe, expect, it, vi } from 'vitest';
import type { Gpu, GpuProcess } from '../../../electron/contract/gpus.ts';
import { isUsedByForeigners } from '../../../electron/gpus/foreign-use.ts';
import { createGpuHistory } from '../../../electron/gpus/gpu-history.ts';
import { createGpuMonitor } from '../../../electron/gpus/gpu-monitor.ts';
import type { GpuMonitor, MachineReading } from '../../../electron/gpus/gpu-monitor.ts';
import type { GpuReading } from '../../../electron/ports/gpu-probe.ts';
import type { HostProbe } from '../../../electron/ports/host-probe.ts';

function gpu(order: number, change: Partial<Gpu> = {}): Gpu {
  return {
    index: order,
    uuid: `GPU-${order}`,
    name: 'Test',
    busId: null,
    memoryTotalMiB: 1000,
    memoryUsedMiB: 10,
    memoryFreeMiB: 990,
    memoryReservedMiB: null,
    utilizationPct: 0,
    temperatureC: 30,
    powerW: 10,
    powerLimitW: null,
    driverVersion: '1',
    computeMode: null,
    displayActive: false,
    migEnabled: false,
    mig: [],
    processes: [],
    health: { ok: true, reason: null },
    ...change,
  };
}

function runner(pid: number, usedMiB: number | null, change: Partial<GpuProcess> = {}): GpuProcess {
  return { pid, name: 'x', type: null, usedMiB, trialId: null, ...change };
}

const host: HostProbe = {
  read: () =>
    Promise.resolve({
      hostname: 'h',
      cpuPct: 1,
      cpuCount: 2,
      memoryTotalMiB: 3,
      memoryUsedMiB: 1,
      diskFreeMiB: 5,
      diskTotalMiB: 6,
    }),
  disk: () => Promise.resolve({ freeMiB: 5, totalMiB: 10 }),
  processOwners: (pids) => Promise.resolve(new Map(pids.map((pid) => [pid, { user: `u${pid}`, sinceMs: pid }]))),
  bootId: () => Promise.resolve('b'),
  diagnose: () => Promise.resolve([]),
};

interface Stage {
  readonly monitor: GpuMonitor;
  readonly seen: MachineReading[];
  reading: Partial<GpuReading>;
  nowMs: number;
  reads: number;
  readonly fresh: boolean[];
  owners: Map<number, number> | Error;
  gate: Promise<void> | null;
}

function stage(gpus: readonly Gpu[], intervalsMs = { fast: 3_600_000, watched: 3_600_000, slow: 3_600_000 }): Stage {
  const seen: MachineReading[] = [];
  const it: Stage = {
    seen,
    reading: { gpus },
    nowMs: 1_000_000,
    reads: 0,
    fresh: [],
    owners: new Map(),
    gate: null,
    monitor: createGpuMonitor({
      probe: {
        async read(fresh = false) {
          it.reads += 1;
          it.fresh.push(fresh);
          await it.gate;
          return {
            source: 'nvidia-smi',
            takenAtMs: it.nowMs,
            problem: null,
            driverVersion: '1',
            gpus: [],
            ...it.reading,
          };
        },
        diagnose: () => Promise.resolve([]),
      },
      host,
      clock: { nowMs: () => it.nowMs, monotonicMs: () => it.nowMs },
      attribute: () => (it.owners instanceof Error ? Promise.reject(it.owners) : Promise.resolve(it.owners)),
      thresholdMiB: () => 100,
      intervalsMs,
    }),
  };
  it.monitor.onReading((reading) => {
    seen.push(reading);
  });
  return it;
}

describe('the monitor', () => {
  it('wants everything fresh for a while after something changed, and else what is cheap', async () => {
    const it = stage([gpu(0)], { fast: 1, watched: 3_600_000, slow: 3_600_000 });
    await it.monitor.nudge();
    it.nowMs += 10_000;
    it.monitor.setPace('fast');
    await vi.waitFor(() => expect(it.fresh.length).toBeGreaterThan(2));
    it.monitor.close();
    expect(it.fresh[0]).toBe(true);
    expect(it.fresh.slice(1)).not.toContain(true);
  });

  it('says whose a process is, also when the question fails the next time', async () => {
    const it = stage([gpu(0, { processes: [runner(1, 500), runner(2, 5)] })]);
    it.owners = new Map([[1, 14]]);
    expect((await it.monitor.nudge()).gpus[0]?.processes.map(({ trialId }) => trialId)).toEqual([14, null]);
    // Whose it is, is asked of strangers only.
    expect(it.monitor.current().gpus[0]?.processes.map(({ owner }) => owner?.user)).toEqual([undefined, 'u2']);
    it.owners = new Error('database busy');
    expect((await it.monitor.nudge()).gpus[0]?.processes.map(({ trialId }) => trialId)).toEqual([14, null]);
    expect(it.seen).toHaveLength(2);
    it.monitor.close();
  });

  it.each([
    ['hangs', { gpus: [], problem: 'nvidia-smi did not answer' }, /did not answer/],
    ['disappears', { source: 'none' as const, gpus: [], problem: null }, /disappeared/],
  ])('keeps the last reading, stale, when the tool %s, and recovers by itself', async (_what, bad, words) => {
    const it = stage([gpu(0)]);
    await it.monitor.nudge();
    const good = it.reading;
    it.reading = bad;
    it.nowMs += 1000;
    const kept = await it.monitor.nudge();
    expect(kept).toMatchObject({
      stale: true,
      source: 'nvidia-smi',
      takenAtMs: 1_000_000,
      problem: expect.stringMatching(words) as string,
      gpus: [{ uuid: 'GPU-0', memoryFreeMiB: 990 }],
    });
    expect(it.monitor.foreignFreeSince().size).toBe(0);
    it.reading = good;
    expect(await it.monitor.nudge()).toMatchObject({ stale: false, problem: null, takenAtMs: 1_001_000 });
    it.monitor.close();
  });

  it('a machine without GPUs is no problem', async () => {
    const it = stage([]);
    it.reading = { source: 'none', gpus: [] };
    expect(await it.monitor.nudge()).toMatchObject({
      source: 'none',
      stale: false,
      problem: null,
      gpus: [],
      host: { cpuCount: 2 },
    });
    it.monitor.close();
  });

  it('a GPU that is no longer listed stays, unhealthy and without figures', async () => {
    const it = stage([gpu(0), gpu(1)]);
    await it.monitor.nudge();
    it.reading = { gpus: [gpu(1)] };
    const reading = await it.monitor.nudge();
    expect(reading.gpus.map(({ uuid, health, memoryFreeMiB }) => [uuid, health.ok, memoryFreeMiB])).toEqual([
      ['GPU-0', false, null],
      ['GPU-1', true, 990],
    ]);
    it.reading = { gpus: [gpu(0), gpu(1)] };
    expect((await it.monitor.nudge()).gpus.every(({ health }) => health.ok)).toBe(true);
    it.monitor.close();
  });

  it('a reading that is too old is stale even while the probe still hangs', async () => {
    const it = stage([gpu(0)], { fast: 2000, watched: 2000, slow: 2000 });
    await it.monitor.nudge();
    expect(it.monitor.current().stale).toBe(false);
    it.nowMs += 60_000;
    expect(it.monitor.current().stale).toBe(true);
    it.monitor.close();
  });

  it('what was read while there was no work places nothing once there is some, until it is read anew', async () => {
    const it = stage([gpu(0)], { fast: 2000, watched: 5000, slow: 3_600_000 });
    it.monitor.setPace('slow');
    await vi.waitFor(() => expect(it.seen).toHaveLength(1));
    it.nowMs += 10_000;
    expect(it.monitor.current().stale).toBe(false);
    it.monitor.setPace('fast');
    expect(it.monitor.current().stale).toBe(true);
    await vi.waitFor(() => expect(it.seen).toHaveLength(2));
    expect(it.seen[1]?.stale).toBe(false);
    it.monitor.close();
  });

  it('a nudge during a reading gets a reading that began after it, one for all', async () => {
    const it = stage([gpu(0)]);
    let open = (): void => undefined;
    it.gate = new Promise((resolve) => {
      open = resolve;
    });
    const first = it.monitor.nudge();
    const later = [it.monitor.nudge(), it.monitor.nudge(), it.monitor.nudge()];
    expect(it.reads).toBe(1);
    it.reading = { gpus: [gpu(0, { memoryUsedMiB: 77 })] };
    open();
    await first;
    expect((await Promise.all(later)).map(({ gpus }) => gpus[0]?.memoryUsedMiB)).toEqual([77, 77, 77]);
    expect(it.reads).toBe(2);
    it.monitor.close();
  });

  it('reads again and again at its pace, and never after close', async () => {
    const it = stage([gpu(0)], { fast: 5, watched: 5, slow: 3_600_000 });
    it.monitor.setPace('fast');
    const deadline = performance.now() + 5000;
    while (it.seen.length < 3 && performance.now() < deadline) await it.monitor.nudge();
    expect(it.seen.length).toBeGreaterThanOrEqual(3);
    const pending = it.monitor.nudge();
    it.monitor.close();
    const count = it.seen.length;
    await pending;
    await it.monitor.nudge();
    expect(it.seen).toHaveLength(count);
  });

  it('knows since when nobody else has used a GPU', async () => {
    const it = stage([gpu(0), gpu(1, { processes: [runner(9, 300)] })]);
    await it.monitor.nudge();
    expect([...it.monitor.foreignFreeSince()]).toEqual([['GPU-0', 1_000_000]]);
    it.nowMs += 5000;
    it.reading = { gpus: [gpu(0), gpu(1)] };
    await it.monitor.nudge();
    expect([...it.monitor.foreignFreeSince()]).toEqual([
      ['GPU-0', 1_000_000],
      ['GPU-1', 1_005_000],
    ]);
    it.reading = { gpus: [gpu(0, { processes: [runner(9, 300)] }), gpu(1)] };
    await it.monitor.nudge();
    expect([...it.monitor.foreignFreeSince().keys()]).toEqual(['GPU-1']);
    it.monitor.close();
  });
});

it('foreign use: compositors and desktops are none, unexplained memory and strangers are', () => {
  const isUsed = (change: Partial<Gpu>): boolean => isUsedByForeigners(gpu(0, change), 512);
  expect(isUsed({})).toBe(false);
  expect(isUsed({ processes: [runner(1, 25)] })).toBe(false);
  expect(isUsed({ processes: [runner(1, 550, { type: 'G' })], memoryUsedMiB: 600 })).toBe(false);
  expect(isUsed({ processes: [runner(1, 513)] })).toBe(true);
  expect(isUsed({ processes: [runner(1, null)], memoryUsedMiB: null })).toBe(true);
  expect(isUsed({ memoryUsedMiB: 9184, utilizationPct: 0 })).toBe(true);
  expect(isUsed({ memoryUsedMiB: 600 })).toBe(true);
  // The same on a card that shows a display is its desktop.
  expect(isUsed({ memoryUsedMiB: 600, displayActive: true })).toBe(false);
  expect(isUsed({ memoryUsedMiB: 2049, displayActive: true })).toBe(true);
  expect(isUsed({ utilizationPct: 65 })).toBe(true);
  const ours = { memoryUsedMiB: 9184, utilizationPct: 90, processes: [runner(1, 9000, { trialId: 3 })] };
  expect(isUsed(ours)).toBe(false);
});

describe('history', () => {
  it('keeps ten minutes, sends at most 60 points and no peak is lost', () => {
    const history = createGpuHistory();
    for (let second = 0; second < 1200; second += 2)
      history.add(second * 1000, [gpu(0, { utilizationPct: second === 1000 ? 99 : 1 })]);
    const points = history.recent(1_199_000)['GPU-0'] ?? [];
    expect(points.length).toBeLessThanOrEqual(60);
    expect(points.length).toBeGreaterThan(50);
    expect(points[0]?.atMs).toBeGreaterThan(590_000);
    expect(Math.max(...points.map(({ utilizationPct }) => utilizationPct ?? 0))).toBe(99);
    expect(points.map(({ atMs }) => atMs)).toEqual(points.map(({ atMs }) => atMs).toSorted((a, b) => a - b));
  });
  it('unknown use stays unknown', () => {
    const history = createGpuHistory();
    for (let at = 0; at < 200; at += 1) history.add(at * 1000, [gpu(0, { utilizationPct: null })]);
    expect(new Set(history.recent(200_000)['GPU-0']?.map(({ utilizationPct }) => utilizationPct))).toEqual(
      new Set([null]),
    );
  });
});
