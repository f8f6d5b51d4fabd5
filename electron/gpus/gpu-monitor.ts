/**
 * Watches the machine: reads GPUs and host now and then and on demand, keeps the last good reading when the probe fails,
 * and remembers use over time.
 *
 * States: idle (a timer runs) -> reading (one at a time; a nudge meanwhile asks for one more) -> idle; closed at the end.
 * Invariants: `current()` never forgets a GPU it has once seen: when the tool hangs, disappears or no longer lists one, the
 * GPU stays, unhealthy or stale, with the reason; when the tool comes back, so does the GPU, without a restart.
 * After close() no timer is left and no listener is called.
 */
import type { Gpu, GpuHistoryPoint, GpuStatus, HostReading } from '../contract/gpus.ts';
import type { Clock } from '../ports/clock.ts';
import type { GpuProbe, GpuReading } from '../ports/gpu-probe.ts';
import type { HostProbe } from '../ports/host-probe.ts';
import { isUsedByForeigners } from './foreign-use.ts';
import { SETTLE_MS } from './measure-slot.ts';
import { createGpuHistory } from './gpu-history.ts';

/** GpuStatus without the slots, which need pools and leases. */
export type MachineReading = Omit<GpuStatus, 'slots' | 'history'>;

/** fast: something runs or waits; watched: somebody only looks; slow: nobody does. */
export type Pace = 'fast' | 'watched' | 'slow';

export interface GpuMonitorOptions {
  readonly probe: GpuProbe;
  readonly host: HostProbe;
  readonly clock: Clock;
  /** Which trial a process belongs to; pids that are missing in the answer are somebody else's. */
  readonly attribute: (pids: readonly number[]) => Promise<ReadonlyMap<number, number>>;
  /** Others' memory up to this is no use of the GPU, by its UUID; as the GPU's pool has it. */
  readonly thresholdMiB: (uuid: string) => number;
  /** Time between readings, ms. */
  readonly intervalsMs?: Readonly<Record<Pace, number>>;
}

export interface GpuMonitor {
  /** Something changed: reads now (or once more, when a reading is under way). Settles with the reading that began after the call; never rejects. */
  nudge(): Promise<MachineReading>;
  /** Starts the monitor when called for the first time. A faster pace reads at once; until then an older reading is stale for `fast`. */
  setPace(pace: Pace): void;
  /** The last good reading; `stale` when it is older than it should be. */
  current(): MachineReading;
  /** uuid -> at most 60 points of the last 10 minutes. */
  history(): Record<string, GpuHistoryPoint[]>;
  /** uuid -> since when nobody else has used the GPU, wall clock ms. A GPU that is used, stale or unhealthy is missing. */
  foreignFreeSince(): ReadonlyMap<string, number>;
  /** After every reading, good or not. The listener must not throw. */
  onReading(listener: (reading: MachineReading) => void): void;
  /** Does not wait for a probe that hangs: what it still brings is dropped. */
  close(): void;
}

const INTERVALS_MS: Readonly<Record<Pace, number>> = { fast: 2000, watched: 5000, slow: 30_000 };
/** A reading may be this much older than its interval: the probe has its own time-out. */
const STALE_SLACK_MS = 12_000;
/** Something changed on the GPUs: for so long nothing in a reading may come from before. Longer than a driver needs to give memory back. */
const FRESH_FOR_MS = SETTLE_MS + 3_000;

const NOBODY: Awaited<ReturnType<HostProbe['processOwners']>> = new Map();

const EMPTY: MachineReading = {
  source: 'none',
  takenAtMs: null,
  stale: false,
  problem: null,
  driverVersion: null,
  gpus: [],
  host: null,
};

function label(gpu: Gpu): string {
  return gpu.index === null ? gpu.name : `GPU ${gpu.index}`;
}

/** A GPU the tool has stopped listing keeps its place, without figures, so that what runs on it stays visible. */
function missing(gpu: Gpu): Gpu {
  return {
    ...gpu,
    memoryUsedMiB: null,
    memoryFreeMiB: null,
    utilizationPct: null,
    temperatureC: null,
    powerW: null,
    processes: [],
    mig: gpu.mig.map((instance) => ({ ...instance, memoryUsedMiB: null, memoryFreeMiB: null })),
    health: {
      ok: false,
      reason: `nvidia-smi no longer lists ${label(gpu)}. Look for "Xid" in the kernel log (sudo dmesg | grep -i xid) and reboot.`,
    },
  };
}

/** Joins a good reading with the GPUs known before. A lost GPU may have been read without name and memory size. */
function keepKnown(before: readonly Gpu[], reading: readonly Gpu[]): Gpu[] {
  const known = new Map(before.map((gpu) => [gpu.uuid, gpu]));
  const gpus = reading.map((gpu) => {
    const other = known.get(gpu.uuid);
    known.delete(gpu.uuid);
    return other === undefined || gpu.health.ok
      ? gpu
      : {
          ...gpu,
          index: gpu.index ?? other.index,
          name: other.name,
          memoryTotalMiB: gpu.memoryTotalMiB ?? other.memoryTotalMiB,
        };
  });
  for (const gpu of known.values()) if (!gpu.uuid.startsWith('unidentified-')) gpus.push(missing(gpu));
  return gpus.sort((a, b) => (a.index ?? Number.MAX_SAFE_INTEGER) - (b.index ?? Number.MAX_SAFE_INTEGER));
}

