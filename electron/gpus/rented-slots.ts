/** Slots of machines that are not made yet: as many as the pool may have at once, each with the GPUs of its type. Pure. */
import type { Pool } from '../contract/pools.ts';
import { farSlotId } from './far-slots.ts';
import type { PlanSlot } from './plan-slot.ts';

/** What one machine of a type has. */
export interface RentedGpus {
  readonly name: string;
  readonly count: number;
  readonly memoryMiB: number;
}

/** @param gpus null = a type without a GPU, or one nobody knows */
export function rentedSlots(pool: Pool, gpus: RentedGpus | null): PlanSlot[] {
  if (pool.target?.provider !== 'aws' || gpus === null) return [];
  const { name, count, memoryMiB } = gpus;
  return Array.from({ length: pool.target.maxMachines * count }, (_, index) => {
    const [machine, gpu] = [Math.floor(index / count) + 1, index % count];
    return {
      id: farSlotId(pool.id, `machine-${machine}-gpu-${gpu}`),
      label: `GPU ${gpu} of machine ${machine}`,
      name,
      poolId: pool.id,
      blocked: null,
      totalMiB: memoryMiB,
      usableMiB: memoryMiB,
      shareableMiB: memoryMiB,
    };
  });
}

/** Each trial has a machine of its own, so there run no more at once than there may be machines; with or without a GPU. */
export function limitToMachines({ target, settings }: Pool): Pool['settings'] {
  if (target?.provider !== 'aws') return settings;
  return {
    ...settings,
    maxRunning: Math.min(settings.maxRunning ?? target.maxMachines, target.maxMachines),
    maxCpuTrials: target.maxMachines,
  };
}
