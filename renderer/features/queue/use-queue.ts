/** The chosen pool and its queue, derived from the store once per change. */
import { useMemo } from 'react';
import type { Pool } from '../../../electron/contract/pools.ts';
import { useEngine } from '../../api/store.ts';
import { useView } from '../../shared/view-state.ts';
import { buildQueue } from './queue-model.ts';
import type { QueueModel } from './queue-model.ts';

/** @returns the pool whose queue is shown; undefined before the first snapshot. */
export function useChosenPool(): Pool | undefined {
  const poolId = useView((state) => state.poolId);
  return useEngine((state) => state.pools.find((pool) => pool.id === poolId) ?? state.pools[0]);
}

export function useQueueModel(poolId: string): QueueModel {
  const table = useEngine((state) => state.trials);
  const collapsed = useView((state) => state.collapsed);
  const showArchived = useView((state) => state.showArchived);
  return useMemo(
    () => buildQueue(table.byId.values(), poolId, collapsed, showArchived),
    [table, poolId, collapsed, showArchived],
  );
}
