/** The world as the scheduler sees it this instant: pools, slots, trials, put together from the mirror of the queue, leases and the last reading. */
import type { GpuStatus, SlotView } from '../contract/gpus.ts';
import type { Pool } from '../contract/pools.ts';
import { RuntimeKind } from '../contract/states.ts';
import type { AwsTarget } from '../contract/targets.ts';
import type { Clock } from '../ports/clock.ts';
import { listLeases, type LeaseRow } from '../store/attempts.ts';
import type { Store } from '../store/database.ts';
import { getPool, listKeptBack, listPools } from '../store/pools.ts';
import { readProgress, type TrialRow } from '../store/trials.ts';
import { assessSlots, type AssessedSlots } from '../gpus/assess-slots.ts';
import type { FarGpus } from '../gpus/far-gpus.ts';
import { poolOfFarSlot } from '../gpus/far-slots.ts';
import { limitToMachines, rentedSlots, type RentedGpus } from '../gpus/rented-slots.ts';
import type { Estimate, Expectation } from './forecast/estimates.ts';
import { createCreditKeeper, readCredits } from './fair-credits.ts';
import { createFairLedger } from './plan/fair-ledger.ts';
import { changeQueued } from './plan/lines.ts';
import type { PlanInput, PlanOutput, PlanTrial } from './plan/model.ts';
import { poolOpenState } from './pool-hours.ts';
import { toPlanTrial, type QueuedTrial, type QueueIndex } from './queue-index.ts';

export interface WorldDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly index: QueueIndex;
  readonly monitor: {
    current(): Omit<GpuStatus, 'slots' | 'history'>;
    nudge(): Promise<unknown>;
    foreignFreeSince(): ReadonlyMap<string, number>;
  };
  /** Machines elsewhere that pools are made of. */
  readonly far: Pick<FarGpus, 'readings' | 'trouble'>;
  /** What a machine that a pool rents has; null = no GPU, or a type nobody knows. */
  readonly rentedGpus: (target: AwsTarget) => RentedGpus | null;
  /** Why nothing of this runtime can start now; null = it can. */
  readonly heldRuntime: (kind: RuntimeKind) => string | null;
  readonly diskProblem: () => string | null;
  readonly estimateActive: (row: TrialRow) => Expectation;
}

export interface World {
  /** A plan was made from what `read` gave last: what it says of shares counts from now on. */
  notePlan(output: PlanOutput): void;
  /** Settles when the machine has been read once (at most about 10 s after the start). */
  firstReading(): Promise<void>;
  read(): PlanInput;
  slotViews(): SlotView[];
  slotsOfPool(poolId: string): { readonly label: string; readonly name: string; readonly totalMiB: number | null }[];
  /** Whether its GPUs, or that it has none, could be read. */
  gpusKnown(poolId: string): boolean;
  /** GPUs and MIG instances of the machine, and of those elsewhere as "pool/uuid". */
  knownUuids(): Set<string>;
}

/** A trial that was asked to stop is taken to be gone this much later; if not, when it is killed. */
const SOON_MS = 10_000;

/** Counted from the moment of the reading: an end that is fixed stays the same moment in every plan. */
function expect(row: TrialRow, nowMs: number, estimate: WorldDeps['estimateActive']): Estimate {
  if (row.state === 'stopping' && row.stop !== null) {
    const { askedAtMs, killAtMs } = row.stop;
    const goneAtMs = [askedAtMs + SOON_MS, killAtMs ?? 0].find((atMs) => atMs > nowMs) ?? nowMs;
    return { remainingMs: goneAtMs - nowMs, basis: 'none' };
  }
  const { endsAtMs, basis } = estimate(row);
  return { remainingMs: endsAtMs === null ? null : Math.max(0, endsAtMs - nowMs), basis };
}

