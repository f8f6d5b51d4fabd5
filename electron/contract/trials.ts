/** Trials as the wire shows them: the row of the queue, the detail of the inspector, and every action on them. */
import { z } from '@hono/zod-openapi';
import { SnapshotInfo } from './snapshots.ts';
import { OutcomeKind, PoolId, Priority, RuntimeKind, StopKind, TimestampMs, TrialId, TrialState } from './states.ts';

export const Outcome = z
  .object({
    kind: OutcomeKind,
    exitCode: z.number().int().nullable(),
    code: z.string().openapi({
      description:
        'Stable cause: exit, out_of_memory, image_missing, command_missing, no_gpu_runtime, disk_full, time_limit, search ' +
        '(ended by its search), invalid (impossible hyperparameters, of a sweep), canceled, killed, lost, launch_failed.',
    }),
    message: z.string(),
    remedy: z.string().nullable(),
  })
  .openapi('Outcome');
export type Outcome = z.infer<typeof Outcome>;

export const CheckpointView = z
  .object({
    id: z.number().int(),
    trialId: TrialId,
    attempt: z.number().int(),
    step: z.number().nullable(),
    savedAtMs: TimestampMs,
    sizeBytes: z.number().int().nullable(),
    path: z.string(),
    metrics: z.record(z.string(), z.number()).default({}),
    pinned: z
      .boolean()
      .openapi({ description: 'Its user keeps it: nothing removes it but the deletion of its trial.' }),
  })
  .openapi('Checkpoint');
export type CheckpointView = z.infer<typeof CheckpointView>;

/** What a trial asks of the GPUs of a pool: what is stored, planned with and shown. */
export const SlotAsk = z
  .object({
    slots: z.number().int(),
    minFreeMiB: z.number().nullable(),
    gpuName: z.string().nullable().openapi({ description: 'Pattern on the name of the GPU; null = any.' }),
    shareMiB: z
      .number()
      .nullable()
      .openapi({ description: 'Takes this much of each GPU beside others; null = exclusive.' }),
  })
  .openapi('SlotAsk');
export type SlotAsk = z.infer<typeof SlotAsk>;

/** That a trial starts only after another one. */
export const Dependency = z
  .object({
    trialId: TrialId,
    wants: z
      .enum(['completed', 'ended'])
      .openapi({ description: 'completed: only if it succeeds; ended: however it ends.' }),
  })
  .strict()
  .openapi('Dependency');
export type Dependency = z.infer<typeof Dependency>;
/** Trials one trial can wait for. */
export const After = z.array(Dependency).max(100);

/** Work that stopping a trial would lose; text/lost-work.ts makes a sentence and a decision of it. */
export const UnsavedWork = z
  .object({
    sinceMs: TimestampMs.openapi({
      description:
        'Work from here on is in no checkpoint: from the last one of this attempt, else from its start, put later by as long as it was frozen since.',
    }),
    untilMs: TimestampMs.nullable().openapi({
      description: 'Since when it is frozen and does no work; null = it works on.',
    }),
    asksForStop: z.boolean().openapi({
      description:
        'The program has asked whether to stop (should_stop): it can save before it does, unless it is killed.',
    }),
  })
  .openapi('UnsavedWork');
export type UnsavedWork = z.infer<typeof UnsavedWork>;

export const Trial = z
  .object({
    id: TrialId,
    experimentId: z.number().int(),
    name: z.string(),
    labels: z.array(z.string()),
    poolId: PoolId,
    state: TrialState,
    revision: z.number().int(),
    priority: z.number().int(),
    rank: z.string().openapi({ description: 'Fractional index; sorts as plain text inside one pool and priority.' }),
    ...SlotAsk.shape,
    runtime: RuntimeKind.openapi({
      description: 'Which one runs it, or ran it last; of a waiting trial, which one would now.',
    }),
    image: z.string().nullable(),
    command: z.string(),
    hparams: z.record(z.string(), z.unknown()),
    attempt: z.number().int().openapi({ description: 'Number of the latest attempt; 0 = never started.' }),
    restarts: z.number().int(),
    maxRestarts: z.number().int(),
    graceS: z.number(),
    timeLimitS: z.number().nullable(),
    submittedAtMs: TimestampMs,
    startedAtMs: TimestampMs.nullable().openapi({ description: 'When the latest attempt began to run.' }),
    endedAtMs: TimestampMs.nullable(),
    leaseSlots: z.array(z.string()).openapi({ description: 'UUIDs of the slots held now.' }),
    activity: z.string().nullable().openapi({
      description: 'What a starting trial is doing, for example "waiting for the Docker daemon to come back".',
    }),
    frozen: z.boolean(),
    stop: z
      .object({
        kind: StopKind,
        askedAtMs: TimestampMs,
        killAtMs: TimestampMs.nullable(),
        note: z.string().optional().openapi({ description: 'Why, where the kind alone does not tell.' }),
      })
      .nullable(),
    progress: z.number().min(0).max(1).nullable(),
    step: z.number().nullable(),
    remainingMs: z.number().nullable(),
    checkpoint: z
      .object({ step: z.number().nullable(), savedAtMs: TimestampMs })
      .nullable()
      .openapi({ description: 'The last one saved; null = it has never saved.' }),
    after: z
      .array(Dependency)
      .openapi({ description: 'Of a waiting trial: those it was to start after; empty once it has started.' }),
    unsaved: UnsavedWork.nullable().openapi({ description: 'null = it does no work now.' }),
    metric: z.object({ name: z.string(), last: z.number(), best: z.number() }).nullable().openapi({
      description:
        'Its main metric: of the latest step, and the best so far (the lowest of a loss or an error, else the highest).',
    }),
    outcome: Outcome.nullable(),
    archived: z.boolean(),
    starred: z.boolean().openapi({ description: 'Marked by the user as one to come back to.' }),
    inSweep: z.string().nullable().openapi({
      description:
        'Its name in the sweep or search it belongs to (t1 and on), whose trials have one experimentId; null = it stands alone.',
    }),
  })
  .openapi('Trial');
