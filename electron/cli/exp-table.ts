/** `switchyard exp table`, `compare` and `diff`: the table of experiments on the command line. */
import type { Command } from 'commander';
import type { EngineClient } from '../client/engine-client.ts';
import type { TableAnswer, TableColumns, TableWindowInput } from '../contract/table.ts';
import type { CodeDiff } from '../contract/snapshots.ts';
import { writeCsv, writeJson, writeMarkdown, type TextTable } from '../text/write-table.ts';
import { columnHeading, readColumnRef } from '../text/table-columns.ts';
import { oneOf } from './command-context.ts';
import type { CommandContext } from './command-context.ts';
import { cellWords, columnOf, pickColumns, readSortKeys } from './exp-columns.ts';
import { CliError, ExitCode, usageError } from './exit-codes.ts';
import { readTrialIds } from './find-trial.ts';
import { formatTable, plain } from './table.ts';
import { parseWholeNumber } from './values.ts';

const FORMATS = ['table', 'csv', 'json', 'md'] as const;
const PIECE = 500;
const SHOWN = 50;
/** More side by side nobody can read. */
const MOST_COMPARED = 50;

interface TableFlags {
  readonly json?: boolean;
  readonly search?: string;
  readonly sort?: string;
  readonly columns?: string;
  readonly format?: string;
  readonly archived?: boolean;
  readonly limit?: string;
  readonly all?: boolean;
}

const FACTS = ['id', 'name', 'state'];

/** Makes a verb within `exp`. */
type MakeVerb = (name: string, description: string, examples: readonly string[]) => Command;

/** Adds what looks at trials as a table: `table`, `compare`, `diff`. */
export function addTableVerbs(exp: Command, sub: MakeVerb, context: CommandContext): void {
  const withTableFlags = (verb: Command): Command =>
    verb
      .option(
        '--sort <keys>',
        'names of columns, the first decides first: val_loss,lr:desc; of a metric its best value, or val_loss.last',
      )
      .option('--columns <names>', 'only these: lr,val_loss,state,gpuHours')
      .option('--all', 'parameters that do not differ, too')
      .option('--format <kind>', `${FORMATS.join(', ')} (default: table)`)
      .option('--archived', 'archived ones, too')
      .option('--limit <n>', `at most this many (default ${SHOWN} in a table, else all)`);
  exp.addCommand(
    withTableFlags(
      sub('table', 'Trials with their parameters and metrics, of all experiments or of one.', [
        'table',
        'table 5 --sort val_loss',
        'table --search "lr>0.01 and val_loss<0.3 or is:starred" --format csv',
      ])
        .argument('[experiment]', 'its number; default: all')
        .option(
          '--search <text>',
          'lr>0.01, val_loss<0.3, state:failed, label:night, is:starred, since:7d; joined by and, or, not, ( )',
        ),
    ).action((experiment: string | undefined, flags: TableFlags) => {
      const asked = (flags.search ?? '').trim();
      const only =
        experiment === undefined
          ? []
          : [`experiment:${parseWholeNumber(experiment, 'the experiment', 1, Number.MAX_SAFE_INTEGER)}`];
      return printTable(
        context,
        [...only, ...(asked === '' ? [] : [only.length > 0 ? `(${asked})` : asked])].join(' '),
        flags,
      );
    }),
  );
  exp.addCommand(
    sub('compare', 'Trials side by side: the parameters and metrics that differ.', [
      'compare 12 14',
      'compare 12-15 --all',
    ])
      .argument('<trials...>', 'two or more: 12 14, 12-15, or names')
      .option('--all', 'what is alike, too')
      .action(async (words: string[], flags: { json?: boolean; all?: boolean }) => {
        await printCompared(context, await readCompared(words, context), flags);
      }),
  );
  exp.addCommand(
    sub('diff', 'What changed from one trial to another: parameters, metrics and files of code.', ['diff 12 14'])
      .argument('<from>', 'trial: 14, #14 or its name')
      .argument('<to>', 'another one')
      .action(async (from: string, to: string, flags: { json?: boolean }) => {
        const ids = await readCompared([from, to], context);
        const client = await context.connect();
        const [first, second] = ids;
        const code = await client
          .request<CodeDiff>('GET', `/trials/${first}/diff`, undefined, { to: second })
          // Trials without a directory have no code of their own; what else differs is told all the same.
          .catch(() => null);
        const files = code?.files.map(({ path, change }) => ({ path, change })) ?? null;
        await printCompared(context, ids, flags, { code: files });
        if (flags.json !== true && files !== null && files.length > 0)
          context.terminal.print(
            [
              '',
              context.terminal.paint('Code', 'bold'),
              ...files.map(({ path, change }) => `${change.padEnd(8)} ${plain(path)}`),
              context.terminal.paint(`The lines: switchyard diff ${first} ${second}`, 'dim'),
            ].join('\n'),
          );
      }),
  );
}

