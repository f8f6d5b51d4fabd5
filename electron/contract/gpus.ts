/**
 * What is known of the machine: GPUs as read from nvidia-smi, CPU, memory and disk.
 * `null` always means "the tool did not say"; it is never replaced by 0.
 */
import { z } from '@hono/zod-openapi';
import { PoolId, TimestampMs, TrialId } from './states.ts';

const mib = z.number().nullable();

export const GpuProcess = z
  .object({
    pid: z.number().int(),
    name: z.string(),
    type: z
      .string()
      .nullable()
      .openapi({ description: 'C compute, G graphics, C+G both; null where the source does not tell.' }),
    usedMiB: mib,
    trialId: TrialId.nullable().openapi({
      description: 'The trial this process belongs to; null = somebody else (foreign).',
    }),
    owner: z.object({ user: z.string(), sinceMs: TimestampMs }).optional().openapi({
      description: 'Of a foreign one: whose it is, and since when it runs; missing where nobody can tell.',
    }),
  })
  .openapi('GpuProcess');
export type GpuProcess = z.infer<typeof GpuProcess>;

export const MigInstance = z
  .object({
    index: z.number().int(),
    uuid: z.string().nullable(),
    profile: z.string().nullable(),
    gpuInstance: z.number().int().nullable(),
    computeInstance: z.number().int().nullable(),
    memoryTotalMiB: mib,
    memoryUsedMiB: mib,
    memoryFreeMiB: mib,
  })
  .openapi('MigInstance');
export type MigInstance = z.infer<typeof MigInstance>;

export const GpuHealth = z
  .object({
    ok: z.boolean(),
    reason: z.string().nullable().openapi({ description: 'Why it is not usable, in words a person can act on.' }),
  })
  .openapi('GpuHealth');
export type GpuHealth = z.infer<typeof GpuHealth>;

export const Gpu = z
  .object({
    index: z.number().int().nullable(),
    uuid: z.string(),
    name: z.string(),
    busId: z.string().nullable(),
    memoryTotalMiB: mib,
    memoryUsedMiB: mib,
    memoryFreeMiB: mib,
    memoryReservedMiB: mib,
    utilizationPct: z.number().nullable(),
    temperatureC: z.number().nullable(),
    powerW: z.number().nullable(),
    powerLimitW: z.number().nullable(),
    driverVersion: z.string().nullable(),
    computeMode: z.string().nullable(),
    displayActive: z.boolean().nullable().openapi({
      description: 'A display is shown by it: a desktop takes some of its memory. null = the driver does not say.',
    }),
    migEnabled: z.boolean(),
    mig: z.array(MigInstance),
    processes: z.array(GpuProcess),
    health: GpuHealth,
  })
  .openapi('Gpu');
export type Gpu = z.infer<typeof Gpu>;

/** One placeable unit as the scheduler sees it: a GPU, or one MIG instance of a GPU. */
export const SlotView = z
  .object({
    uuid: z.string(),
    gpuUuid: z.string(),
    label: z.string().openapi({ example: 'GPU 0' }),
    name: z.string(),
    poolId: PoolId,
    keptBack: z.boolean(),
    placeable: z.boolean(),
    blockedReason: z.string().nullable(),
    totalMiB: mib,
    freeMiB: mib,
    raiseThresholdToMiB: mib.openapi({
      description:
        "Set where only others' memory makes it busy: the foreignThresholdMiB of its pool that would let trials on it.",
    }),
    foreignMiB: mib,
    foreignBy: z
      .string()
      .nullable()
      .openapi({ description: 'Largest foreign process, for example "jupyter of anna since 09:12 (pid 4312)".' }),
    trialIds: z.array(TrialId),
  })
  .openapi('SlotView');
export type SlotView = z.infer<typeof SlotView>;

export const HostReading = z
  .object({
    hostname: z.string(),
    cpuPct: z.number().nullable(),
    cpuCount: z.number().int(),
    memoryTotalMiB: mib,
    memoryUsedMiB: mib,
    diskFreeMiB: mib,
    diskTotalMiB: mib,
  })
  .openapi('HostReading');
export type HostReading = z.infer<typeof HostReading>;

/** One point of the small curves on a GPU's card. */
export const GpuHistoryPoint = z
  .object({
    atMs: TimestampMs,
    utilizationPct: z.number().nullable(),
    memoryUsedMiB: mib,
  })
  .openapi('GpuHistoryPoint');
export type GpuHistoryPoint = z.infer<typeof GpuHistoryPoint>;

/** The GPUs of a machine that is reached over the network. Their UUIDs are written "pool/uuid", so that no two machines' collide. */
export const MachineGpus = z
  .object({
    poolId: PoolId,
    host: z.string(),
    takenAtMs: TimestampMs.nullable(),
    stale: z.boolean(),
    problem: z.string().nullable().openapi({ description: 'For example since when it is not reachable.' }),
    driverVersion: z.string().nullable(),
    gpus: z.array(Gpu),
  })
  .openapi('MachineGpus');
export type MachineGpus = z.infer<typeof MachineGpus>;

export const GpuStatus = z
  .object({
    source: z.enum(['nvidia-smi', 'none']),
    takenAtMs: TimestampMs.nullable(),
    stale: z.boolean(),
    problem: z
      .string()
      .nullable()
      .openapi({ description: 'A fault of the whole reading, for example a driver mismatch, with its remedy.' }),
    driverVersion: z.string().nullable(),
    gpus: z.array(Gpu),
    slots: z.array(SlotView),
    host: HostReading.nullable(),
    elsewhere: z.array(MachineGpus).optional().openapi({
      description: 'One entry per pool on an SSH machine; the slots of those machines are in `slots`.',
    }),
    history: z
      .record(z.string(), z.array(GpuHistoryPoint))
      .optional()
      .openapi({ description: 'GPU uuid -> at most 60 points of the last 10 minutes, oldest first.' }),
  })
  .openapi('GpuStatus');
export type GpuStatus = z.infer<typeof GpuStatus>;
