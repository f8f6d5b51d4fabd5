/** Pools. One elsewhere is looked at before it is made, so that nothing half made stays. */
import { SwitchyardError } from '../../contract/errors.ts';
import type { Pool, PoolSettings } from '../../contract/pools.ts';
import type { PoolTarget, TargetCheck } from '../../contract/targets.ts';
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
    target?: PoolTarget | null | undefined;
  }): Promise<Pool>;
  checkTarget(target: PoolTarget): Promise<TargetCheck>;
  updatePool(id: string, edit: PoolEdit): Pool;
  deletePool(id: string): void;
  actOnPool(id: string, action: 'pause' | 'resume' | 'drain'): Pool;
}

export function createPoolService(deps: {
  readonly store: Store;
  readonly cpuCount: number;
  readonly knownUuids: () => ReadonlySet<string>;
  /** What is there now; never rejects. */
  readonly checkTarget: (target: PoolTarget) => Promise<TargetCheck>;
}): PoolService {
  const { store, knownUuids, checkTarget } = deps;
  return {
    pools: () => listPools(store.db),
    async createPool(body) {
      const target = body.target ?? null;
      const found = target === null ? null : requireUsable(await checkTarget(target));
      return createPool(store, body, found?.machine?.cpuCount ?? deps.cpuCount, knownUuids());
    },
    checkTarget,
    updatePool: (id, edit) => updatePool(store, id, edit, knownUuids()),
    deletePool: (id) => {
      deletePool(store, id);
    },
    actOnPool: (id, action) => actOnPool(store, id, action),
  };
}

/** @throws SwitchyardError target_unusable, with the first thing that stands in the way and its remedy */
function requireUsable(check: TargetCheck): TargetCheck {
  if (check.usable) return check;
  const faults = check.findings.filter(({ level }) => level === 'error');
  const [first] = faults;
  throw new SwitchyardError('target_unusable', first?.text ?? 'It cannot be used.', {
    ...(first === undefined || first.remedy === null ? {} : { remedy: first.remedy }),
    path: 'target',
    items: faults.map(({ id, text }) => ({ id, code: 'target_unusable', message: text })),
  });
}