async function printTable(context: CommandContext, search: string, flags: TableFlags): Promise<void> {
  const format = flags.json === true ? 'json' : oneOf(flags.format ?? 'table', FORMATS, '--format');
  const limit =
    flags.limit !== undefined
      ? parseWholeNumber(flags.limit, '--limit', 1, 1_000_000)
      : format === 'table'
        ? SHOWN
        : Number.MAX_SAFE_INTEGER;
  const client = await context.connect();
  const archived = flags.archived === true ? 'all' : 'false';
  const { columns } = await client.request<TableColumns>('POST', '/table/columns', { search, archived });
  const ids = [...FACTS, ...pickColumns(columns, flags.columns ?? null, flags.all === true)];
  const { rows, total } = await readRows(
    client,
    { search, archived, sort: readSortKeys(flags.sort ?? '', columns), columns: ids },
    limit,
  );
  const table: TextTable = { headings: ids.map(headingOf), rows };
  if (format !== 'table') {
    const text = format === 'csv' ? writeCsv(table) : format === 'md' ? writeMarkdown(table) : writeJson(table);
    context.terminal.print(text.trimEnd());
    return;
  }
  if (rows.length === 0) return context.terminal.note('No trial fits.');
  const nowMs = Date.now();
  const lines = formatTable(
    table.headings.map((title, at) => ({
      title,
      ...(ids[at] === 'id' || rows.some((row) => typeof row[at] === 'number') ? { align: 'right' as const } : {}),
    })),
    rows.map((row) => row.map((value, at) => cellWords(ids[at] ?? '', value, nowMs))),
    null,
  );
  context.terminal.print([context.terminal.paint(lines[0] ?? '', 'dim'), ...lines.slice(1)].join('\n'));
  if (total > rows.length)
    context.terminal.note(context.terminal.paintError(`… and ${total - rows.length} more: --limit ${total}`, 'dim'));
}

const headingOf = (id: string): string => {
  const ref = readColumnRef(id);
  return id === 'id' ? 'trial' : ref === null ? id : ref.kind === 'fact' ? id : columnHeading(ref);
};

async function readRows(
  client: EngineClient,
  question: TableWindowInput,
  limit: number,
): Promise<{ readonly rows: TextTable['rows']; readonly total: number }> {
  const rows: TextTable['rows'][number][] = [];
  let order: string | null = null;
  let total = 0;
  for (let offset = 0, length = 1; offset < Math.min(length, limit); offset += PIECE) {
    const answer: TableAnswer = await client.request('POST', '/table', {
      ...question,
      order,
      offset,
      limit: Math.min(PIECE, limit - offset),
    });
    ({ order, total, length } = answer);
    for (const item of answer.items) if (item.kind === 'trial') rows.push(item.cells);
  }
  return { rows, total };
}

async function readCompared(words: readonly string[], context: CommandContext): Promise<number[]> {
  const ids = [...new Set(await readTrialIds(words, context))];
  if (ids.length < 2) throw usageError('Comparing needs two trials.', 'For example: switchyard exp compare 12 14');
  if (ids.length > MOST_COMPARED)
    throw usageError(
      `${ids.length} trials are too many to compare.`,
      `At most ${MOST_COMPARED}; for more: switchyard exp table`,
    );
  return ids;
}

/** One line a parameter or metric, one column a trial. */
async function printCompared(
  context: CommandContext,
  ids: readonly number[],
  flags: { readonly json?: boolean; readonly all?: boolean },
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const client = await context.connect();
  const search = ids.map((id) => `id:${id}`).join(' or ');
  const { columns } = await client.request<TableColumns>('POST', '/table/columns', { search, archived: 'all' });
  const wanted = ['id', 'state', 'duration', 'gpuHours', 'code', ...columns.map(columnOf)];
  const { rows } = await readRows(client, { search, archived: 'all', columns: wanted }, ids.length);
  const byId = new Map(rows.map((row) => [row[0], row]));
  const missing = ids.find((id) => !byId.has(id));
  if (missing !== undefined)
    throw new CliError(ExitCode.notFound, `There is no trial #${missing}.`, 'List them: switchyard exp table');
  const lines = wanted
    .map((id, at) => ({ id, values: ids.map((trial) => byId.get(trial)?.[at] ?? null) }))
    .filter(({ id, values }) => id !== 'id' && (flags.all === true || values.some((value) => value !== values[0])));
  if (flags.json === true) {
    const values = Object.fromEntries(
      lines.map((line) => [
        headingOf(line.id),
        Object.fromEntries(ids.map((id, at) => [String(id), line.values[at] ?? null])),
      ]),
    );
    context.terminal.print(JSON.stringify({ trials: ids, values, ...more }, null, 2));
    return;
  }
  const nowMs = Date.now();
  context.terminal.print(
    formatTable(
      [{ title: '' }, ...ids.map((id) => ({ title: `#${id}`, align: 'right' as const }))],
      lines.map(({ id, values }) => [
        headingOf(id),
        ...values.map((value) => (value === null ? '-' : cellWords(id, value, nowMs))),
      ]),
      null,
    ).join('\n'),
  );
}
