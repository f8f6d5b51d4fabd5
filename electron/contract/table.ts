/** The table of experiments: what is asked of it and what it shows, a window of rows at a time. */
import { z } from '@hono/zod-openapi';
import { Trial } from './trials.ts';

/** Most rows of one answer. */
export const MAX_WINDOW = 500;
const MAX_COLUMNS = 400;

const ColumnId = z
  .string()
  .min(1)
  .max(320)
  .openapi({ description: 'id name state started duration gpuHours …, param:NAME, best:METRIC last: min: max:' });

export const TableQuestion = z
  .object({
    search: z.string().max(2_000).default('').openapi({ description: 'As in GET /trials.' }),
    archived: z.enum(['true', 'false', 'all']).default('false'),
    sort: z
      .array(z.object({ column: ColumnId, order: z.enum(['asc', 'desc']) }).strict())
      .max(5)
      .default([])
      .openapi({ description: 'The first decides first; what has no value is last, either way. Empty: newest first.' }),
    group: ColumnId.nullable().default(null),
  })
  .strict();
export type TableQuestion = z.infer<typeof TableQuestion>;

export const TableWindowBody = z
  .object({
    ...TableQuestion.shape,
    columns: z
      .array(ColumnId)
      .max(MAX_COLUMNS)
      .default([])
      .openapi({ description: 'What `cells` hold, in this order.' }),
    folded: z
      .array(z.string().max(600))
      .max(10_000)
      .default([])
      .openapi({ description: 'Keys of groups of which only the head is shown.' }),
    offset: z.number().int().min(0).default(0),
    limit: z.number().int().min(0).max(MAX_WINDOW).default(100),
    order: z.string().max(80).nullable().default(null).openapi({
      description: '`order` of an answer before: the same rows in the same places, with their values of now.',
    }),
  })
  .strict()
  .openapi('TableWindow');
export type TableWindowBody = z.infer<typeof TableWindowBody>;
export type TableWindowInput = z.input<typeof TableWindowBody>;

export const CellValue = z.union([z.number(), z.string()]).nullable();
export type CellValue = z.infer<typeof CellValue>;

export const TableItem = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('trial'), trial: Trial, cells: z.array(CellValue) }),
    z.object({
      kind: z.literal('group'),
      key: z.string(),
      label: z.string(),
      count: z.number().int(),
      folded: z.boolean(),
      cells: z
        .array(CellValue)
        .openapi({ description: 'Of its first trial, by which the group stands where it does.' }),
    }),
    z.object({ kind: z.literal('gone'), id: z.number().int().openapi({ description: 'Deleted since.' }) }),
  ])
  .openapi('TableItem');
export type TableItem = z.infer<typeof TableItem>;

export const TableAnswer = z
  .object({
    order: z.string(),
    total: z.number().int().openapi({ description: 'Trials that fit.' }),
    all: z.number().int().openapi({ description: 'Trials there are.' }),
    experiments: z.number().int().openapi({ description: 'Experiments of those that fit.' }),
    groups: z.number().int().nullable(),
    length: z.number().int().openapi({ description: 'Rows with heads of groups, without what is folded.' }),
    offset: z.number().int(),
    items: z.array(TableItem),
  })
  .openapi('TableAnswer');
export type TableAnswer = z.infer<typeof TableAnswer>;

export const TableColumn = z
  .object({
    kind: z.enum(['param', 'metric']),
    name: z.string(),
    varies: z.boolean().openapi({ description: 'Two of those that fit have different values.' }),
    lowerIsBetter: z.boolean(),
  })
  .openapi('TableColumn');
export type TableColumn = z.infer<typeof TableColumn>;

export const TableColumns = z.object({ columns: z.array(TableColumn) }).openapi('TableColumns');
export type TableColumns = z.infer<typeof TableColumns>;

/** How somebody looks at the table, kept under a name. */
export const TableView = z
  .object({
    search: z.string().max(2_000).default(''),
    archived: z.enum(['true', 'false', 'all']).default('false'),
    sort: TableQuestion.shape.sort,
    group: ColumnId.nullable().default(null),
    columns: z
      .array(ColumnId)
      .max(MAX_COLUMNS)
      .nullable()
      .default(null)
      .openapi({ description: 'From left to right; null = those that tell most, chosen anew each time.' }),
    pinned: z.array(ColumnId).max(20).default([]).openapi({ description: 'Those that stay in sight at the left.' }),
    onlyDiffering: z.boolean().default(true).openapi({ description: 'Parameters that are alike are not shown.' }),
  })
  .strict()
  .openapi('TableView');
export type TableView = z.infer<typeof TableView>;

export const ViewName = z.string().trim().min(1).max(60);
export const MAX_VIEWS = 100;

export const NamedView = z.object({ name: z.string(), view: TableView }).openapi('NamedView');
export type NamedView = z.infer<typeof NamedView>;
