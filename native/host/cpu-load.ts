/**
 * How busy the CPUs are, from the difference of two looks at their counters. systeminformation's currentLoad() would
 * start a shell for it and stand still until that ends, the whole engine with it, every two seconds.
 */
import type { CpuInfo } from 'node:os';

export interface CpuLoad {
  /** @returns percent of all CPUs together since the last call, 0..100; null at the first call and when no time has passed */
  sincePreviousPct(cpus: readonly CpuInfo[]): number | null;
}

export function createCpuLoad(): CpuLoad {
  let before: { readonly busyMs: number; readonly totalMs: number } | null = null;
  return {
    sincePreviousPct(cpus) {
      let totalMs = 0;
      let idleMs = 0;
      for (const { times } of cpus) {
        totalMs += times.user + times.nice + times.sys + times.irq + times.idle;
        idleMs += times.idle;
      }
      const now = { busyMs: totalMs - idleMs, totalMs };
      const last = before;
      before = now;
      if (last === null || now.totalMs <= last.totalMs) return null;
      return Math.min(100, Math.max(0, ((now.busyMs - last.busyMs) / (now.totalMs - last.totalMs)) * 100));
    },
  };
}
