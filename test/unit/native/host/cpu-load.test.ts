import type { CpuInfo } from 'node:os';
import { expect, test } from 'vitest';
import { createCpuLoad } from '../../../../native/host/cpu-load.ts';

const cpu = (user: number, idle: number): CpuInfo => ({
  model: '',
  speed: 0,
  times: { user, nice: 0, sys: 0, idle, irq: 0 },
});

test('the load is what was busy since the look before, over all CPUs', () => {
  const load = createCpuLoad();
  expect(load.sincePreviousPct([cpu(1000, 9000), cpu(500, 9500)])).toBeNull();
  expect(load.sincePreviousPct([cpu(1100, 9000), cpu(500, 9600)])).toBe(50);
  expect(load.sincePreviousPct([cpu(1100, 9200), cpu(500, 9800)])).toBe(0);
});

test('no time passed, or counters that went back: unknown, and the next look counts again', () => {
  const load = createCpuLoad();
  load.sincePreviousPct([cpu(100, 100)]);
  expect(load.sincePreviousPct([cpu(100, 100)])).toBeNull();
  expect(load.sincePreviousPct([cpu(50, 50)])).toBeNull();
  expect(load.sincePreviousPct([cpu(150, 50)])).toBe(100);
});
