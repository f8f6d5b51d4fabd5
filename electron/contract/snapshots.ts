/** What is known of a snapshot, and the difference between two of them, as the wire shows it. */
import { z } from '@hono/zod-openapi';

export const LeftOutPath = z
  .object({
    path: z.string().openapi({ description: 'Relative to the submitted directory; directories end with a slash.' }),
    bytes: z.number().int().openapi({
      description: 'What it holds; a lower bound when `isMore` is set (very large directories are not counted).',
    }),
    isMore: z.boolean(),
    rule: z
      .string()
      .openapi({ description: 'The line that names it, with the file it is in; or why it cannot be copied.' }),
  })
  .openapi('LeftOutPath');
export type LeftOutPath = z.infer<typeof LeftOutPath>;

export const BaseCommit = z
  .object({
    commit: z.string(),
    branch: z.string().nullable().openapi({ description: 'null = no branch checked out.' }),
    dirty: z
      .boolean()
      .nullable()
      .openapi({ description: 'Whether the snapshot differs from that commit; null = could not be told.' }),
  })
  .openapi('BaseCommit');
export type BaseCommit = z.infer<typeof BaseCommit>;

export const SnapshotInfo = z
  .object({
    files: z.number().int(),
    bytes: z.number().int(),
    base: BaseCommit.nullable().openapi({
      description: 'The commit it was based on; null outside of a git repository.',
    }),
    leftOut: z.array(LeftOutPath).openapi({ description: 'The largest first, at most 20.' }),
  })
  .openapi('SnapshotInfo');
export type SnapshotInfo = z.infer<typeof SnapshotInfo>;

export const ChangedFile = z
  .object({
    path: z.string(),
    change: z.enum(['added', 'removed', 'changed']),
    shown: z.enum(['lines', 'binary', 'too_large', 'mode', 'link']).openapi({
      description:
        'lines: see `patch`; binary and too_large: contents differ; mode: the executable bit; link: a link, or a file in place of one.',
    }),
    added: z.number().int().nullable().openapi({ description: 'Lines; null where they are not counted.' }),
    removed: z.number().int().nullable(),
    patch: z.string().nullable().openapi({ description: 'Hunks of a unified diff; null when left out.' }),
  })
  .openapi('ChangedFile');
export type ChangedFile = z.infer<typeof ChangedFile>;

export const TreeComparison = z
  .object({
    files: z.array(ChangedFile).openapi({ description: 'By path.' }),
    moreFiles: z
      .number()
      .int()
      .openapi({ description: 'Changed files that are not listed, because there are too many.' }),
  })
  .openapi('TreeComparison');
export type TreeComparison = z.infer<typeof TreeComparison>;

export const CodeDiff = TreeComparison.extend({
  from: z.string().openapi({ description: 'What is compared, for people: "#3".' }),
  to: z.string(),
}).openapi('CodeDiff');
export type CodeDiff = z.infer<typeof CodeDiff>;
