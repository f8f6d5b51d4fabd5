/** What moving trials to each pool would bring and cost, before it is done. */
import { z } from '@hono/zod-openapi';
import { PoolId, TimestampMs } from './states.ts';
import { TrialIds } from './trials.ts';

export const MovePlanBody = z.object({ trialIds: TrialIds }).strict().openapi('MovePlanBody');

const Usd = z.number().nonnegative();

export const MoveHindrance = z
  .object({
    level: z
      .enum(['warning', 'error'])
      .openapi({ description: 'error: the move is refused, or its trials cannot start there.' }),
    text: z.string(),
  })
  .openapi('MoveHindrance');
export type MoveHindrance = z.infer<typeof MoveHindrance>;

/** What machines of a pool in a cloud cost. What is not known is null, not free. */
export const MoveCost = z
  .object({
    perHourUsd: Usd.nullable().openapi({ description: 'One machine with its disk, as the catalogue has it.' }),
    hours: z.number().positive().openapi({ description: 'A machine ends itself after these.' }),
    mostUsd: Usd.nullable().openapi({
      description:
        'All of the trials, one machine for each to the end of its time: the dearest region, spot at its maximum price.',
    }),
    withoutDisk: z.boolean().openapi({ description: 'The price of the disk is not known and not in the sum.' }),
    again: z
      .string()
      .nullable()
      .openapi({ description: 'What holds when a trial needs a second machine; null = none does.' }),
    source: z.string().nullable(),
  })
  .openapi('MoveCost');
export type MoveCost = z.infer<typeof MoveCost>;

export const MoveOption = z
  .object({
    poolId: PoolId,
    trialIds: z.array(z.number().int()).openapi({ description: 'Those of the trials that are not there already.' }),
    startAtMs: TimestampMs.nullable().openapi({ description: 'When the first of them starts; null = not known.' }),
    endAtMs: TimestampMs.nullable().openapi({ description: 'When the last of them ends; null = not known.' }),
    cost: MoveCost.nullable().openapi({ description: 'null = it costs nothing.' }),
    hindrances: z.array(MoveHindrance),
  })
  .openapi('MoveOption');
export type MoveOption = z.infer<typeof MoveOption>;

export const MovePlan = z.object({ options: z.array(MoveOption) }).openapi('MovePlan');
export type MovePlan = z.infer<typeof MovePlan>;
