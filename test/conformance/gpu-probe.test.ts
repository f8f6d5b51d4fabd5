/**
 * The GpuProbe: what every implementation must do, on the fake program and on a real nvidia-smi where there is one;
 * and the bad days, which only the fake can play.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GpuProbe } from '../../electron/ports/gpu-probe.ts';
import { Gpu } from '../../electron/contract/gpus.ts';
import { createGpuProbe } from '../../native/gpu/gpu-probe.ts';
import { findNvidiaSmi } from '../../native/gpu/run-nvidia-smi.ts';
import { understandLive } from '../../native/gpu/understand-live.ts';
import { createFakeGpus } from '../fakes/nvidia-smi/scenario.ts';
import type { FakeGpus } from '../fakes/nvidia-smi/scenario.ts';

/** Well under a test's own limit, well over what the fake needs on a busy machine. */
const TIMEOUT_MS = 3000;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'switchyard-gpu-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

function probeOf(fake: FakeGpus, timeoutMs = TIMEOUT_MS): GpuProbe {
  return createGpuProbe({ env: { ...process.env, ...fake.env }, timeoutMs });
}

function conforms(makeProbe: () => GpuProbe): void {
  it('reads GPUs that keep to the contract, twice the same', async () => {
    const probe = makeProbe();
    const first = await probe.read();
    expect(first).toMatchObject({ source: 'nvidia-smi', problem: null });
    expect(first.gpus.length).toBeGreaterThan(0);
    for (const gpu of first.gpus) {
      expect(Gpu.parse(gpu)).toEqual(gpu);
      expect(gpu.uuid).toMatch(/^\S+$/);
      expect(gpu.health.ok || gpu.health.reason !== null).toBe(true);
      expect((gpu.memoryUsedMiB ?? 0) <= (gpu.memoryTotalMiB ?? Infinity)).toBe(true);
    }
    const second = await probe.read();
    expect(second.gpus.map(({ uuid, index, name, memoryTotalMiB }) => ({ uuid, index, name, memoryTotalMiB }))).toEqual(
      first.gpus.map(({ uuid, index, name, memoryTotalMiB }) => ({ uuid, index, name, memoryTotalMiB })),
    );
  });
  it('diagnoses without faults of its own', async () => {
    const checks = await makeProbe().diagnose();
    expect(checks[0]).toMatchObject({ id: 'nvidia-smi', status: 'ok' });
    for (const check of checks)
      expect(check.status === 'ok' || check.status === 'info' || check.remedy !== null).toBe(true);
  });
}

const real = findNvidiaSmi(undefined, process.env, process.platform);
const hasRealGpu =
  real !== null && spawnSync(real, ['-L'], { timeout: 20_000, encoding: 'utf8' }).stdout?.includes('UUID:') === true;

describe.skipIf(!hasRealGpu)('GpuProbe on the real nvidia-smi (skipped without an NVIDIA GPU)', () => {
  conforms(() => createGpuProbe());
});

