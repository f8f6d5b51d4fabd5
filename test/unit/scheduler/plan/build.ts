/** Builds planner inputs for the tests: one pool "yard" unless told otherwise. */
import type { PlanInput, PlanPool, PlanTrial } from '../../../../electron/scheduler/plan/model.ts';
import type { PlanSlot } from '../../../../electron/gpus/plan-slot.ts';

export const POOL = 'yard';
export const MINUTE = 60_000;
export const GIB = 1024;

export function pool(settings: Partial<PlanPool['settings']> = {}, change: Partial<PlanPool> = {}): PlanPool {
  return {
    id: POOL,
    state: 'open',
    closedReason: null,
    opensAtMs: null,
    ...change,
    settings: {
      policy: 'priority',
      backfill: 'reserve',
      preemption: false,
      maxRunning: null,
      maxCpuTrials: 4,
      ...settings,
    },
  };
}

export function slot(index: number, change: Partial<PlanSlot> = {}): PlanSlot {
  return {
    id: `gpu-${index}`,
    label: `GPU ${index}`,
    name: 'NVIDIA GeForce RTX 4090',
    poolId: POOL,
    blocked: null,
    totalMiB: 24 * GIB,
    usableMiB: 24 * GIB,
    shareableMiB: 24 * GIB,
    ...change,
  };
}

export function slots(count: number): PlanSlot[] {
  return Array.from({ length: count }, (_, index) => slot(index));
}

export function queued(id: number, change: Partial<PlanTrial> = {}): PlanTrial {
  return {
    id,
    poolId: POOL,
    experimentId: id,
    slots: 1,
    minFreeMiB: null,
    gpuName: null,
    shareMiB: null,
    priority: 42,
    rank: id,
    submitOrder: id,
    weight: 1,
    maxSlots: null,
    preemptible: true,
    state: 'queued',
    lease: [],
    remainingMs: null,
    estimateBasis: 'none',
    held: null,
    ...change,
  };
}

/** @param lease indices of the slots it holds; `slots` follows from them unless given */
export function active(id: number, lease: readonly number[], change: Partial<PlanTrial> = {}): PlanTrial {
  return queued(id, { state: 'active', slots: lease.length, lease: lease.map((index) => `gpu-${index}`), ...change });
}

export function input(parts: Partial<PlanInput>): PlanInput {
  return { nowMs: 1_000_000, pools: [pool()], slots: [], queued: [], active: [], ...parts };
}
