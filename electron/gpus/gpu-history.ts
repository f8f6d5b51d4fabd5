/** Use and memory of each GPU over the last ten minutes, in memory only. */
import type { Gpu, GpuHistoryPoint } from '../contract/gpus.ts';

const KEEP_MS = 10 * 60_000;
/** As many as a small curve can show. */
const MAX_SENT = 60;

export interface GpuHistory {
  add(atMs: number, gpus: readonly Gpu[]): void;
  /** @returns uuid -> at most 60 points, oldest first */
  recent(nowMs: number): Record<string, GpuHistoryPoint[]>;
}

/** Points of one slice of time become one: the highest use (a peak must not vanish) and the last memory. */
function thin(points: readonly GpuHistoryPoint[], nowMs: number): GpuHistoryPoint[] {
  if (points.length <= MAX_SENT) return [...points];
  const sliceMs = KEEP_MS / MAX_SENT;
  const slices = new Map<number, GpuHistoryPoint>();
  for (const point of points) {
    // Slices have fixed places in time, so that a curve does not tremble from one reading to the next.
    const slice = Math.floor(point.atMs / sliceMs);
    const other = slices.get(slice);
    const peak = Math.max(point.utilizationPct ?? -1, other?.utilizationPct ?? -1);
    slices.set(slice, { ...point, utilizationPct: peak < 0 ? null : peak });
  }
  return [...slices.values()].filter(({ atMs }) => atMs > nowMs - KEEP_MS).slice(-MAX_SENT);
}

/** @returns an empty history */
export function createGpuHistory(): GpuHistory {
  const byGpu = new Map<string, GpuHistoryPoint[]>();
  return {
    add(atMs, gpus) {
      for (const { uuid, utilizationPct, memoryUsedMiB } of gpus) {
        // A clock that jumped back would leave points of the future behind.
        const points = (byGpu.get(uuid) ?? []).filter((point) => point.atMs > atMs - KEEP_MS && point.atMs < atMs);
        points.push({ atMs, utilizationPct, memoryUsedMiB });
        byGpu.set(uuid, points);
      }
      for (const [uuid, points] of byGpu) if ((points.at(-1)?.atMs ?? 0) <= atMs - KEEP_MS) byGpu.delete(uuid);
    },
    recent(nowMs) {
      return Object.fromEntries([...byGpu].map(([uuid, points]) => [uuid, thin(points, nowMs)]));
    },
  };
}
