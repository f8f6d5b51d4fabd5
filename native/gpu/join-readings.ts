/**
 * Joins what several outputs of nvidia-smi tell about the same GPUs. UUID is the identity; where captures mask UUIDs or an
 * output lacks them, bus id, index and order decide. GPUs of one output are never joined with each other.
 */
import type { Gpu, GpuProcess } from '../../electron/contract/gpus.ts';
import type { GpuFacts, MigFacts, ProcessFacts, SmiOutput } from './facts.ts';
import { assessHealth } from './health.ts';
import { normalizeBusId } from './values.ts';

function sameText(left: string | null, right: string | null): boolean | null {
  return left === null || right === null ? null : left === right;
}

function sameBusId(left: string | null, right: string | null): boolean | null {
  return left === null || right === null ? null : (normalizeBusId(left) ?? left) === (normalizeBusId(right) ?? right);
}

/** yes: an identity agrees and none disagrees; unknown: the two have no identity in common. */
function isSameGpu(left: GpuFacts, right: GpuFacts): 'yes' | 'no' | 'unknown' {
  const signs = [
    sameText(left.uuid, right.uuid),
    sameBusId(left.busId, right.busId),
    left.index === null || right.index === null ? null : left.index === right.index,
  ];
  if (signs.includes(false)) return 'no';
  return signs.includes(true) ? 'yes' : 'unknown';
}

function joinMig(left: readonly MigFacts[], right: readonly MigFacts[]): readonly MigFacts[] {
  if (left.length === 0 || right.length === 0) return left.length === 0 ? right : left;
  const others = new Map(right.map((instance) => [instance.index, instance]));
  const joined = left.map((instance): MigFacts => {
    const other = others.get(instance.index);
    others.delete(instance.index);
    return other === undefined
      ? instance
      : {
          index: instance.index,
          uuid: instance.uuid ?? other.uuid,
          profile: instance.profile ?? other.profile,
          gpuInstance: instance.gpuInstance ?? other.gpuInstance,
          computeInstance: instance.computeInstance ?? other.computeInstance,
          memoryTotalMiB: instance.memoryTotalMiB ?? other.memoryTotalMiB,
          memoryUsedMiB: instance.memoryUsedMiB ?? other.memoryUsedMiB,
          memoryFreeMiB: instance.memoryFreeMiB ?? other.memoryFreeMiB,
        };
  });
  return [...joined, ...others.values()].sort((a, b) => a.index - b.index);
}

/** The same process may be listed by the XML (with type) and by compute-apps (without). */
function joinProcesses(left: readonly ProcessFacts[], right: readonly ProcessFacts[]): readonly ProcessFacts[] {
  const joined = [...left];
  for (const other of right) {
    const at = joined.findIndex(
      (known) =>
        known.pid === other.pid &&
        (known.computeInstance === other.computeInstance ||
          known.computeInstance === null ||
          other.computeInstance === null),
    );
    const known = joined[at];
    if (known === undefined) joined.push(other);
    else {
      joined[at] = {
        ...known,
        name: known.name === '' ? other.name : known.name,
        type: known.type ?? other.type,
        usedMiB: known.usedMiB ?? other.usedMiB,
        gpuInstance: known.gpuInstance ?? other.gpuInstance,
        computeInstance: known.computeInstance ?? other.computeInstance,
      };
    }
  }
  return joined;
}

/** `left` wins where both say something. */
function joinGpu(left: GpuFacts, right: GpuFacts): GpuFacts {
  return {
    order: left.order,
    index: left.index ?? right.index,
    uuid: left.uuid ?? right.uuid,
    name: left.name ?? right.name,
    busId: left.busId ?? right.busId,
    minor: left.minor ?? right.minor,
    memoryTotalMiB: left.memoryTotalMiB ?? right.memoryTotalMiB,
    memoryUsedMiB: left.memoryUsedMiB ?? right.memoryUsedMiB,
    memoryFreeMiB: left.memoryFreeMiB ?? right.memoryFreeMiB,
    memoryReservedMiB: left.memoryReservedMiB ?? right.memoryReservedMiB,
    utilizationPct: left.utilizationPct ?? right.utilizationPct,
    temperatureC: left.temperatureC ?? right.temperatureC,
    powerW: left.powerW ?? right.powerW,
    powerLimitW: left.powerLimitW ?? right.powerLimitW,
    pstate: left.pstate ?? right.pstate,
    driverVersion: left.driverVersion ?? right.driverVersion,
    computeMode: left.computeMode ?? right.computeMode,
    driverModel: left.driverModel ?? right.driverModel,
    migMode: left.migMode ?? right.migMode,
    virtualization: left.virtualization ?? right.virtualization,
    recoveryAction: left.recoveryAction ?? right.recoveryAction,
    persistenceMode: left.persistenceMode ?? right.persistenceMode,
    displayActive: left.displayActive ?? right.displayActive,
    throttleActive: left.throttleActive ?? right.throttleActive,
    throttleReasons: left.throttleReasons ?? right.throttleReasons,
    mig: joinMig(left.mig, right.mig),
    processes: joinProcesses(left.processes, right.processes),
    tokens: { ...right.tokens, ...left.tokens },
    faults: [...left.faults, ...right.faults],
    notes: [...new Set([...left.notes, ...right.notes])],
  };
}

/**
 * Finds the partners of one output's GPUs among those of earlier outputs.
 * A dead GPU's row may lack every identity the others have: then its place in the output, or being the only one left, decides.
 * @returns for each GPU of `incoming` the position of its partner, or null
 */
