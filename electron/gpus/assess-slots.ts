/**
 * From a reading of the GPUs, our leases and the owner's wishes to slots: which exist, whose they are, what may be
 * placed on them and why not. Pure, total.
 *
 * A slot is a GPU, or each MIG instance of a GPU with MIG on. A GPU that is not in the reading but is leased or claimed
 * by a pool stays as a slot that cannot be used. A reading that is stale, or older than 30 s where the reader does not
 * judge that itself, places nothing. A `problem` of a reading that is not stale is only a warning here: each GPU has its
 * own health.
 */
import type { Gpu, MigInstance, SlotView } from '../contract/gpus.ts';
import { measureSlot } from './measure-slot.ts';
import type { SlotLease, SlotMeasure, SlotReading } from './measure-slot.ts';
import { sayDuration } from '../text/say.ts';
import type { PlanSlot } from './plan-slot.ts';

const STALE_AFTER_MS = 30_000;
const MINUTE_MS = 60_000;

export interface AssessPool {
  readonly id: string;
  readonly isDefault: boolean;
  /** UUIDs of GPUs (all their MIG instances) or of single MIG instances. */
  readonly gpuUuids: readonly string[];
  readonly settings: { readonly foreignThresholdMiB: number; readonly idleMinutes: number | null };
}

export interface AssessInput {
  readonly nowMs: number;
  /** `stale` is the reader's own judgement, by a clock that does not jump; without it the age counts. */
  readonly reading: {
    readonly takenAtMs: number | null;
    readonly stale?: boolean;
    readonly problem: string | null;
    readonly gpus: readonly Gpu[];
  };
  /** Slot uuid -> our leases on it. */
  readonly leases: ReadonlyMap<string, readonly SlotLease[]>;
  /** Slot uuid -> when the last lease on it ended, ms; missing = none has for long. */
  readonly freedAtMs: ReadonlyMap<string, number>;
  /** UUIDs of slots, or of whole GPUs. */
  readonly keptBack: ReadonlySet<string>;
  readonly pools: readonly AssessPool[];
  /** GPU uuid -> since when nobody else has used it, ms; missing = somebody does, or it is not known. */
  readonly foreignFreeSince: ReadonlyMap<string, number>;
}

export interface AssessedSlots {
  readonly planSlots: readonly PlanSlot[];
  readonly views: readonly SlotView[];
}

type Block = NonNullable<PlanSlot['blocked']>;

interface Unit extends SlotReading {
  readonly uuid: string;
  readonly gpuUuid: string;
  readonly label: string;
  readonly name: string;
  /** Why it cannot be used whatever is on it. */
  readonly fault: Block | null;
}

/** @returns the slots in the order of the reading, then those that are missing in it. */
export function assessSlots(input: AssessInput): AssessedSlots {
  const units: Unit[] = [];
  const seen = new Set<string>();
  const add = (unit: Unit): void => {
    if (seen.has(unit.uuid)) return;
    seen.add(unit.uuid);
    units.push(unit);
  };
  input.reading.gpus.forEach((gpu, position) => {
    for (const unit of unitsOf(gpu, position)) add(unit);
  });
  for (const uuid of missingUuids(input, seen)) add(missingUnit(uuid, input.reading.problem));
  const readingFault = faultOfReading(input);
  const slots = units.map((unit) => assessUnit(input, unit, readingFault));
  return { planSlots: slots.map(({ planSlot }) => planSlot), views: slots.map(({ view }) => view) };
}

