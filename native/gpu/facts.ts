/**
 * What one output of nvidia-smi tells, before outputs are joined. A field is null where the output does not say.
 * Every parser returns these types; none of them performs I/O.
 */

export interface ProcessFacts {
  readonly pid: number;
  readonly name: string;
  /** C, G, C+G or M+C as printed; null where the output has no type (compute-apps). */
  readonly type: string | null;
  readonly usedMiB: number | null;
  readonly gpuUuid: string | null;
  readonly gpuBusId: string | null;
  readonly gpuInstance: number | null;
  readonly computeInstance: number | null;
}

export interface MigFacts {
  readonly index: number;
  readonly uuid: string | null;
  readonly profile: string | null;
  readonly gpuInstance: number | null;
  readonly computeInstance: number | null;
  readonly memoryTotalMiB: number | null;
  readonly memoryUsedMiB: number | null;
  readonly memoryFreeMiB: number | null;
}

/** A sign that the GPU itself is in trouble: the field and the word it held, or a line that named the GPU. */
export interface Fault {
  readonly field: string;
  readonly token: string;
}

export interface GpuFacts {
  /** Position in this output, from 0. */
  readonly order: number;
  readonly index: number | null;
  readonly uuid: string | null;
  readonly name: string | null;
  /** As printed; compare with `normalizeBusId`. */
  readonly busId: string | null;
  /** N of /dev/nvidiaN; may differ from the index. */
  readonly minor: number | null;
  readonly memoryTotalMiB: number | null;
  readonly memoryUsedMiB: number | null;
  readonly memoryFreeMiB: number | null;
  readonly memoryReservedMiB: number | null;
  readonly utilizationPct: number | null;
  readonly temperatureC: number | null;
  readonly powerW: number | null;
  readonly powerLimitW: number | null;
  readonly pstate: string | null;
  readonly driverVersion: string | null;
  readonly computeMode: string | null;
  /** WDDM, TCC or MCDM on Windows. */
  readonly driverModel: string | null;
  readonly migMode: string | null;
  readonly virtualization: string | null;
  readonly recoveryAction: string | null;
  readonly persistenceMode: string | null;
  /** Whether memory is allocated on it for a display. */
  readonly displayActive: boolean | null;
  /** The mask as printed; only CSV has it. */
  readonly throttleActive: string | null;
  readonly throttleReasons: readonly string[] | null;
  readonly mig: readonly MigFacts[];
  readonly processes: readonly ProcessFacts[];
  /** Fields that were there but held no number (or no text), with the word they held. */
  readonly tokens: Readonly<Record<string, string>>;
  readonly faults: readonly Fault[];
  /** Things a person should know about this GPU that do not make it unusable. */
  readonly notes: readonly string[];
}

/** @returns facts that say nothing, to be filled by a parser */
export function emptyFacts(order: number): GpuFacts {
  return {
    order,
    index: null,
    uuid: null,
    name: null,
    busId: null,
    minor: null,
    memoryTotalMiB: null,
    memoryUsedMiB: null,
    memoryFreeMiB: null,
    memoryReservedMiB: null,
    utilizationPct: null,
    temperatureC: null,
    powerW: null,
    powerLimitW: null,
    pstate: null,
    driverVersion: null,
    computeMode: null,
    driverModel: null,
    migMode: null,
    virtualization: null,
    recoveryAction: null,
    persistenceMode: null,
    displayActive: null,
    throttleActive: null,
    throttleReasons: null,
    mig: [],
    processes: [],
    tokens: {},
    faults: [],
    notes: [],
  };
}

/** An error text of nvidia-smi that was recognised (or at least is no data). */
export interface SmiProblem {
  /** As printed. */
  readonly text: string;
  readonly meaning: string;
  readonly remedy: string;
}

export type ProblemCode =
  | 'driver_not_loaded'
  | 'driver_mismatch'
  | 'nvml_unknown'
  | 'nvml_missing'
  | 'nvml_other'
  | 'no_devices'
  | 'no_permission'
  | 'gpu_lost'
  | 'gpu_needs_reset'
  | 'gpu_unreachable'
  | 'invalid_field'
  | 'inforom_corrupt'
  | 'mig_nvlink'
  | 'deprecated'
  | 'wddm_memory'
  | 'unknown_text';

export interface KnownProblem extends SmiProblem {
  readonly code: ProblemCode;
  /** Set when the text names one GPU; the others are not touched. */
  readonly busId: string | null;
  /** For `invalid_field`: the field that was refused. */
  readonly field: string | null;
}

/** One output, understood. */
export interface SmiOutput {
  readonly gpus: readonly GpuFacts[];
  /** Processes the output lists apart from GPUs (compute-apps). */
  readonly processes: readonly ProcessFacts[];
  readonly driverVersion: string | null;
  /** A text that stands for the whole output or for a part of it. */
  readonly problems: readonly KnownProblem[];
  readonly warnings: readonly string[];
}