/** @returns the monitor; it reads nothing until `setPace` or `nudge` */
export function createGpuMonitor(options: GpuMonitorOptions): GpuMonitor {
  const { probe, host, clock, attribute } = options;
  const intervalsMs = options.intervalsMs ?? INTERVALS_MS;
  const history = createGpuHistory();
  const freeSince = new Map<string, number>();
  const listeners: ((reading: MachineReading) => void)[] = [];
  let owners: ReadonlyMap<number, number> = new Map();
  let last: MachineReading = EMPTY;
  let lastGoodMonotonicMs: number | null = null;
  let pace: Pace | null = null;
  let timer: NodeJS.Timeout | null = null;
  let reading: Promise<void> | null = null;
  let again: Promise<void> | null = null;
  let closed = false;
  let freshUntilMs = 0;
  /** There is work again since the last reading, which is older than readings are while there is some. */
  let isOvertaken = false;

  async function attributed(gpus: readonly Gpu[]): Promise<Gpu[]> {
    const pids = [...new Set(gpus.flatMap((gpu) => gpu.processes.map(({ pid }) => pid)))];
    try {
      owners = pids.length === 0 ? new Map() : await attribute(pids);
    } catch {
      // Whose a process is does not change: better the last answer than to take our own trials for strangers.
    }
    const strangers = pids.filter((pid) => !owners.has(pid));
    const users = strangers.length === 0 ? NOBODY : await host.processOwners(strangers).catch(() => NOBODY);
    return gpus.map((gpu) => ({
      ...gpu,
      processes: gpu.processes.map((process) => {
        const owner = users.get(process.pid);
        return { ...process, trialId: owners.get(process.pid) ?? null, ...(owner === undefined ? {} : { owner }) };
      }),
    }));
  }

  function isGood(fresh: GpuReading): boolean {
    if (fresh.gpus.length > 0) return true;
    // No GPUs and nothing wrong is a good answer only where there never were any.
    return fresh.problem === null && last.gpus.length === 0;
  }

  function noteForeigners(atMs: number, gpus: readonly Gpu[]): void {
    const seen = new Set<string>();
    for (const gpu of gpus) {
      if (!gpu.health.ok || isUsedByForeigners(gpu, options.thresholdMiB(gpu.uuid))) continue;
      seen.add(gpu.uuid);
      const since = freeSince.get(gpu.uuid);
      // A clock set back must not make an idle time out of the future.
      if (since === undefined || since > atMs) freeSince.set(gpu.uuid, atMs);
    }
    for (const uuid of freeSince.keys()) if (!seen.has(uuid)) freeSince.delete(uuid);
  }

  async function readOnce(): Promise<void> {
    const [fresh, hostReading] = await Promise.all([
      probe.read(clock.monotonicMs() < freshUntilMs),
      host.read().catch((): HostReading | null => null),
    ]);
    if (closed) return;
    if (isGood(fresh)) {
      const gpus = keepKnown(last.gpus, await attributed(fresh.gpus));
      last = {
        source: fresh.source,
        takenAtMs: fresh.takenAtMs,
        stale: false,
        problem: fresh.problem,
        driverVersion: fresh.driverVersion,
        gpus,
        host: hostReading,
      };
      lastGoodMonotonicMs = clock.monotonicMs();
      history.add(fresh.takenAtMs, gpus);
      noteForeigners(fresh.takenAtMs, gpus);
    } else {
      const gone =
        fresh.source === 'none'
          ? "nvidia-smi has disappeared; the last reading is shown. Install the NVIDIA driver's utilities again."
          : null;
      last = {
        ...last,
        source: last.gpus.length > 0 ? last.source : fresh.source,
        stale: last.gpus.length > 0 || last.takenAtMs !== null,
        problem: fresh.problem ?? gone,
        host: hostReading,
      };
    }
    isOvertaken = false;
    if (!closed) for (const listener of listeners) listener(current());
  }

  function schedule(): void {
    if (closed || pace === null || reading !== null) return;
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(() => {
      void start();
    }, intervalsMs[pace]);
    timer.unref();
  }

  function start(): Promise<void> {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    reading = readOnce().finally(() => {
      reading = null;
      schedule();
    });
    return reading;
  }

  function current(): MachineReading {
    const limitMs = intervalsMs[pace ?? 'slow'] + STALE_SLACK_MS;
    const isOld = lastGoodMonotonicMs !== null && clock.monotonicMs() - lastGoodMonotonicMs > limitMs;
    return last.stale || !(isOld || isOvertaken) ? last : { ...last, stale: true };
  }

  return {
    async nudge() {
      if (closed) return current();
      freshUntilMs = clock.monotonicMs() + FRESH_FOR_MS;
      if (reading === null) await start();
      else {
        again ??= reading.then(() => {
          again = null;
          return closed ? undefined : start();
        });
        await again;
      }
      return current();
    },
    setPace(wanted) {
      if (closed || wanted === pace) return;
      const isFirst = pace === null;
      pace = wanted;
      // Somebody else may have taken a GPU since: what waits is not placed by a reading of the time without work.
      if (wanted === 'fast' && lastGoodMonotonicMs !== null)
        isOvertaken = clock.monotonicMs() - lastGoodMonotonicMs > intervalsMs.fast;
      if (reading !== null) return;
      if (isFirst || wanted !== 'slow') void start();
      else schedule();
    },
    current,
    history: () => history.recent(clock.nowMs()),
    foreignFreeSince: () => (current().stale ? new Map() : freeSince),
    onReading(listener) {
      listeners.push(listener);
    },
    close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
}