function unitsOf(gpu: Gpu, position: number): readonly Unit[] {
  const label = `GPU ${gpu.index ?? position}`;
  const health = healthFault(gpu);
  const whole: Unit = {
    uuid: gpu.uuid === '' ? `unidentified-${position}` : gpu.uuid,
    gpuUuid: gpu.uuid,
    label,
    name: gpu.name,
    fault: health,
    totalMiB: gpu.memoryTotalMiB,
    usedMiB: gpu.memoryUsedMiB,
    freeMiB: gpu.memoryFreeMiB,
    processes: gpu.processes,
    hasDisplay: gpu.displayActive === true,
  };
  if (!gpu.migEnabled) return [whole];
  if (gpu.mig.length === 0) {
    return [
      {
        ...whole,
        fault: health ?? {
          code: 'unhealthy',
          text: 'MIG is on but has no instances; create some (nvidia-smi mig -cgi) or turn MIG off',
        },
      },
    ];
  }
  return gpu.mig.map((instance) => migUnit(gpu, instance, whole, gpu.mig.length));
}

function healthFault(gpu: Gpu): Block | null {
  if (!gpu.health.ok) return { code: 'unhealthy', text: gpu.health.reason ?? 'not healthy' };
  if (gpu.uuid === '') return { code: 'unhealthy', text: 'its UUID is not known, so nothing can be pinned to it' };
  if (gpu.computeMode?.toLowerCase() === 'prohibited')
    return { code: 'unhealthy', text: 'its compute mode is Prohibited; nvidia-smi -c DEFAULT allows trials' };
  return null;
}

function migUnit(gpu: Gpu, instance: MigInstance, whole: Unit, siblings: number): Unit {
  return {
    uuid: instance.uuid ?? `${whole.uuid}/mig-${instance.index}`,
    gpuUuid: gpu.uuid,
    label: `${whole.label} MIG ${instance.index}`,
    name: instance.profile === null ? `${gpu.name} MIG` : `${gpu.name} MIG ${instance.profile}`,
    fault:
      whole.fault ??
      (instance.uuid === null
        ? { code: 'gpu_unknown', text: 'the UUID of this MIG instance is not known, so nothing can be pinned to it' }
        : null),
    totalMiB: instance.memoryTotalMiB,
    usedMiB: instance.memoryUsedMiB,
    freeMiB: instance.memoryFreeMiB,
    // Processes are listed per GPU; only where there is a single instance are they certainly its own.
    processes: siblings === 1 ? gpu.processes : [],
    hasDisplay: false,
  };
}

/** Leased or claimed by a pool, but not in the reading. */
function missingUuids(input: AssessInput, seen: ReadonlySet<string>): readonly string[] {
  const gpus = new Set(input.reading.gpus.map((gpu) => gpu.uuid));
  const wanted = [...input.leases].flatMap(([uuid, leases]) => (leases.length > 0 ? [uuid] : []));
  for (const pool of input.pools) wanted.push(...pool.gpuUuids);
  return wanted.filter((uuid) => !seen.has(uuid) && !gpus.has(uuid));
}

function missingUnit(uuid: string, problem: string | null): Unit {
  return {
    uuid,
    gpuUuid: uuid,
    label: `GPU ${uuid.slice(0, 12)}`,
    name: '',
    totalMiB: null,
    usedMiB: null,
    freeMiB: null,
    processes: [],
    hasDisplay: false,
    fault: { code: problem === null ? 'unhealthy' : 'gpu_unknown', text: problem ?? 'nvidia-smi does not list it' },
  };
}

function faultOfReading({ reading, nowMs }: AssessInput): Block | null {
  if (reading.takenAtMs === null)
    return { code: 'gpu_unknown', text: reading.problem ?? 'the GPUs have not been read yet' };
  const ageMs = nowMs - reading.takenAtMs;
  const isStale = reading.stale ?? !(Math.abs(ageMs) <= STALE_AFTER_MS);
  if (!isStale) return null;
  return { code: 'gpu_unknown', text: reading.problem ?? `the last reading of the GPUs is ${sayAge(ageMs)}` };
}

function sayAge(ageMs: number): string {
  if (!(ageMs > 0)) return 'stale';
  return ageMs < 2 * MINUTE_MS ? `${Math.round(ageMs / 1000)} s old` : `${sayDuration(ageMs)} old`;
}

