/** The pools at the left: load, what they are doing, where to drop trials. */
import { Menu } from '@mantine/core';
import { IconDots, IconPlus } from '@tabler/icons-react';
import { useMemo } from 'react';
import type { SlotView } from '../../../electron/contract/gpus.ts';
import type { Pool } from '../../../electron/contract/pools.ts';
import type { PoolTarget } from '../../../electron/contract/targets.ts';
import { useEngine } from '../../api/store.ts';
import { IconButton } from '../../ui/button.tsx';
import { useNow } from '../../shared/clock.ts';
import { poolAction } from '../../shared/engine-actions.ts';
import { formatCount, formatTime, plural } from '../../ui/format.ts';
import { Meter } from '../../ui/pieces.tsx';
import { choosePool, openDialog } from '../../shared/view-state.ts';
import { describeAim, useDrag } from './drag-state.ts';
import { useChosenPool } from './use-queue.ts';

interface PoolLoad {
  readonly running: number;
  readonly queued: number;
  readonly used: number;
  readonly total: number;
}
const NO_SLOTS: readonly SlotView[] = [];

/** Trials of every pool, counted in one pass when a trial changes; the slots come with every GPU reading. */
function useLoads(): (poolId: string) => PoolLoad {
  const table = useEngine((state) => state.trials);
  const slots = useEngine((state) => state.gpus?.slots) ?? NO_SLOTS;
  const counts = useMemo(() => {
    const byPool = new Map<string, { running: number; queued: number }>();
    for (const { poolId, state } of table.byId.values()) {
      if (state === 'paused' || state === 'done') continue;
      const count = byPool.get(poolId) ?? { running: 0, queued: 0 };
      byPool.set(poolId, count);
      if (state === 'queued') count.queued += 1;
      else count.running += 1;
    }
    return byPool;
  }, [table]);
  return (poolId) => {
    const mine = slots.filter((slot) => slot.poolId === poolId);
    return {
      running: 0,
      queued: 0,
      ...counts.get(poolId),
      used: mine.filter((slot) => slot.trialIds.length > 0).length,
      total: mine.length,
    };
  };
}

export function PoolList() {
  const pools = useEngine((state) => state.pools);
  const hasGpus = useEngine((state) => (state.gpus?.gpus.length ?? 0) > 0);
  const loadOf = useLoads();
  const chosen = useChosenPool();
  return (
    <nav className="pools" aria-label="Pools">
      <div className="pools-head">
        <h2>Pools</h2>
        <Menu position="bottom-end" withinPortal>
          <Menu.Target>
            <IconButton label="Add a pool">
              <IconPlus size={14} aria-hidden="true" />
            </IconButton>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => openDialog({ kind: 'machine-add' })}>A machine over SSH…</Menu.Item>
            <Menu.Item onClick={() => openDialog({ kind: 'cloud-pool-add' })}>A pool in the cloud…</Menu.Item>
            {hasGpus && (
              <Menu.Item onClick={() => openDialog({ kind: 'pool-create' })}>Some of the GPUs here…</Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      </div>
      {pools.map((pool) => (
        <PoolItem key={pool.id} pool={pool} load={loadOf(pool.id)} chosen={pool.id === chosen?.id} />
      ))}
    </nav>
  );
}

function PoolItem({ pool, load, chosen }: { readonly pool: Pool; readonly load: PoolLoad; readonly chosen: boolean }) {
  const clearAtMs = useEngine((state) => state.plan.clearAtMs[pool.id] ?? null);
  const target = useDrag((state) => state.poolId === pool.id);
  const aim = useDrag((state) => (state.poolId === pool.id ? describeAim(state) : null));
  const machine = useEngine((state) => state.gpus?.elsewhere?.find(({ poolId }) => poolId === pool.id) ?? null);
  const now = useNow(60_000);
  // Without GPUs the load is that of the CPU trials.
  const used = load.total > 0 ? load.used : load.running;
  const total = load.total > 0 ? load.total : pool.settings.maxCpuTrials;
  return (
    <div
      className={[
        'pool',
        chosen ? 'chosen' : '',
        target ? 'drop-target' : '',
        pool.kind === 'local' ? '' : 'elsewhere',
      ].join(' ')}
      data-pool-id={pool.id}
    >
      <button
        type="button"
        className="pool-choose"
        aria-current={chosen ? 'true' : undefined}
        onClick={() => choosePool(pool.id)}
      >
        <span className="pool-title">
          <b title={pool.target === null ? undefined : sayPlace(pool.target)}>{pool.name}</b>
          <span
            className="dim3"
            title={
              load.total > 0
                ? `${used} of ${plural(total, 'GPU')} in use`
                : `${used} of ${plural(total, 'CPU trial')} running`
            }
          >
            {used} / {total}
          </span>
        </span>
        <Meter
          value={total === 0 ? 0 : used / total}
          label={`Slots of ${pool.name} in use`}
          tone={pool.kind === 'local' ? 'go' : 'away'}
        />
        <small>{aim ?? describePool(pool, load, clearAtMs, now)}</small>
        {machine?.problem != null && <small className="pool-problem">{machine.problem}</small>}
      </button>
      <PoolMenu pool={pool} />
    </div>
  );
}

/** Where the trials of a pool elsewhere run. */
function sayPlace(target: PoolTarget): string {
  return target.provider === 'ssh'
    ? `${target.host}, over SSH`
    : `${target.machineType} in ${target.regions.join(', ')}, from AWS`;
}

/** "3 running, 14 queued, clear by 07:40". */
function describePool(pool: Pool, load: PoolLoad, clearAtMs: number | null, nowMs: number): string {
  const parts: string[] = [];
  if (pool.state !== 'open') parts.push(pool.state);
  if (pool.settings.hours !== null) parts.push(`open ${pool.settings.hours.from}–${pool.settings.hours.to}`);
  if (load.running > 0) parts.push(`${formatCount(load.running)} running`);
  if (load.queued > 0) parts.push(`${formatCount(load.queued)} queued`);
  if (clearAtMs !== null && load.queued > 0) parts.push(`clear by ${formatTime(clearAtMs, nowMs)}`);
  return parts.length === 0 ? 'idle' : parts.join(', ');
}

export function PoolMenu({ pool }: { readonly pool: Pool }) {
  const hasGpus = useEngine((state) => (state.gpus?.gpus.length ?? 0) > 0);
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <IconButton label={`Actions for pool ${pool.name}`} className="pool-menu">
          <IconDots size={14} aria-hidden="true" />
        </IconButton>
      </Menu.Target>
      <Menu.Dropdown>
        {pool.state === 'open' ? (
          <Menu.Item onClick={() => void poolAction(pool, 'pause')}>Pause pool</Menu.Item>
        ) : (
          <Menu.Item onClick={() => void poolAction(pool, 'resume')}>Resume pool</Menu.Item>
        )}
        {pool.state === 'open' && (
          <Menu.Item onClick={() => void poolAction(pool, 'drain')}>Drain: finish what runs, then pause</Menu.Item>
        )}
        <Menu.Divider />
        <Menu.Item onClick={() => openDialog({ kind: 'pool-settings', poolId: pool.id })}>Pool settings…</Menu.Item>
        {hasGpus && pool.kind === 'local' && (
          <Menu.Item onClick={() => openDialog({ kind: 'pool-create' })}>Split GPUs into a new pool…</Menu.Item>
        )}
        {!pool.isDefault && (
          <Menu.Item className="danger-item" onClick={() => openDialog({ kind: 'pool-delete', poolId: pool.id })}>
            Delete pool…
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
