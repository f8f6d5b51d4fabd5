/** Which checkpoints are kept, as the wire asks it: Determined's three numbers. */
import { z } from '@hono/zod-openapi';
import { TrialId } from './states.ts';

const count = z.number().int().min(0).max(100_000);

export const RetentionBody = z
  .object({
    experimentId: z.number().int().positive().nullable().default(null).openapi({ description: 'null = every one.' }),
    saveExperimentBest: count.default(0),
    saveTrialBest: count.default(1),
    saveTrialLatest: count.default(1),
    remove: z.boolean().default(false).openapi({ description: 'false = only tell what would go.' }),
  })
  .strict()
  .openapi('Retention');
export type RetentionBody = z.infer<typeof RetentionBody>;

export const RetentionResult = z
  .object({
    removed: z.boolean(),
    goes: z
      .array(
        z.object({
          id: z.number().int(),
          trialId: TrialId,
          path: z.string(),
          step: z.number().nullable(),
          metric: z.number().nullable().openapi({ description: 'Of the metric that decides; null = not known.' }),
          sizeBytes: z.number().int().nullable(),
        }),
      )
      .openapi({ description: 'Of each experiment the oldest first; at most 1,000 are named.' }),
    count: z.number().int().openapi({ description: 'How many go.' }),
    stays: z.number().int(),
    freesBytes: z.number().int(),
  })
  .openapi('RetentionResult');
export type RetentionResult = z.infer<typeof RetentionResult>;
