/**
 * How state reaches a screen: GET /state is one snapshot at `seq`; GET /events streams what changed after it (SSE).
 * Frames: `changes` carry an id (their seq) and can be resumed with Last-Event-ID; all others describe the
 * present only, carry no id and are sent again on every connect. `resync` means: fetch the snapshot again.
 */
import { z } from '@hono/zod-openapi';
import { GpuStatus } from './gpus.ts';
import { Pool } from './pools.ts';
import { Settings } from './settings.ts';
import { Trial } from './trials.ts';
import { RuntimeKind, TimestampMs, TrialId } from './states.ts';

/** Facts behind a wait; the sentence in `text` is made from them. */
export const WaitingReason = z
  .object({
    code: z.enum([
      'next',
      'slots_busy',
      'memory',
      'foreign',
      'no_match',
      'behind',
      'reserved',
      'pool_paused',
      'pool_closed',
      'pool_limit',
      'cpu_limit',
      'fair_share',
      'releasing',
      'kept_back',
      'unhealthy',
      'runtime_down',
      'disk_full',
      'impossible',
      'gpu_unknown',
      'held',
      'image',
      'after',
    ]),
    text: z.string().openapi({
      example:
        'needs 2 GPUs with 20 GiB free; GPU 0 runs #14 (about 40 min left), GPU 1 has 11 GiB used by jupyter (pid 4312)',
    }),
    blockers: z
      .array(
        z.object({
          slot: z.string().nullable(),
          trialId: TrialId.nullable(),
          text: z.string(),
        }),
      )
      .default([]),
    remedy: z
      .object({
        kind: z.literal('raise_foreign_threshold'),
        poolId: z.string(),
        slot: z.string(),
        foreignThresholdMiB: z.number().int(),
        text: z
          .string()
          .openapi({ example: 'let others use up to 1.5 GiB: pool set workstation --foreign-threshold 1536' }),
      })
      .optional()
      .openapi({ description: 'What would let it start, as a change of a setting by one click.' }),
  })
  .openapi('WaitingReason');
export type WaitingReason = z.infer<typeof WaitingReason>;

export const ForecastEntry = z
  .object({
    trialId: TrialId,
    poolId: z.string(),
    startAtMs: TimestampMs.nullable(),
    endAtMs: TimestampMs.nullable(),
    slots: z.array(z.string()),
    basis: z.enum(['progress', 'history', 'user', 'limit', 'none']).openapi({
      description:
        'Where the duration comes from; limit = its time limit, at most so long; none = unknown, no end is shown.',
    }),
  })
  .openapi('ForecastEntry');
export type ForecastEntry = z.infer<typeof ForecastEntry>;

export const PlanView = z
  .object({
    madeAtMs: TimestampMs,
    waiting: z
      .array(z.object({ trialId: TrialId, reason: WaitingReason }))
      .openapi({ description: 'The first 500 of each pool; later ones wait behind them.' }),
    forecast: z.array(ForecastEntry),
    clearAtMs: z
      .record(z.string(), TimestampMs.nullable())
      .openapi({ description: 'pool id -> when its queue is expected to be empty.' }),
  })
  .openapi('Plan');
export type PlanView = z.infer<typeof PlanView>;

export const Notice = z
  .object({
    id: z
      .string()
      .openapi({ description: 'Stable per condition: docker_down, gpu_problem, disk_low, clock_jump, database.' }),
    level: z.enum(['info', 'warning', 'error']),
    text: z.string(),
    remedy: z.string().nullable(),
    sinceMs: TimestampMs,
  })
  .openapi('Notice');
export type Notice = z.infer<typeof Notice>;

export const EngineInfo = z
  .object({
    version: z.string(),
    startedAtMs: TimestampMs,
    pid: z.number().int(),
    dockerVersion: z.string().nullable(),
    driverVersion: z.string().nullable(),
    defaultRuntime: RuntimeKind,
    shell: z.enum(['desktop', 'headless']),
  })
  .openapi('EngineInfo');
export type EngineInfo = z.infer<typeof EngineInfo>;

export const StateSnapshot = z
  .object({
    seq: z.number().int(),
    nowMs: TimestampMs,
    engine: EngineInfo,
    pools: z.array(Pool),
    trials: z.array(Trial).openapi({ description: 'Every trial that is not done, and the latest 200 done ones.' }),
    doneCount: z.number().int(),
    gpus: GpuStatus,
    plan: PlanView,
    notices: z.array(Notice),
    settings: Settings,
  })
  .openapi('State');
export type StateSnapshot = z.infer<typeof StateSnapshot>;

export const Changes = z
  .object({
    seq: z.number().int(),
    trials: z.array(Trial),
    removedTrials: z.array(TrialId),
    pools: z.array(Pool),
    removedPools: z.array(z.string()),
  })
  .openapi('Changes');
export type Changes = z.infer<typeof Changes>;

/** SSE event name -> payload. */
export interface FeedFrames {
  changes: Changes;
  gpus: GpuStatus;
  plan: PlanView;
  notices: Notice[];
  settings: Settings;
  /** Live fields of active trials, at most a few times a second. */
  live: {
    trials: {
      id: number;
      progress: number | null;
      step: number | null;
      remainingMs: number | null;
      activity: string | null;
      unsaved: Trial['unsaved'];
    }[];
  };
  metrics: { trialId: number; points: { name: string; step: number; value: number; atMs: number }[] };
  finished: { trialId: number; name: string; outcome: string; message: string; ranMs: number };
  /** Rented machines changed: read them anew (GET /cloud/machines). */
  cloud: { liveMachines: number; perHourUsd: number; perHourIsWhole: boolean; attention: number };
  resync: { reason: string };
}
