/** Pools. */
import type { Pool, PoolSettings } from '../../contract/pools.ts';
import { actOnPool, createPool, deletePool, updatePool, type PoolEdit } from '../../queue/pools.ts';
import type { Store } from '../../store/database.ts';
import { listPools } from '../../store/pools.ts';

export interface PoolService {
  pools(): Pool[];
  createPool(body: {
    id?: string | undefined;
    name: string;
    gpuUuids: readonly string[];
    settings: Partial<PoolSettings>;
  }): Pool;
  updatePool(id: string, edit: PoolEdit): Pool;
  deletePool(id: string): void;
  actOnPool(id: string, action: 'pause' | 'resume' | 'drain'): Pool;
}

export function createPoolService(deps: {
  readonly store: Store;
  readonly cpuCount: number;
  readonly knownUuids: () => ReadonlySet<string>;
}): PoolService {
  const { store, knownUuids } = deps;
  return {
    pools: () => listPools(store.db),
    createPool: (body) => createPool(store, body, deps.cpuCount, knownUuids()),
    updatePool: (id, edit) => updatePool(store, id, edit, knownUuids()),
    deletePool: (id) => {
      deletePool(store, id);
    },
    actOnPool: (id, action) => actOnPool(store, id, action),
  };
}
