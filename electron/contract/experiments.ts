/** Experiments as the wire shows them: one of several trials is a sweep, and a sweep that makes its trials as it goes a search. */
import { z } from '@hono/zod-openapi';
import { PoolId, Priority, TimestampMs, TrialId, TrialState } from './states.ts';
import { MoveTo, Trial } from './trials.ts';

export const ExperimentKind = z.enum(['single', 'sweep', 'search']).openapi('ExperimentKind', {
  description: 'sweep: all trials are there from the start; search: a searcher makes them.',
});
export type ExperimentKind = z.infer<typeof ExperimentKind>;

/** A search makes trials while it is active; it makes none while it is paused, and none any more when it is over. */
export const SearchPhase = z.enum(['active', 'paused', 'over']).openapi('SearchPhase');
export type SearchPhase = z.infer<typeof SearchPhase>;

export const ExperimentView = z
  .object({
    id: z.number().int(),
    name: z.string(),
    kind: ExperimentKind,
    searcher: z.string().nullable().openapi({ description: 'Name of its searcher, for example adaptive_asha.' }),
    phase: SearchPhase.nullable().openapi({ description: 'null where no search makes its trials.' }),
    metric: z.object({ name: z.string(), smallerIsBetter: z.boolean() }).nullable().openapi({
      description: 'By which its trials are compared: of a search the one it was given, else their main one.',
    }),
    trials: z.number().int().openapi({ description: 'How many there are now.' }),
    expectedTrials: z
      .number()
      .int()
      .openapi({ description: 'How many there will be, those that are replaced left out.' }),
    states: z
      .record(TrialState, z.number().int())
      .openapi({ description: 'How many of its trials are in each state.' }),
    outcomes: z.object({ completed: z.number().int(), failed: z.number().int(), canceled: z.number().int() }),
    best: z.object({ trialId: TrialId, value: z.number() }).nullable(),
    sourceDir: z.string().nullable(),
    submittedAtMs: TimestampMs,
    endedAtMs: TimestampMs.nullable().openapi({ description: 'When its last trial ended; null = it goes on.' }),
  })
  .openapi('Experiment');
export type ExperimentView = z.infer<typeof ExperimentView>;

export const ExperimentTrial = z
  .object({
    trial: Trial,
    best: z.number().nullable().openapi({ description: 'Best value of the metric of the experiment.' }),
    last: z.number().nullable().openapi({ description: 'Its value at the latest step.' }),
    rung: z
      .number()
      .int()
      .nullable()
      .openapi({ description: 'The rung it works for or ended at, from 0; null = there are none.' }),
  })
  .openapi('ExperimentTrial');
export type ExperimentTrial = z.infer<typeof ExperimentTrial>;

export const RungView = z
  .object({
    bracket: z.number().int().openapi({ description: 'From 0.' }),
    rung: z.number().int().openapi({ description: 'From 0.' }),
    units: z.number().openapi({ description: 'Of the time metric.' }),
    trials: z
      .array(z.object({ trialId: TrialId, value: z.number().nullable() }))
      .openapi({ description: 'Those that came as far, best first; value null = it failed there.' }),
  })
  .openapi('Rung');
export type RungView = z.infer<typeof RungView>;

export const ExperimentDetail = z
  .object({
    experiment: ExperimentView,
    trials: z.array(ExperimentTrial).openapi({ description: 'Best first; those without a value last, by number.' }),
    rungs: z.array(RungView).openapi({ description: 'Empty where nobody is stopped early.' }),
    timeMetric: z.string().nullable(),
  })
  .openapi('ExperimentDetail');
export type ExperimentDetail = z.infer<typeof ExperimentDetail>;

export const ExperimentList = z
  .object({
    experiments: z.array(ExperimentView),
    next: z
      .number()
      .int()
      .nullable()
      .openapi({ description: 'For `before`: where the next page begins; null = this is the last.' }),
  })
  .openapi('ExperimentList');
export type ExperimentList = z.infer<typeof ExperimentList>;

/** One action on a whole sweep: on those of its trials that it fits, and on the search that makes them. */
export const ExperimentActionBody = z
  .discriminatedUnion('action', [
    z.object({ action: z.literal('move'), to: MoveTo }).strict(),
    z.object({ action: z.literal('priority'), priority: Priority }).strict(),
    z.object({ action: z.literal('pool'), poolId: PoolId }).strict(),
    z.object({ action: z.literal('pause') }).strict(),
    z.object({ action: z.literal('resume') }).strict(),
    z.object({ action: z.literal('cancel') }).strict(),
    z.object({ action: z.literal('kill') }).strict(),
    z.object({ action: z.literal('archive') }).strict(),
    z.object({ action: z.literal('unarchive') }).strict(),
    z.object({ action: z.literal('delete') }).strict(),
    z
      .object({
        action: z.literal('cap'),
        maxSlots: z
          .number()
          .int()
          .min(1)
          .max(64)
          .nullable()
          .openapi({ description: 'GPUs its trials hold together; null = no cap.' }),
      })
      .strict(),
    z
      .object({
        action: z.literal('more'),
        trials: z.number().int().min(1).max(10_000).openapi({ description: 'A search goes on with so many more.' }),
      })
      .strict(),
  ])
  .openapi('ExperimentAction');
export type ExperimentAction = z.infer<typeof ExperimentActionBody>;

/** What a submit would make, before it is submitted. */
export const SearchPreview = z
  .object({
    kind: ExperimentKind,
    trials: z.number().int(),
    needsWord: z.boolean().openapi({ description: 'So many trials want to be allowed (allowTrials).' }),
    rungs: z
      .array(z.object({ units: z.number(), trials: z.number().int() }))
      .nullable()
      .openapi({
        description:
          'How many trials end at how much of the time metric, where each rung keeps as many as it must; null = nobody is stopped.',
      }),
    timeMetric: z.string().nullable(),
    trialMs: z.number().nullable().openapi({ description: 'How long one whole trial takes, as far as known.' }),
    slots: z.number().int().openapi({ description: 'GPUs of one trial.' }),
    gpuHours: z
      .object({ least: z.number(), most: z.number() })
      .nullable()
      .openapi({ description: 'null = no GPU, or not known how long a trial takes.' }),
    endsInMs: z
      .number()
      .nullable()
      .openapi({ description: 'With the GPUs of the pool to itself, from when it starts; null = not known.' }),
    examples: z.array(z.record(z.string(), z.unknown())).openapi({ description: 'Hyperparameters of the first few.' }),
  })
  .openapi('SearchPreview');
export type SearchPreview = z.infer<typeof SearchPreview>;
