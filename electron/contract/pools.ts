/** Pools: places where trials run, each with its own ordered queue, policy and limits. */
import { z } from '@hono/zod-openapi';
import { PoolId } from './states.ts';
import { PoolKind, PoolTarget } from './targets.ts';

export const PoolPolicy = z.enum(['priority', 'fair_share']).openapi('PoolPolicy');
export const Backfill = z.enum(['reserve', 'greedy']).openapi('Backfill');

/** Opening hours in local time; `from` later than `to` spans midnight ("20:00" to "08:00"). */
export const PoolHours = z
  .object({
    from: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time is HH:MM, for example 20:00'),
    to: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time is HH:MM, for example 08:00'),
  })
  .strict()
  .openapi('PoolHours');

export const PoolSettings = z
  .object({
    policy: PoolPolicy,
    backfill: Backfill,
    preemption: z.boolean(),
    maxRunning: z
      .number()
      .int()
      .min(1)
      .nullable()
      .openapi({ description: 'At most this many trials at once; null = as many as fit.' }),
    maxCpuTrials: z.number().int().min(0).openapi({ description: 'At most this many trials with 0 slots at once.' }),
    hours: PoolHours.nullable(),
    idleMinutes: z
      .number()
      .int()
      .min(1)
      .nullable()
      .openapi({ description: 'Start only on GPUs nobody else used for this long.' }),
    foreignThresholdMiB: z
      .number()
      .int()
      .min(0)
      .openapi({ description: 'Foreign memory below this does not make a GPU busy (desktops need some).' }),
  })
  .strict()
  .openapi('PoolSettings');
export type PoolSettings = z.infer<typeof PoolSettings>;

export const Pool = z
  .object({
    id: PoolId,
    name: z.string(),
    kind: PoolKind,
    target: PoolTarget.nullable().openapi({ description: 'Where its trials run; null = on this workstation.' }),
    isDefault: z.boolean().openapi({ description: 'The workstation pool: owns every GPU no other pool claims.' }),
    state: z.enum(['open', 'paused', 'draining']).openapi({
      description: 'paused: starts nothing; draining: starts nothing, becomes paused when the last trial ends.',
    }),
    gpuUuids: z
      .array(z.string())
      .openapi({ description: 'GPUs claimed by this pool; the default pool claims none and gets the rest.' }),
    settings: PoolSettings,
    revision: z.number().int(),
  })
  .openapi('Pool');
export type Pool = z.infer<typeof Pool>;

export const CreatePoolBody = z
  .object({
    id: PoolId.optional(),
    name: z.string().trim().min(1).max(80),
    gpuUuids: z.array(z.string().max(120)).max(64).default([]),
    target: PoolTarget.nullable().default(null).openapi({
      description:
        'It is looked at first; what cannot be used is refused, and nothing is kept. null = this workstation.',
    }),
    settings: PoolSettings.partial().strict().default({}),
  })
  .strict()
  .openapi('CreatePool');

export const UpdatePoolBody = z
  .object({
    name: z.string().trim().min(1).max(80).optional(),
    gpuUuids: z.array(z.string().max(120)).max(64).optional(),
    target: PoolTarget.optional().openapi({ description: 'Of the same provider and host or account as before.' }),
    settings: PoolSettings.partial().strict().optional(),
    expectedRevision: z.number().int().optional(),
  })
  .strict()
  .openapi('UpdatePool');

export const PoolActionBody = z
  .object({
    action: z.enum(['pause', 'resume', 'drain']),
  })
  .strict()
  .openapi('PoolAction');

export const UpdateSlotBody = z
  .object({
    keptBack: z
      .boolean()
      .optional()
      .openapi({ description: 'true: the owner keeps this GPU for himself; nothing is started on it.' }),
    poolId: PoolId.optional(),
  })
  .strict()
  .openapi('UpdateSlot');
