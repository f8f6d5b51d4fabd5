/** A pool that drains is paused when its last trial has ended. */
import type { Store } from '../store/database.ts';
import { listPools } from '../store/pools.ts';
import { actOnPool } from './pools.ts';

/** @param hasActive whether a trial of this pool is active */
export function pauseDrainedPools(store: Store, hasActive: (poolId: string) => boolean): void {
  for (const { id, state } of listPools(store.db))
    if (state === 'draining' && !hasActive(id)) actOnPool(store, id, 'pause');
}