export type Trial = z.infer<typeof Trial>;

export const AttemptView = z
  .object({
    number: z.number().int(),
    runtime: RuntimeKind,
    startedAtMs: TimestampMs.nullable(),
    endedAtMs: TimestampMs.nullable(),
    slots: z.array(z.string()),
    exitCode: z.number().int().nullable(),
    end: z.string().nullable().openapi({
      description:
        'How it ended: exit, paused, preempted, moved, canceled, killed, time_limit, search, lost, launch_failed.',
    }),
    message: z.string().nullable(),
    logBytes: z.number().int(),
  })
  .openapi('Attempt');
export type AttemptView = z.infer<typeof AttemptView>;

export const HistoryEntry = z
  .object({
    seq: z.number().int(),
    atMs: TimestampMs,
    type: z.string(),
    text: z.string(),
  })
  .openapi('HistoryEntry');
export type HistoryEntry = z.infer<typeof HistoryEntry>;

export const TrialDetail = z
  .object({
    trial: Trial,
    config: z.record(z.string(), z.unknown()),
    configYaml: z.string(),
    source: z.string().nullable().openapi({ description: 'The directory the snapshot was taken from.' }),
    snapshot: z.string().nullable(),
    snapshotInfo: SnapshotInfo.nullable().openapi({
      description: 'null = no snapshot, or one from before this was noted.',
    }),
    workDir: z.string().nullable(),
    outputDir: z.string().nullable().openapi({ description: 'What the program sees as SWITCHYARD_OUTPUT_DIR.' }),
    checkpointDir: z.string().nullable(),
    attempts: z.array(AttemptView),
    checkpoints: z.array(CheckpointView),
    history: z.array(HistoryEntry),
    metricNames: z.array(z.string()),
  })
  .openapi('TrialDetail');
export type TrialDetail = z.infer<typeof TrialDetail>;

/** Where a moved trial goes. `index` is the 0-based place among the queued and paused trials of its pool. */
export const MoveTo = z
  .union([
    z.object({ place: z.literal('top') }).strict(),
    z.object({ place: z.literal('bottom') }).strict(),
    z.object({ place: z.literal('ahead'), anchorId: TrialId }).strict(),
    z.object({ place: z.literal('behind'), anchorId: TrialId }).strict(),
    z.object({ place: z.literal('index'), index: z.number().int().min(0) }).strict(),
  ])
  .openapi('MoveTo');
export type MoveTo = z.infer<typeof MoveTo>;

const MAX_IDS = 100_000;

function isIdList(list: unknown): boolean {
  if (!Array.isArray(list) || list.length === 0 || list.length > MAX_IDS) return false;
  return (list as readonly unknown[]).every((id) => Number.isSafeInteger(id) && (id as number) > 0);
}

/** Checked as a whole: a schema for each of a hundred thousand numbers takes ten times as long, and everybody waits. */
export const TrialIds = z
  .custom<number[]>(isIdList, { message: `name 1 to ${MAX_IDS} trials by their numbers` })
  .openapi({ type: 'array', items: { type: 'integer', minimum: 1 }, minItems: 1, maxItems: MAX_IDS });

const base = {
  trialIds: TrialIds,
  expectedRevisions: z.record(z.string(), z.number().int()).optional().openapi({
    description: 'trial id -> revision last seen; a newer one refuses the whole batch with stale_revision.',
  }),
  dryRun: z
    .boolean()
    .optional()
    .openapi({ description: 'true: refused where the action would be, and nothing is changed where it would not.' }),
};

