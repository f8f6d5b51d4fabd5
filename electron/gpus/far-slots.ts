/** How slots of a machine elsewhere are named: "pool/uuid", so that no two machines' collide and nobody takes one for a slot here. Pure. */
import type { Gpu } from '../contract/gpus.ts';

export function farSlotId(poolId: string, uuid: string): string {
  return `${poolId}/${uuid}`;
}

/** @returns the pool whose machine the slot is of; null = a slot of this workstation */
export function poolOfFarSlot(slotId: string): string | null {
  // A MIG instance here without a UUID is named "GPU-.../mig-0"; pools are written small.
  return /^([a-z0-9][a-z0-9-]*)\//.exec(slotId)?.[1] ?? null;
}

/** @returns the UUID as the machine itself knows it */
export function ownUuid(slotId: string): string {
  const poolId = poolOfFarSlot(slotId);
  return poolId === null ? slotId : slotId.slice(poolId.length + 1);
}

/** The GPUs of a machine under the names they have here. */
export function nameFar(poolId: string, gpus: readonly Gpu[]): Gpu[] {
  return gpus.map((gpu) => ({
    ...gpu,
    uuid: gpu.uuid === '' ? '' : farSlotId(poolId, gpu.uuid),
    mig: gpu.mig.map((instance) => ({
      ...instance,
      uuid: instance.uuid === null ? null : farSlotId(poolId, instance.uuid),
    })),
  }));
}
