/** One GPU: how busy, how hot, how full, and with whom. */
import { Menu } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { sayMemory, sayMemoryOf } from '../../../electron/text/say.ts';
import type { Gpu, GpuStatus, SlotView } from '../../../electron/contract/gpus.ts';
import type { Pool } from '../../../electron/contract/pools.ts';
import { api } from '../../api/client.ts';
import { useEngine } from '../../api/store.ts';
import type { UsePoint } from '../../api/store.ts';
import { IconButton } from '../../ui/button.tsx';
import { useNow } from '../../shared/clock.ts';
import { raiseThreshold } from '../../shared/engine-actions.ts';
import { Sparkline } from '../../ui/pieces.tsx';
import type { Tone } from '../../ui/pieces.tsx';
import { attempt } from '../../shared/toasts.tsx';
import { inspect } from '../../shared/view-state.ts';

const NO_POINTS: readonly UsePoint[] = [];
const HOT_C = 85;
/** What others have of a GPU without being at work there; for more the menu is the place. */
const MOST_OF_A_DESKTOP_MIB = 2_048;

export function GpuCard({ gpu, status }: { readonly gpu: Gpu; readonly status: GpuStatus }) {
  const points = useEngine((state) => state.useHistory.get(gpu.uuid)) ?? NO_POINTS;
  const now = useNow(5_000);
  const slots = status.slots.filter((slot) => slot.gpuUuid === gpu.uuid);
  const foreign = slots.some((slot) => slot.foreignBy !== null && slot.trialIds.length === 0);
  const tone: Tone = !gpu.health.ok ? 'stop' : foreign ? 'wait' : 'go';
  const label = gpu.index === null ? 'GPU' : `GPU ${gpu.index}`;
  const foreignMiB = slots.reduce((sum, slot) => sum + (slot.foreignMiB ?? 0), 0);
  return (
    <article
      className={`gpu-card${gpu.health.ok ? '' : ' broken'}${status.stale ? ' stale' : ''}`}
      aria-label={`${label} ${gpu.name}`}
    >
      <header>
        <b>{label}</b>
        <span className="dim3 cut" title={gpu.name}>
          {shortName(gpu.name)}
        </span>
        <span className="gpu-figures">
          {gpu.utilizationPct !== null && <span>{Math.round(gpu.utilizationPct)}%</span>}
          {gpu.temperatureC !== null && (
            <span className={gpu.temperatureC >= HOT_C ? 'hot' : ''}>{Math.round(gpu.temperatureC)}°</span>
          )}
        </span>
        <GpuMenu gpu={gpu} slots={slots} label={label} />
      </header>
      <Sparkline points={points} nowMs={status.takenAtMs ?? now} tone={tone} />
      <MemoryBar gpu={gpu} foreignMiB={foreignMiB} />
      <div className="gpu-who">
        <Occupants gpu={gpu} slots={slots} />
        <span className="gpu-memory">{sayMemoryOf(gpu.memoryUsedMiB, gpu.memoryTotalMiB)}</span>
      </div>
    </article>
  );
}

function MemoryBar({ gpu, foreignMiB }: { readonly gpu: Gpu; readonly foreignMiB: number }) {
  const total = gpu.memoryTotalMiB ?? 0;
  const used = gpu.memoryUsedMiB ?? 0;
  if (total === 0) return <div className="vram" />;
  const foreign = Math.min(used, foreignMiB);
  return (
    <div
      className="vram"
      role="img"
      aria-label={`Memory ${sayMemoryOf(gpu.memoryUsedMiB, gpu.memoryTotalMiB)}${foreign > 0 ? `, ${Math.round((100 * foreign) / total)}% by others` : ''}`}
    >
      <i style={{ width: `${((used - foreign) / total) * 100}%` }} />
      <u style={{ width: `${(foreign / total) * 100}%` }} />
    </div>
  );
}