/** One action on one or many trials, all or none: one refusal refuses all of them. */
export const TrialActionBody = z
  .discriminatedUnion('action', [
    z.object({ action: z.literal('move'), ...base, to: MoveTo }).strict(),
    z.object({ action: z.literal('priority'), ...base, priority: Priority }).strict(),
    z.object({ action: z.literal('pool'), ...base, poolId: PoolId }).strict(),
    z.object({ action: z.literal('pause'), ...base }).strict(),
    z.object({ action: z.literal('resume'), ...base }).strict(),
    z.object({ action: z.literal('freeze'), ...base }).strict(),
    z.object({ action: z.literal('unfreeze'), ...base }).strict(),
    z.object({ action: z.literal('release'), ...base }).strict(),
    z.object({ action: z.literal('cancel'), ...base }).strict(),
    z.object({ action: z.literal('kill'), ...base }).strict(),
    z.object({ action: z.literal('retry'), ...base, mode: z.enum(['attempt', 'copy']).default('attempt') }).strict(),
    z.object({ action: z.literal('rename'), ...base, name: z.string().trim().min(1).max(200) }).strict(),
    z
      .object({
        action: z.literal('label'),
        ...base,
        add: z.array(z.string().trim().min(1).max(80)).max(50).default([]),
        remove: z.array(z.string().max(80)).max(50).default([]),
      })
      .strict(),
    z.object({ action: z.literal('star'), ...base }).strict(),
    z.object({ action: z.literal('unstar'), ...base }).strict(),
    z.object({ action: z.literal('archive'), ...base }).strict(),
    z.object({ action: z.literal('unarchive'), ...base }).strict(),
    z.object({ action: z.literal('delete'), ...base }).strict(),
  ])
  .openapi('TrialAction');
export type TrialAction = z.infer<typeof TrialActionBody>;
export type TrialActionInput = z.input<typeof TrialActionBody>;

export const TrialActionResult = z
  .object({
    trialIds: z
      .array(z.number().int())
      .openapi({ description: 'The trials acted on; for retry as a copy, the new ones.' }),
    undoId: z
      .number()
      .int()
      .nullable()
      .openapi({ description: 'Pass to POST /undo/{undoId}; null where it cannot be undone.' }),
    message: z.string().openapi({ description: 'What happened, for a toast: "Moved 2 trials to the top".' }),
    freedBytes: z.number().int().optional(),
  })
  .openapi('TrialActionResult');
export type TrialActionResult = z.infer<typeof TrialActionResult>;

export const MetricSeries = z
  .object({
    name: z.string(),
    points: z
      .array(z.tuple([z.number(), z.number()]))
      .openapi({ description: '[step, value], ascending by step, thinned to at most maxPoints.' }),
    timesMs: z
      .array(TimestampMs)
      .optional()
      .openapi({ description: 'When each of the points was reported; only where they were asked for.' }),
    last: z.number().nullable(),
    min: z.number().nullable(),
    max: z.number().nullable(),
  })
  .openapi('MetricSeries');
export type MetricSeries = z.infer<typeof MetricSeries>;

/** What the log of a trial's latest attempt tells by itself. */
export const LogFacts = z
  .object({
    attempt: z.number().int().nullable(),
    metricNames: z.array(z.string()).openapi({
      description: 'Numbers with a name that its newest lines repeat ("loss=0.31"): what could be taken as metrics.',
    }),
    takesMetrics: z.boolean().openapi({ description: 'They are taken.' }),
    bar: z
      .object({
        label: z.string(),
        position: z.number(),
        total: z.number(),
        remainingMs: z.number().nullable().openapi({ description: 'As the bar itself says it.' }),
        perSecond: z.number().nullable(),
        progress: z.number().min(0).max(1).openapi({ description: 'Of the whole trial, as far as the bar tells it.' }),
      })
      .nullable()
      .openapi({
        description: 'The progress bar that counts as the progress of the trial where it reports none itself.',
      }),
  })
  .openapi('LogFacts');
export type LogFacts = z.infer<typeof LogFacts>;

export const LogInfo = z
  .object({
    attempt: z.number().int(),
    totalBytes: z.number().int().openapi({ description: 'Logical length, dropped bytes included.' }),
    dropped: z
      .array(z.object({ from: z.number().int(), to: z.number().int() }))
      .openapi({ description: 'Byte ranges the cap removed from the middle.' }),
    live: z.boolean(),
  })
  .openapi('LogInfo');
export type LogInfo = z.infer<typeof LogInfo>;

export const LogSearchHit = z.object({ offset: z.number().int(), line: z.string() }).openapi('LogSearchHit');