/** @returns the pool a GPU belongs to: the one that claims it, else the default one. */
export function poolOfGpu<T extends Pick<AssessPool, 'gpuUuids' | 'isDefault'>>(
  pools: readonly T[],
  uuid: string,
): T | undefined {
  return pools.find((pool) => pool.gpuUuids.includes(uuid)) ?? pools.find((pool) => pool.isDefault) ?? pools[0];
}

function poolOf(pools: readonly AssessPool[], unit: Unit): AssessPool | undefined {
  return pools.find((pool) => pool.gpuUuids.includes(unit.uuid)) ?? poolOfGpu(pools, unit.gpuUuid);
}

function assessUnit(
  input: AssessInput,
  unit: Unit,
  readingFault: Block | null,
): { readonly planSlot: PlanSlot; readonly view: SlotView } {
  const pool = poolOf(input.pools, unit);
  const leases = input.leases.get(unit.uuid) ?? [];
  const keptBack = input.keptBack.has(unit.uuid) || input.keptBack.has(unit.gpuUuid);
  const measure = measureSlot(
    unit,
    leases,
    input.reading.takenAtMs ?? 0,
    input.freedAtMs.get(unit.uuid) ?? null,
    pool?.settings.foreignThresholdMiB ?? 0,
  );
  const blocked =
    unit.fault ??
    readingFault ??
    (keptBack ? ({ code: 'kept_back', text: 'kept back by its owner' } as const) : null) ??
    foreignFault(measure) ??
    idleFault(input, unit, pool);
  return {
    planSlot: toPlanSlot(unit, pool, blocked, measure),
    view: toView(unit, pool, keptBack, blocked, measure, leases),
  };
}

function foreignFault({ busyText, raiseThresholdToMiB }: SlotMeasure): Block | null {
  if (busyText === null) return null;
  return { code: 'foreign', text: busyText, ...(raiseThresholdToMiB === null ? {} : { raiseThresholdToMiB }) };
}

/** The rule "only when nobody else has used it for N minutes". */
function idleFault(input: AssessInput, unit: Unit, pool: AssessPool | undefined): Block | null {
  const minutes = pool?.settings.idleMinutes ?? null;
  if (minutes === null) return null;
  const since = input.foreignFreeSince.get(unit.uuid) ?? input.foreignFreeSince.get(unit.gpuUuid);
  if (since === undefined)
    return {
      code: 'kept_back',
      text: `others use it or did just now; free for trials after ${minutes} min without them`,
    };
  const idleMs = Math.max(0, input.nowMs - since);
  if (idleMs >= minutes * MINUTE_MS) return null;
  return { code: 'kept_back', text: `without other users for ${Math.floor(idleMs / MINUTE_MS)} of ${minutes} min` };
}

function toPlanSlot(unit: Unit, pool: AssessPool | undefined, blocked: Block | null, measure: SlotMeasure): PlanSlot {
  return {
    id: unit.uuid,
    label: unit.label,
    name: unit.name,
    poolId: pool?.id ?? '',
    blocked,
    totalMiB: unit.totalMiB,
    usableMiB: measure.usableMiB,
    shareableMiB: measure.shareableMiB,
  };
}

function toView(
  unit: Unit,
  pool: AssessPool | undefined,
  keptBack: boolean,
  blocked: Block | null,
  measure: SlotMeasure,
  leases: readonly SlotLease[],
): SlotView {
  return {
    uuid: unit.uuid,
    gpuUuid: unit.gpuUuid,
    label: unit.label,
    name: unit.name,
    poolId: pool?.id ?? '',
    keptBack,
    placeable: blocked === null,
    blockedReason: blocked?.text ?? null,
    totalMiB: unit.totalMiB,
    freeMiB: unit.freeMiB,
    raiseThresholdToMiB: blocked?.raiseThresholdToMiB ?? null,
    foreignMiB: measure.foreignMiB,
    foreignBy: measure.foreignBy,
    trialIds: [...new Set(leases.map((lease) => lease.trialId))],
  };
}
