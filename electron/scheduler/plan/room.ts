/** A quick bound: can this pass place anything more at all? */
import { limitReached } from './placement.ts';
import type { Pass } from './pass.ts';
import type { Slot, Want } from './read-input.ts';

const ANY_CPU: Want = { slots: 0, minFreeMiB: null, gpuName: null, shareMiB: null };
const ANY_GPU: Want = { slots: 1, minFreeMiB: null, gpuName: null, shareMiB: null };

/** @returns false only where no trial whatsoever of that lane can start now. */
export function anyRoom(pass: Pass, isCpu: boolean): boolean {
  if (limitReached(pass.yard, pass.now, isCpu ? ANY_CPU : ANY_GPU) !== null) return false;
  if (isCpu) return true;
  for (let i = 0; i < pass.yard.slots.length; i++) {
    const slot = pass.yard.slots[i] as Slot;
    if (slot.blocked !== null || pass.now.exclusive[i] !== 0 || pass.future.exclusive[i] !== 0) continue;
    if (pass.now.shared[i] === 0 && pass.future.shared[i] === 0) return true;
    if ((pass.now.shareable[i] as number) > 0 && (pass.future.shareable[i] as number) > 0) return true;
  }
  return false;
}
