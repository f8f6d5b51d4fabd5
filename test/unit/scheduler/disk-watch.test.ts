import { expect, test } from 'vitest';
import { createNotices } from '../../../electron/feed/notices.ts';
import { createDiskWatch, isFilling } from '../../../electron/scheduler/disk-watch.ts';

test('below the limit nothing starts and a notice says so; with room again both go; a change is told once', async () => {
  let freeMiB: number | null = 500;
  const notices = createNotices(
    () => 0,
    () => undefined,
  );
  const ids = (): string[] => notices.list().map(({ id }) => id);
  const disk = createDiskWatch({
    host: { disk: async () => (freeMiB === null ? null : { freeMiB, totalMiB: 1000 }) },
    useText: () => null,
    dataDir: '/data',
    leastFreeMiB: () => 500,
    notices,
  });
  expect(await disk.look()).toBe(false);
  expect(disk.problem()).toBeNull();
  freeMiB = 499.9;
  expect(await disk.look()).toBe(true);
  expect(disk.problem()).toMatch(/Only 499 MiB.*below 500 MiB/);
  expect(ids()).toEqual(['disk_low']);
  expect(await disk.look()).toBe(false);
  // Not known is not low.
  freeMiB = null;
  expect(await disk.look()).toBe(true);
  expect(disk.problem()).toBeNull();
  expect(ids()).toEqual([]);
});

test('a disk without room is told also where the limit is 0, and starts are left to the user', async () => {
  let freeMiB = 255;
  const notices = createNotices(
    () => 0,
    () => undefined,
  );
  const disk = createDiskWatch({
    host: { disk: async () => ({ freeMiB, totalMiB: 1000 }) },
    useText: () => null,
    dataDir: '/data',
    leastFreeMiB: () => 0,
    notices,
  });
  expect(await disk.look()).toBe(false);
  expect(disk.problem()).toBeNull();
  expect(notices.list()).toMatchObject([{ id: 'disk_low', text: expect.stringContaining('Only 255 MiB') }]);
  freeMiB = 256;
  await disk.look();
  expect(notices.list()).toEqual([]);
});

test('before the room is short a warning says what takes it', async () => {
  let freeMiB = 6_000;
  const notices = createNotices(
    () => 0,
    () => undefined,
  );
  const disk = createDiskWatch({
    host: { disk: async () => ({ freeMiB, totalMiB: 500_000 }) },
    dataDir: '/data',
    leastFreeMiB: () => 256,
    useText: () => "Switchyard's own data takes 80 GiB: working copies 60 GiB",
    notices,
  });
  await disk.look();
  expect([notices.list(), disk.isFilling()]).toEqual([[], false]);
  freeMiB = 4_000;
  await disk.look();
  expect(disk.isFilling()).toBe(true);
  expect(disk.problem()).toBeNull();
  expect(notices.list()).toMatchObject([
    {
      id: 'disk_low',
      level: 'warning',
      text: expect.stringMatching(
        /fills up: 3\.9 GiB of 488 GiB are free\. Switchyard's own data takes 80 GiB: working copies 60 GiB\.$/,
      ),
      remedy: expect.stringContaining('switchyard disk'),
    },
  ]);
});

test('a small disk is not called full because it is small; a high limit is told in time', () => {
  expect(isFilling({ freeMiB: 900, totalMiB: 4_000 }, 256)).toBe(false);
  expect(isFilling({ freeMiB: 399, totalMiB: 4_000 }, 0)).toBe(true);
  expect(isFilling({ freeMiB: 30_000, totalMiB: 1_000_000 }, 20_000)).toBe(true);
});
