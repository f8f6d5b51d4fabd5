import { expect, test } from 'vitest';
import type { Gpu, HostReading } from '../../../electron/contract/gpus.ts';
import type { Pool } from '../../../electron/contract/pools.ts';
import { createFarGpus, type FarGpus } from '../../../electron/gpus/far-gpus.ts';
import { farSlotId, ownUuid, poolOfFarSlot } from '../../../electron/gpus/far-slots.ts';
import { defaultPoolSettings } from '../../../electron/queue/pools.ts';
import { waitUntil } from '../../support/processes.ts';

const gpu = (uuid: string, pids: readonly number[] = []): Gpu => ({
  index: 0,
  uuid,
  name: 'NVIDIA Fake',
  busId: null,
  memoryTotalMiB: 24_000,
  memoryUsedMiB: 10,
  memoryFreeMiB: 23_990,
  memoryReservedMiB: null,
  utilizationPct: 0,
  temperatureC: null,
  powerW: null,
  powerLimitW: null,
  driverVersion: null,
  computeMode: null,
  displayActive: null,
  migEnabled: false,
  mig: [],
  processes: pids.map((pid) => ({ pid, name: 'python', type: 'C', usedMiB: 5, trialId: null })),
  health: { ok: true, reason: null },
});
const pool = (id: string, host: string): Pool => ({
  id,
  name: id,
  kind: 'ssh',
  target: { provider: 'ssh', host, root: '~/.switchyard-agent', setup: null },
  isDefault: false,
  state: 'open',
  gpuUuids: [],
  settings: defaultPoolSettings(8),
  revision: 1,
});

function open(): {
  far: FarGpus;
  pools: Pool[];
  kept: string[];
  read: () => number;
  trouble: { value: { sinceMs: number; text: string; remedy: string | null } | null };
  clock: { now: number };
} {
  const clock = { now: 1_000_000 };
  const pools: Pool[] = [];
  const kept: string[] = [];
  const trouble: ReturnType<typeof open>['trouble'] = { value: null };
  let reads = 0;
  const far = createFarGpus({
    clock: { nowMs: () => clock.now, monotonicMs: () => clock.now },
    pools: () => pools,
    trialOf: (attempt) => (attempt === 'mine-t7-a1' ? 7 : null),
    machines: {
      keepOnly: (targets) => {
        kept.splice(0, kept.length, ...targets.flatMap((one) => (one.provider === 'ssh' ? [one.host] : [])));
      },
      at: ({ host }) => ({
        gpus: {
          read: () => {
            reads += 1;
            const reading = { source: 'nvidia-smi' as const, takenAtMs: clock.now, driverVersion: '1' };
            return Promise.resolve(
              trouble.value === null
                ? { ...reading, problem: null, gpus: [gpu('GPU-1', host === 'b' ? [11, 12] : [])] }
                : { ...reading, problem: trouble.value.text, gpus: [] },
            );
          },
          diagnose: () => Promise.resolve([]),
        },
        host: {
          read: () => Promise.reject<HostReading>(new Error('not here')),
          disk: () => Promise.resolve(null),
          processOwners: () => Promise.resolve(new Map([[12, { user: 'anna', sinceMs: 5 }]])),
          bootId: () => Promise.resolve(null),
          diagnose: () => Promise.resolve([]),
        },
        attemptsOf: () =>
          Promise.resolve(
            new Map([
              [11, 'mine-t7-a1'],
              [12, 'other-t7-a1'],
            ]),
          ),
        trouble: () => trouble.value,
      }),
    },
  });
  return { far, pools, kept, trouble, clock, read: () => reads };
}

test('the GPUs of two machines with the same UUID are two slots; processes are ours or of somebody by name', async () => {
  const { far, pools } = open();
  pools.push(pool('a', 'a'), pool('b', 'b'));
  far.sync();
  expect(far.trouble('a')).toBe('it is being looked at');
  await waitUntil('both are read', () => far.status().every(({ gpus }) => gpus.length > 0));
  expect(far.status().map(({ poolId, gpus }) => [poolId, gpus[0]?.uuid])).toEqual([
    ['a', 'a/GPU-1'],
    ['b', 'b/GPU-1'],
  ]);
  expect(far.status()[1]?.gpus[0]?.processes).toMatchObject([
    { pid: 11, trialId: 7 },
    { pid: 12, trialId: null, owner: { user: 'anna' } },
  ]);
  expect([...(far.readings()[0]?.foreignFreeSince ?? []).keys()]).toEqual(['a/GPU-1']);
  expect(far.trouble('a')).toBeNull();
  expect(far.trouble('workstation')).toBeNull();
  far.close();
});

test('what is not reached keeps its last reading, stale, and says since when', async () => {
  const { far, pools, trouble, clock } = open();
  pools.push(pool('a', 'a'));
  far.sync();
  await waitUntil('it is read', () => far.trouble('a') === null);
  trouble.value = { sinceMs: clock.now, text: 'a cannot be reached.', remedy: 'Type: ssh a true' };
  clock.now += 3 * 3_600_000;
  far.setPace('fast');
  await waitUntil('it is seen', () => far.status()[0]?.stale === true);
  expect(far.status()[0]?.gpus.map(({ uuid }) => uuid)).toEqual(['a/GPU-1']);
  expect(far.trouble('a')).toBe('a cannot be reached. It has not been reached for 3 h. Type: ssh a true');
  far.close();
});

test('a pool that is removed is not watched any more, and nothing is read after the end', async () => {
  const { far, pools, kept, read } = open();
  pools.push(pool('a', 'a'), pool('b', 'b'));
  far.sync();
  expect(kept).toEqual(['a', 'b']);
  pools.shift();
  far.sync();
  expect(kept).toEqual(['b']);
  expect(far.readings().map((one) => one.pool.id)).toEqual(['b']);
  far.close();
  const before = read();
  far.sync();
  far.setPace('fast');
  expect(far.readings()).toEqual([]);
  expect(read()).toBe(before);
});

test.each([
  ['GPU-5f', null],
  ['MIG-5f', null],
  ['GPU-5f/mig-0', null],
  [farSlotId('gpu-box', 'GPU-5f'), 'gpu-box'],
  [farSlotId('0', 'MIG-GPU-5f/1/0'), '0'],
])('the slot %s is of %s', (slot, poolId) => {
  expect(poolOfFarSlot(slot)).toBe(poolId);
  expect(ownUuid(slot)).toBe(poolId === null ? slot : slot.slice(poolId.length + 1));
});