describe.skipIf(process.platform === 'win32')('GpuProbe on the fake nvidia-smi (a shell script)', () => {
  conforms(() => probeOf(createFakeGpus(dir, [{}, { utilizationPct: null }])));

  it('measures memory, use and processes, and follows changes', async () => {
    const fake = createFakeGpus(dir, [{ totalMiB: 1000, reservedMiB: 50, usedMiB: 10, utilizationPct: 33 }, {}]);
    const [uuid = ''] = fake.uuids;
    const probe = probeOf(fake);
    fake.addForeign(uuid, { pid: 4312, name: 'jupyter, "lab" 5 MiB', usedMiB: 600 });
    expect((await probe.read()).gpus[0]).toMatchObject({
      uuid,
      index: 0,
      memoryTotalMiB: 1000,
      memoryUsedMiB: 610,
      memoryFreeMiB: 340,
      memoryReservedMiB: 50,
      utilizationPct: 33,
      temperatureC: 38,
      powerW: 21.5,
      processes: [{ pid: 4312, name: 'jupyter, "lab" 5 MiB', usedMiB: 600, trialId: null }],
      health: { ok: true, reason: null },
    });
    fake.removeForeign(4312);
    expect((await probe.read()).gpus[0]).toMatchObject({ memoryFreeMiB: 940, processes: [] });
  });

  it('runs one reading at a time: callers share it', async () => {
    const fake = createFakeGpus(dir, [{}]);
    const probe = probeOf(fake);
    await probe.read();
    const before = fake.calls().length;
    const [a, b, c] = await Promise.all([probe.read(), probe.read(), probe.read()]);
    expect(b).toBe(a);
    expect(c).toBe(a);
    expect(fake.calls().length - before).toBe(2);
  });

  it('tells the memory of MIG instances as it is now when it is asked for a fresh reading', async () => {
    const instance = {
      index: 0,
      uuid: 'MIG-0',
      profile: '1g.10gb',
      gpuInstance: 9,
      computeInstance: 0,
      totalMiB: 9800,
    };
    const fake = createFakeGpus(dir, [{ mig: [{ ...instance, usedMiB: 5000 }] }]);
    const probe = probeOf(fake);
    const used = async (fresh: boolean): Promise<unknown> => (await probe.read(fresh)).gpus[0]?.mig[0]?.memoryUsedMiB;
    expect(await used(false)).toBe(5000);
    fake.set(fake.uuids[0] as string, { mig: [{ ...instance, usedMiB: 20 }] });
    expect(await used(false)).toBe(5000);
    expect(await used(true)).toBe(20);
  });

  it('asks the list and the XML only where MIG is on, and joins them', async () => {
    const plain = createFakeGpus(dir, [{}]);
    await probeOf(plain).read();
    expect(plain.calls().filter((call) => !call.startsWith('--query'))).toEqual([]);
    const mig = [0, 1].map((index) => ({
      index,
      uuid: `MIG-${index}`,
      profile: '1g.10gb',
      gpuInstance: 9 + index,
      computeInstance: 0,
      totalMiB: 9800,
      usedMiB: 100 * index,
    }));
    const fake = createFakeGpus(dir, [{}, { mig }]);
    expect((await probeOf(fake).read()).gpus[1]).toMatchObject({
      migEnabled: true,
      utilizationPct: null,
      health: { ok: true },
      mig: [
        { uuid: 'MIG-0', profile: '1g.10gb', gpuInstance: 9, memoryUsedMiB: 0 },
        { uuid: 'MIG-1', gpuInstance: 10, memoryUsedMiB: 100, memoryFreeMiB: 9700 },
      ],
    });
  });

  it('does without fields the driver refuses, and asks for them only once', async () => {
    const fake = createFakeGpus(dir, [
      { fields: { gpu_recovery_action: undefined, 'mig.mode.current': undefined, persistence_mode: undefined } },
    ]);
    let now = 0;
    const probe = createGpuProbe({ env: { ...process.env, ...fake.env }, timeoutMs: TIMEOUT_MS, nowMs: () => now });
    expect((await probe.read()).gpus[0]).toMatchObject({
      memoryTotalMiB: 24_576,
      memoryReservedMiB: 400,
      health: { ok: true },
    });
    const before = fake.calls().length;
    now += 120_000;
    await probe.read();
    expect(
      fake
        .calls()
        .slice(before)
        .filter((call) => /gpu_recovery_action|mig\.mode|persistence_mode/.test(call)),
    ).toEqual([]);
  });

  it.each(['a probe that knows the GPU', 'a fresh probe'])(
    'keeps the others when one GPU is lost (exit 15), and names it: %s',
    async (which) => {
      const fake = createFakeGpus(dir, [{ name: 'First' }, { name: 'Second' }, { name: 'Third' }]);
      let probe = probeOf(fake);
      await probe.read();
      if (which === 'a fresh probe') probe = probeOf(fake);
      fake.lose(fake.uuids[1] ?? '');
      const lost = await probe.read();
      expect(lost.problem).toBeNull();
      expect(lost.gpus.map(({ uuid, health }) => [uuid, health.ok])).toEqual(
        fake.uuids.map((uuid, at) => [uuid, at !== 1]),
      );
      expect(lost.gpus[1]).toMatchObject({
        memoryFreeMiB: null,
        health: { reason: expect.stringContaining('lost') as string },
      });
      fake.recover();
      expect((await probe.read()).gpus.map(({ health }) => health.ok)).toEqual([true, true, true]);
    },
  );

  it('a GPU that requires a reset is unhealthy although it shows no use', async () => {
    const fake = createFakeGpus(dir, [
      { fields: { 'utilization.gpu': '[GPU requires reset]', 'memory.used': '0 MiB' } },
    ]);
    expect((await probeOf(fake).read()).gpus[0]).toMatchObject({
      memoryUsedMiB: 0,
      health: { ok: false, reason: expect.stringContaining('reset') as string },
    });
  });

  it('answers in time when nvidia-smi hangs and ignores signals, and recovers by itself', async () => {
    const fake = createFakeGpus(dir, [{}]);
    const probe = probeOf(fake, 700);
    fake.hang();
    const startedAt = performance.now();
    const hung = await probe.read();
    expect(performance.now() - startedAt).toBeLessThan(2500);
    expect(hung).toMatchObject({
      source: 'nvidia-smi',
      gpus: [],
      problem: expect.stringContaining('did not answer') as string,
    });
    fake.recover();
    expect(await createGpuProbe({ env: { ...process.env, ...fake.env }, timeoutMs: TIMEOUT_MS }).read()).toMatchObject({
      problem: null,
    });
    expect((await probe.read()).problem).toBeNull();
  });

  it('does not wait for a child that holds the pipe after nvidia-smi has ended', async () => {
    const program = path.join(dir, 'nvidia-smi');
    writeFileSync(program, '#!/bin/sh\nsleep 30 &\necho "No devices were found"\nexit 6\n', { mode: 0o755 });
    const startedAt = performance.now();
    expect(await createGpuProbe({ command: program, timeoutMs: 8000 }).read()).toMatchObject({
      gpus: [],
      problem: expect.stringContaining('shows no GPU') as string,
    });
    expect(performance.now() - startedAt).toBeLessThan(4000);
  });

  it('disappears and comes back', async () => {
    const fake = createFakeGpus(dir, [{}]);
    const probe = createGpuProbe({ env: { ...process.env, ...fake.env }, timeoutMs: TIMEOUT_MS, driverSigns: [] });
    fake.remove();
    expect(await probe.read()).toMatchObject({ source: 'none', gpus: [], problem: null });
    const withDriver = createGpuProbe({ env: { ...process.env, ...fake.env }, driverSigns: [dir] });
    expect(await withDriver.read()).toMatchObject({
      source: 'none',
      problem: expect.stringContaining('nvidia-smi is missing') as string,
    });
    expect((await withDriver.diagnose())[0]).toMatchObject({ status: 'error' });
    fake.recover();
    expect((await probe.read()).gpus).toHaveLength(1);
  });

  it.each([
    [
      'Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 580.126',
      18,
      /kernel module.*Reboot/,
    ],
    [
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.",
      9,
      /modprobe/,
    ],
    ['Failed to initialize NVML: Unknown Error', 255, /daemon-reload/],
    ['No devices were found', 6, /lspci/],
    ['No devices were found', 0, /lspci/],
    ['Segmentation fault (core dumped)', 139, /Segmentation fault/],
    ['', 1, /said nothing \(exit code 1\)/],
  ])('"%s" (exit %i) becomes a problem with its remedy, never a GPU', async (text, exitCode, words) => {
    const fake = createFakeGpus(dir, [{}]);
    const probe = probeOf(fake);
    fake.fail(text, exitCode);
    const reading = await probe.read();
    expect(reading.gpus).toEqual([]);
    expect(reading.problem).toMatch(words);
    const [check] = await probe.diagnose();
    expect(check).toMatchObject({ id: 'nvidia-smi', status: 'error' });
    expect(check?.remedy).toBeTruthy();
  });

  it('a program that cannot be started is a problem, not a crash', async () => {
    const program = path.join(dir, 'nvidia-smi');
    writeFileSync(program, 'no program\0', { mode: 0o755 });
    const reading = await createGpuProbe({ command: program, timeoutMs: TIMEOUT_MS }).read();
    expect(reading.gpus).toEqual([]);
    expect(reading.problem).toBeTruthy();
  });

  it('hints at persistence mode when the first call is slow', async () => {
    const fake = createFakeGpus(dir, [{}]);
    fake.slow(1.1);
    const checks = await createGpuProbe({ env: { ...process.env, ...fake.env }, timeoutMs: 20_000 }).diagnose();
    expect(checks.find(({ id }) => id === 'gpu-persistence')?.remedy).toMatch(/persistenced/);
  });

  it('tells everything about the machine at once, in the form used for captures', async () => {
    const fake = createFakeGpus(dir, [
      {
        mig: [
          {
            index: 0,
            uuid: 'MIG-0',
            profile: '3g.40gb',
            gpuInstance: 2,
            computeInstance: 0,
            totalMiB: 40_000,
            usedMiB: 1,
          },
        ],
      },
      {},
    ]);
    const env = { ...process.env, ...fake.env };
    fake.addForeign(fake.uuids[1] ?? '', { pid: 3, name: 'a, b', usedMiB: 70, type: 'C+G' });
    expect(await understandLive({ env, timeoutMs: TIMEOUT_MS })).toMatchObject({
      gpus: [
        { index: 0, minor: 0, migEnabled: true },
        { index: 1, uuid: fake.uuids[1], utilizationPct: 0, health: { ok: true } },
      ],
      mig: [{ uuid: 'MIG-0', profile: '3g.40gb', memoryTotalMiB: 40_000, gpuUuid: fake.uuids[0], gpuIndex: 0 }],
      processes: [{ pid: 3, name: 'a, b', type: 'C+G', usedMiB: 70, gpuUuid: fake.uuids[1] }],
      problem: null,
      warnings: [],
    });
    fake.lose(fake.uuids[1] ?? '');
    expect((await understandLive({ env, timeoutMs: TIMEOUT_MS })).gpus.map(({ health }) => health.ok)).toEqual([
      true,
      false,
    ]);
    fake.fail('Failed to initialize NVML: Unknown Error', 255);
    expect((await understandLive({ env, timeoutMs: TIMEOUT_MS })).problem?.remedy).toMatch(/nvidia-ctk/);
    fake.hang();
    expect((await understandLive({ env, timeoutMs: 300 })).problem?.text).toMatch(/did not answer/);
    fake.remove();
    expect((await understandLive({ env, timeoutMs: TIMEOUT_MS })).problem?.text).toMatch(/not found/);
  });
});