function Occupants({ gpu, slots }: { readonly gpu: Gpu; readonly slots: readonly SlotView[] }) {
  const ids = [...new Set(slots.flatMap((slot) => slot.trialIds))];
  const table = useEngine((state) => state.trials);
  if (!gpu.health.ok)
    return (
      <span className="cut gpu-fault" title={gpu.health.reason ?? ''}>
        {gpu.health.reason ?? 'not usable'}
      </span>
    );
  const first = ids[0];
  if (first !== undefined) {
    const name = table.byId.get(first)?.name ?? '';
    return (
      <button type="button" className="gpu-trial cut" title={`#${first} ${name}`} onClick={() => inspect(first)}>
        <b>#{first}</b> {name}
        {ids.length > 1 && ` and ${ids.length - 1} more`}
      </button>
    );
  }
  const foreign = slots.find((slot) => slot.foreignBy !== null);
  if (foreign !== undefined)
    return (
      <>
        <span className="cut gpu-foreign" title={`${foreign.foreignBy}, not started by Switchyard`}>
          {foreign.foreignBy}, not ours
        </span>
        <UseBeside slots={slots} />
      </>
    );
  if (slots.length > 0 && slots.every((slot) => slot.keptBack))
    return <span className="cut dim">kept back for you</span>;
  const blocked = slots.find((slot) => slot.blockedReason !== null);
  if (blocked !== undefined)
    return (
      <>
        <span className="cut dim" title={blocked.blockedReason ?? ''}>
          {blocked.blockedReason}
        </span>
        <UseBeside slots={slots} />
      </>
    );
  if (gpu.migEnabled && slots.length > 0) return <span className="cut dim">{slots.length} MIG instances, free</span>;
  return <span className="cut dim">free</span>;
}

/** One click where nothing but others' memory keeps trials away: an idle desktop, most often. */
function UseBeside({ slots }: { readonly slots: readonly SlotView[] }) {
  const pools = useEngine((state) => state.pools);
  const [raise] = raisesFor(slots, pools);
  if (raise === undefined || raise.toMiB > MOST_OF_A_DESKTOP_MIB) return null;
  const words = `Start trials on it although others use it: let them have ${sayMemory(raise.toMiB)} in ${raise.pool.name}`;
  return (
    <button
      type="button"
      className="gpu-use"
      title={words}
      aria-label={words}
      onClick={() => void raiseThreshold(raise.pool.id, raise.toMiB)}
    >
      Use anyway
    </button>
  );
}

function GpuMenu({
  gpu,
  slots,
  label,
}: {
  readonly gpu: Gpu;
  readonly slots: readonly SlotView[];
  readonly label: string;
}) {
  const pools = useEngine((state) => state.pools);
  const kept = slots.length > 0 && slots.every((slot) => slot.keptBack);
  const change = (body: { keptBack?: boolean; poolId?: string }) =>
    void attempt(async () => {
      for (const slot of slots) await api.updateSlot(slot.uuid, body);
    });
  // Only others' memory is in the way: the threshold of its pool that would let trials on it.
  const raises = raisesFor(slots, pools);
  // A card cannot leave its machine.
  const others = pools.filter((pool) => pool.kind === 'local' && slots.some((slot) => slot.poolId !== pool.id));
  const movable = pools.some((pool) => pool.kind === 'local' && slots.some((slot) => slot.poolId === pool.id));
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <IconButton label={`Actions for ${label}`} className="gpu-menu">
          <IconDots size={14} aria-hidden="true" />
        </IconButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {gpu.name}
          {gpu.powerW === null ? '' : `, ${Math.round(gpu.powerW)} W`}
        </Menu.Label>
        {kept ? (
          <Menu.Item onClick={() => change({ keptBack: false })}>Give {label} back to the queue</Menu.Item>
        ) : (
          <Menu.Item onClick={() => change({ keptBack: true })}>Leave {label} to me</Menu.Item>
        )}
        {raises.map(({ pool, toMiB }) => (
          <Menu.Item key={`raise-${pool.id}`} onClick={() => void raiseThreshold(pool.id, toMiB)}>
            Use it beside others: let them have {sayMemory(toMiB)} in {pool.name}
          </Menu.Item>
        ))}
        {(movable ? others : []).map((pool) => (
          <Menu.Item key={pool.id} onClick={() => change({ poolId: pool.id })}>
            Move to {pool.name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Pools in which only others' memory is in the way, with the threshold that would let trials on it. */
function raisesFor(
  slots: readonly SlotView[],
  pools: readonly Pool[],
): readonly { readonly pool: Pool; readonly toMiB: number }[] {
  return pools.flatMap((pool) => {
    const wanted = slots.flatMap((slot) => (slot.poolId === pool.id ? (slot.raiseThresholdToMiB ?? []) : []));
    return wanted.length === 0 ? [] : [{ pool, toMiB: Math.max(...wanted) }];
  });
}

/** "NVIDIA GeForce RTX 4090" -> "RTX 4090"; the whole name is in the tooltip. */
const shortName = (name: string): string => name.replace(/^NVIDIA\s+/, '').replace(/^GeForce\s+/, '');
