/** What takes the room on the disk with the data directory, and giving some of it back. */
import { z } from '@hono/zod-openapi';
import { TrialState } from './states.ts';

/** In the order they are shown. */
export const DISK_KINDS = [
  'work',
  'checkpoints',
  'outputs',
  'logs',
  'snapshots',
  'database',
  'leftovers',
  'other',
] as const;
export const DiskKind = z.enum(DISK_KINDS).openapi('DiskKind', {
  description:
    'work: the working copies of trials; logs: output, reports and states of attempts; leftovers: files of trials that the ' +
    'database does not know, set aside.',
});
export type DiskKind = z.infer<typeof DiskKind>;

const bytes = z.number().int().min(0);

export const OwnWork = z
  .object({
    trialId: z.number().int(),
    name: z.string(),
    files: z.number().int().openapi({ description: 'New or changed since its snapshot, less what Python compiles.' }),
    bytes,
    examples: z.array(z.string()).openapi({ description: 'Some of them, relative to the working copy.' }),
  })
  .openapi('OwnWork');
export type OwnWork = z.infer<typeof OwnWork>;

export const DiskUse = z
  .object({
    measuredAtMs: z.number().int(),
    freeBytes: bytes.nullable().openapi({ description: 'On the disk with the data directory; null when unknown.' }),
    totalBytes: bytes.nullable(),
    usedBytes: bytes.openapi({ description: 'By the data directory: the sum of `kinds`.' }),
    kinds: z.array(z.object({ kind: DiskKind, bytes })).openapi({ description: 'Every kind once, in a fixed order.' }),
    endedWork: z
      .object({ trials: z.number().int(), bytes })
      .openapi({ description: 'Working copies of ended trials: freeing gives back at most this.' }),
    ownWork: z.array(OwnWork).openapi({
      description:
        'Ended trials whose working copies hold files of their own and are kept for them, as far as they were looked at; the largest first, at most 50.',
    }),
    largest: z
      .array(
        z.object({
          trialId: z.number().int(),
          name: z.string(),
          state: TrialState,
          bytes,
          workBytes: bytes,
          checkpointBytes: bytes,
          outputBytes: bytes,
          logBytes: bytes,
        }),
      )
      .openapi({ description: 'The trials that take the most, at most 20.' }),
  })
  .openapi('DiskUse');
export type DiskUse = z.infer<typeof DiskUse>;

export const FreeDiskBody = z
  .object({
    what: z.enum(['work']).openapi({
      description:
        'work: the working copies of ended trials that hold nothing but their snapshot. A retry makes them anew.',
    }),
  })
  .strict()
  .openapi('FreeDisk');

export const FreedDisk = z
  .object({
    freedBytes: bytes,
    freedTrials: z.number().int(),
    kept: z
      .array(OwnWork)
      .openapi({ description: 'Not freed: they hold files of their own. The largest first, at most 50.' }),
    keptTrials: z.number().int(),
    unreadable: z
      .array(z.object({ trialId: z.number().int(), problem: z.string() }))
      .openapi({ description: 'Not freed, because they could not be looked through; at most 50.' }),
  })
  .openapi('FreedDisk');
export type FreedDisk = z.infer<typeof FreedDisk>;
