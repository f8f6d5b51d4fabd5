/**
 * Watches the machines elsewhere that pools are made of: one monitor for each such pool, as the workstation has one. What is not
 * reached keeps its last reading, stale, with the reason; nobody waits for it.
 *
 * Invariants: there is a monitor for each pool on a machine elsewhere and for no other, from `sync` on; after close() none reads.
 */
import type { GpuHistoryPoint, MachineGpus } from '../contract/gpus.ts';
import type { Pool } from '../contract/pools.ts';
import type { Clock } from '../ports/clock.ts';
import type { FarMachine, FarMachines } from '../ports/far-machine.ts';
import { sayDuration } from '../text/say.ts';
import { farSlotId, nameFar } from './far-slots.ts';
import { createGpuMonitor, type GpuMonitor, type MachineReading, type Pace } from './gpu-monitor.ts';

/** Each reading is some questions over a line that others use too. */
const INTERVALS_MS: Readonly<Record<Pace, number>> = { fast: 3000, watched: 5000, slow: 60_000 };

export interface FarGpusDeps {
  readonly machines: Pick<FarMachines, 'at' | 'keepOnly'>;
  readonly clock: Clock;
  readonly pools: () => readonly Pool[];
  /** The trial of an attempt of this engine; null = of somebody else. */
  readonly trialOf: (attemptId: string) => number | null;
}

/** What was read of the machine of a pool, under the names of slots here. */
export interface FarReading {
  readonly pool: Pool;
  readonly reading: MachineReading;
  readonly foreignFreeSince: ReadonlyMap<string, number>;
}

export interface FarGpus {
  /** Pools were made, changed or removed. */
  sync(): void;
  readings(): readonly FarReading[];
  status(): MachineGpus[];
  /** Slot id of a GPU -> its last minutes. */
  history(): Record<string, GpuHistoryPoint[]>;
  /** Why nothing can start there now; null = it can, or it is no machine elsewhere. */
  trouble(poolId: string): string | null;
  setPace(pace: Pace): void;
  /** After a reading of any of them, good or not. The listener must not throw. */
  onReading(listener: () => void): void;
  close(): void;
}

interface Watched {
  readonly key: string;
  readonly machine: FarMachine;
  readonly monitor: GpuMonitor;
}

export function createFarGpus(deps: FarGpusDeps): FarGpus {
  const { clock } = deps;
  const watched = new Map<string, Watched>();
  const listeners: (() => void)[] = [];
  let pace: Pace = 'slow';
  let closed = false;

  function watch(pool: Pool): Watched | null {
    if (pool.target?.provider !== 'ssh') return null;
    const machine = deps.machines.at(pool.target);
    const monitor = createGpuMonitor({
      probe: machine.gpus,
      host: machine.host,
      clock,
      attribute: async (pids) => {
        const trials = [...(await machine.attemptsOf(pids))].map(
          ([pid, attempt]) => [pid, deps.trialOf(attempt)] as const,
        );
        return new Map(trials.flatMap(([pid, trial]) => (trial === null ? [] : [[pid, trial] as const])));
      },
      thresholdMiB: () => current(pool.id)?.settings.foreignThresholdMiB ?? 0,
      intervalsMs: INTERVALS_MS,
    });
    monitor.onReading(() => {
      for (const listener of listeners) listener();
    });
    return { key: placeKey(pool), machine, monitor };
  }
  const current = (poolId: string): Pool | undefined => deps.pools().find(({ id }) => id === poolId);

  function drop(poolId: string): void {
    watched.get(poolId)?.monitor.close();
    watched.delete(poolId);
  }

  function trouble(poolId: string): string | null {
    const one = watched.get(poolId);
    if (one === undefined) return null;
    const found = one.machine.trouble();
    if (found !== null) {
      const forMs = clock.nowMs() - found.sinceMs;
      const since = forMs < 60_000 ? '' : ` It has not been reached for ${sayDuration(forMs)}.`;
      return `${found.text}${since}${found.remedy === null ? '' : ` ${found.remedy}`}`;
    }
    return one.monitor.current().takenAtMs === null ? (one.monitor.current().problem ?? 'it is being looked at') : null;
  }

  const readingOf = (pool: Pool, { monitor }: Watched): FarReading => {
    const reading = monitor.current();
    return {
      pool,
      reading: { ...reading, problem: trouble(pool.id) ?? reading.problem, gpus: nameFar(pool.id, reading.gpus) },
      foreignFreeSince: new Map(
        [...monitor.foreignFreeSince()].map(([uuid, sinceMs]) => [farSlotId(pool.id, uuid), sinceMs]),
      ),
    };
  };

  const readings = (): readonly FarReading[] =>
    deps.pools().flatMap((pool) => {
      const one = watched.get(pool.id);
      return one === undefined ? [] : [readingOf(pool, one)];
    });

  return {
    sync() {
      if (closed) return;
      const pools = deps.pools();
      const keys = new Map(pools.map((pool) => [pool.id, placeKey(pool)]));
      for (const [poolId, { key }] of watched) if (keys.get(poolId) !== key) drop(poolId);
      deps.machines.keepOnly(pools.flatMap(({ target }) => (target === null ? [] : [target])));
      for (const pool of pools) {
        if (watched.has(pool.id)) continue;
        const made = watch(pool);
        if (made === null) continue;
        watched.set(pool.id, made);
        made.monitor.setPace(pace);
      }
    },
    readings,
    status: () =>
      readings().map(({ pool, reading }) => ({
        poolId: pool.id,
        host: pool.target?.provider === 'ssh' ? pool.target.host : pool.name,
        takenAtMs: reading.takenAtMs,
        stale: reading.stale,
        problem: reading.problem,
        driverVersion: reading.driverVersion,
        gpus: [...reading.gpus],
      })),
    history: () =>
      Object.fromEntries(
        [...watched].flatMap(([poolId, { monitor }]) =>
          Object.entries(monitor.history()).map(([uuid, points]) => [farSlotId(poolId, uuid), points]),
        ),
      ),
    trouble,
    setPace(wanted) {
      pace = wanted;
      for (const { monitor } of watched.values()) monitor.setPace(wanted);
    },
    onReading(listener) {
      listeners.push(listener);
    },
    close() {
      closed = true;
      for (const poolId of watched.keys()) drop(poolId);
    },
  };
}

function placeKey({ target }: Pool): string {
  return target?.provider === 'ssh' ? `${target.host} ${target.root}` : '';
}
