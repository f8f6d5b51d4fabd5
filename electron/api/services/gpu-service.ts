/** GPUs and their slots. */
import type { GpuStatus } from '../../contract/gpus.ts';
import type { FeedFrame } from '../../ports/engine-api.ts';
import { changeSlot, type SlotEdit } from '../../queue/pools.ts';
import type { Store } from '../../store/database.ts';

export interface GpuService {
  gpus(): GpuStatus;
  updateSlot(uuid: string, edit: SlotEdit): GpuStatus;
}

export function createGpuService(deps: {
  readonly store: Store;
  readonly gpuStatus: () => GpuStatus;
  readonly knownUuids: () => ReadonlySet<string>;
  readonly replan: () => void;
  readonly publish: (frame: FeedFrame) => void;
}): GpuService {
  return {
    gpus: deps.gpuStatus,
    updateSlot(uuid, edit) {
      changeSlot(deps.store, uuid, edit, deps.knownUuids());
      deps.replan();
      const status = deps.gpuStatus();
      deps.publish({ event: 'gpus', data: status });
      return status;
    },
  };
}