function findPartners(known: readonly GpuFacts[], incoming: readonly GpuFacts[]): readonly (number | null)[] {
  const taken = new Set<number>();
  const take = (at: number): number | null => {
    if (at < 0) return null;
    taken.add(at);
    return at;
  };
  const partners = incoming.map((gpu) =>
    take(known.findIndex((other, at) => !taken.has(at) && isSameGpu(other, gpu) === 'yes')),
  );
  return partners.map((partner, position) => {
    const gpu = incoming[position];
    if (partner !== null || gpu === undefined) return partner;
    const open = known.flatMap((other, at) => (!taken.has(at) && isSameGpu(other, gpu) === 'unknown' ? [at] : []));
    const inPlace = known.length === incoming.length ? open.find((at) => at === position) : undefined;
    return take(
      inPlace ?? (open.length === 1 && partners.filter((entry) => entry === null).length === 1 ? (open[0] ?? -1) : -1),
    );
  });
}

/** @returns the processes that belong to no known GPU are kept apart */
function attachProcesses(
  gpus: readonly GpuFacts[],
  processes: readonly ProcessFacts[],
): { gpus: readonly GpuFacts[]; loose: readonly ProcessFacts[] } {
  const byGpu = new Map<GpuFacts, ProcessFacts[]>();
  const loose: ProcessFacts[] = [];
  for (const process of processes) {
    const owners = gpus.filter((gpu) => {
      const signs = [sameText(gpu.uuid, process.gpuUuid), sameBusId(gpu.busId, process.gpuBusId)];
      return !signs.includes(false) && signs.includes(true);
    });
    const owner =
      owners[0] ?? (gpus.length === 1 && process.gpuUuid === null && process.gpuBusId === null ? gpus[0] : undefined);
    if (owner === undefined) loose.push(process);
    else byGpu.set(owner, [...(byGpu.get(owner) ?? []), process]);
  }
  return {
    gpus: gpus.map((gpu) => {
      const own = byGpu.get(gpu);
      return own === undefined
        ? gpu
        : {
            ...gpu,
            processes: joinProcesses(
              gpu.processes,
              own.map((process) => ({ ...process, gpuUuid: gpu.uuid ?? process.gpuUuid })),
            ),
          };
    }),
    loose,
  };
}

export interface JoinedReading {
  readonly gpus: readonly GpuFacts[];
  /** Processes of GPUs that no output describes. */
  readonly looseProcesses: readonly ProcessFacts[];
}

/** @param outputs outputs of one machine; where two say something about the same field, the earlier one wins */
export function joinReadings(outputs: readonly SmiOutput[]): JoinedReading {
  const gpus: GpuFacts[] = [];
  for (const output of outputs) {
    // Only GPUs of earlier outputs are candidates: two rows of one output are two GPUs, whatever their masked UUIDs say.
    const partners = findPartners([...gpus], output.gpus);
    output.gpus.forEach((gpu, position) => {
      const at = partners[position] ?? null;
      const other = at === null ? undefined : gpus[at];
      if (at === null || other === undefined) gpus.push({ ...gpu, order: gpus.length });
      else gpus[at] = joinGpu(other, gpu);
    });
  }
  const attached = attachProcesses(
    gpus,
    outputs.flatMap((output) => output.processes),
  );
  const sorted = [...attached.gpus].sort((a, b) => (a.index ?? a.order) - (b.index ?? b.order));
  return { gpus: sorted, looseProcesses: attached.loose };
}

function toContractProcess(process: ProcessFacts): GpuProcess {
  return { pid: process.pid, name: process.name, type: process.type, usedMiB: process.usedMiB, trialId: null };
}

/** @returns true when MIG is on: then the GPU itself is no slot, its instances are */
export function isMigOn(gpu: GpuFacts): boolean {
  return gpu.mig.length > 0 || /^enabled$/i.test(gpu.migMode ?? '');
}

/**
 * @returns the GPU as it goes over the wire. One whose UUID nobody knows (lost before it was ever read) is named after its
 * place, so that it can be shown; it is never healthy.
 */
export function toContractGpu(gpu: GpuFacts): Gpu {
  return {
    index: gpu.index,
    uuid: gpu.uuid ?? `unidentified-${gpu.busId === null ? gpu.order : (normalizeBusId(gpu.busId) ?? gpu.order)}`,
    name: gpu.name ?? 'unknown GPU',
    busId: gpu.busId,
    memoryTotalMiB: gpu.memoryTotalMiB,
    memoryUsedMiB: gpu.memoryUsedMiB,
    memoryFreeMiB: gpu.memoryFreeMiB,
    memoryReservedMiB: gpu.memoryReservedMiB,
    utilizationPct: gpu.utilizationPct,
    temperatureC: gpu.temperatureC,
    powerW: gpu.powerW,
    powerLimitW: gpu.powerLimitW,
    driverVersion: gpu.driverVersion,
    computeMode: gpu.computeMode,
    displayActive: gpu.displayActive,
    migEnabled: isMigOn(gpu),
    mig: [...gpu.mig],
    processes: gpu.processes.map(toContractProcess),
    health:
      gpu.uuid === null && gpu.faults.length === 0
        ? { ok: false, reason: 'nvidia-smi does not tell its UUID, so it cannot be given to a program.' }
        : assessHealth(gpu),
  };
}
