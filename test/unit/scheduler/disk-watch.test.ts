import { expect, test } from 'vitest';
import { createNotices } from '../../../electron/feed/notices.ts';
import { createDiskWatch } from '../../../electron/scheduler/disk-watch.ts';

test('below the limit nothing starts and a notice says so; with room again both go; a change is told once', async () => {
  let freeMiB: number | null = 500;
  const notices = createNotices(
    () => 0,
    () => undefined,
  );
  const ids = (): string[] => notices.list().map(({ id }) => id);
  const disk = createDiskWatch({
    host: { diskFreeMiB: async () => freeMiB },
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
    host: { diskFreeMiB: async () => freeMiB },
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