export function createWorld(deps: WorldDeps): World {
  let first: Promise<void> | null = null;
  /** Slots that were leased at the last look, and when those that are no longer were seen to come free. */
  let leasedBefore: ReadonlySet<string> = new Set();
  const freedAtMs = new Map<string, number>();
  const ledger = createFairLedger(readCredits(deps.store.db));
  const keepCredits = createCreditKeeper(deps.store, deps.clock);

  const rentedGpus = ({ target }: Pool): RentedGpus | null =>
    target?.provider === 'aws' ? deps.rentedGpus(target) : null;

  function assess(): AssessedSlots {
    const db = deps.store.db;
    const leases = new Map<string, LeaseRow[]>();
    for (const lease of listLeases(db)) {
      const list = leases.get(lease.slotUuid);
      if (list === undefined) leases.set(lease.slotUuid, [lease]);
      else list.push(lease);
    }
    const nowMs = deps.clock.nowMs();
    for (const slot of leasedBefore) if (!leases.has(slot)) freedAtMs.set(slot, nowMs);
    for (const slot of leases.keys()) freedAtMs.delete(slot);
    leasedBefore = new Set(leases.keys());
    const pools = listPools(db);
    const shared = { nowMs, freedAtMs, keptBack: listKeptBack(db) };
    const leasesOf = (poolId: string | null): ReadonlyMap<string, LeaseRow[]> =>
      new Map([...leases].filter(([slot]) => poolOfFarSlot(slot) === poolId));
    const here = assessSlots({
      ...shared,
      reading: deps.monitor.current(),
      leases: leasesOf(null),
      pools: pools.filter(({ target }) => target === null),
      foreignFreeSince: deps.monitor.foreignFreeSince(),
    });
    const far = deps.far.readings().map(({ pool, reading, foreignFreeSince }) =>
      assessSlots({
        ...shared,
        reading,
        leases: leasesOf(pool.id),
        // All that is there is its own.
        pools: [{ ...pool, isDefault: true }],
        foreignFreeSince,
      }),
    );
    return {
      planSlots: [
        ...[here, ...far].flatMap(({ planSlots }) => planSlots),
        ...pools.flatMap((pool) => rentedSlots(pool, rentedGpus(pool))),
      ],
      views: [here, ...far].flatMap(({ views }) => views),
    };
  }

  return {
    notePlan(output) {
      const nowMs = deps.clock.nowMs();
      ledger.note(output.shares, nowMs);
      keepCredits(ledger.at(nowMs));
    },
    firstReading: () =>
      (first ??=
        deps.monitor.current().takenAtMs !== null ? Promise.resolve() : deps.monitor.nudge().then(() => undefined)),

    read() {
      const nowMs = deps.clock.nowMs();
      const { planSlots } = assess();
      const pools = listPools(deps.store.db).map((pool) => ({
        id: pool.id,
        state: pool.state,
        settings: limitToMachines(pool),
        hours: pool.settings.hours,
        ...poolOpenState(pool.settings.hours, nowMs),
      }));
      const poolOfSlot = new Map(planSlots.map((slot) => [slot.id, slot.poolId]));
      const leasesOf = new Map<number, string[]>();
      for (const { slotUuid, trialId } of listLeases(deps.store.db)) {
        const list = leasesOf.get(trialId);
        if (list === undefined) leasesOf.set(trialId, [slotUuid]);
        else list.push(slotUuid);
      }
      const active = deps.index.active().map(({ row }): PlanTrial => {
        const lease = leasesOf.get(row.id) ?? [];
        // What it reports changes no plan by itself, so the mirror does not hear of it.
        const fresh: TrialRow = { ...row, ...readProgress(deps.store.db, row.id) };
        const trial = toPlanTrial(
          fresh,
          row.state === 'stopping' ? 'releasing' : 'active',
          lease,
          expect(fresh, nowMs, deps.estimateActive),
        );
        // It counts where its slots are, also when it is on its way to another pool or its GPU was given to one.
        const poolId = lease[0] === undefined ? trial.poolId : (poolOfSlot.get(lease[0]) ?? trial.poolId);
        return poolId === trial.poolId ? trial : { ...trial, poolId };
      });
      const { problem, gpus } = deps.monitor.current();
      const slotsProblem = gpus.length === 0 ? problem : null;
      const credits = ledger.at(nowMs);
      const lines = deps.index.lines();
      return withHolds({ nowMs, pools, slots: planSlots, slotsProblem, queued: [], lines, active, credits });
    },

    slotViews: () => [...assess().views],
    slotsOfPool: (poolId) => {
      const pool = getPool(deps.store.db, poolId);
      const slots = assess().planSlots.filter((slot) => slot.poolId === poolId);
      // A trial has one machine, however many the pool may rent.
      const most = pool?.target?.provider === 'aws' ? (rentedGpus(pool)?.count ?? 0) : slots.length;
      return slots.slice(0, most).map(({ label, name, totalMiB }) => ({ label, name, totalMiB }));
    },
    gpusKnown: (poolId) => {
      if (getPool(deps.store.db, poolId)?.kind === 'cloud') return true;
      const far = deps.far.readings().find(({ pool }) => pool.id === poolId);
      const { problem, gpus, takenAtMs } = far?.reading ?? deps.monitor.current();
      return gpus.length > 0 || (problem === null && (far === undefined || takenAtMs !== null));
    },
    knownUuids: () =>
      new Set(
        [deps.monitor.current(), ...deps.far.readings().map(({ reading }) => reading)]
          .flatMap(({ gpus }) => gpus)
          .flatMap((gpu) => [gpu.uuid, ...gpu.mig.flatMap(({ uuid }) => (uuid === null ? [] : [uuid]))]),
      ),
  };

  /** Holds that hit everything at once are put on here, so that the mirror stays as it is. */
  function withHolds(input: PlanInput): PlanInput {
    const disk = deps.diskProblem();
    if (disk !== null)
      return changeQueued(input, (trial) => ({ ...trial, held: { code: 'disk_full' as const, text: disk } }));
    // A runtime that nobody waits for holds nobody: the usual case without Docker, told apart without a look at each trial.
    const held = new Map<RuntimeKind, string>();
    for (const kind of RuntimeKind.options) {
      const text = deps.index.queuedOn(kind) === 0 ? null : deps.heldRuntime(kind);
      if (text !== null) held.set(kind, text);
    }
    const away = new Map<string, string>();
    for (const { id } of input.pools) {
      const text = deps.far.trouble(id);
      if (text !== null) away.set(id, text);
    }
    if (held.size === 0 && away.size === 0) return input;
    return changeQueued(input, (trial) => {
      const text = away.get(trial.poolId) ?? held.get((trial as QueuedTrial).runtime);
      return text === undefined ? trial : { ...trial, held: { code: 'runtime_down' as const, text } };
    });
  }
}
