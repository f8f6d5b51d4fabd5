/** `switchyard ls` */
import type { ExperimentView } from '../../contract/experiments.ts';
import type { Trial } from '../../contract/trials.ts';
import { createVerb, oneOf } from '../command-context.ts';
import type { BuildVerb } from '../command-context.ts';
import { differingParams } from '../differing-params.ts';
import { describeSweep } from '../describe-experiment.ts';
import { foldSweeps, readSweeps, stateOfSweep, type SweepRow } from '../fold-sweeps.ts';
import { describeTrial, stateColour, stateWord } from '../describe-trial.ts';
import type { Query } from '../../client/engine-client.ts';
import { readTrials } from '../../client/read-trials.ts';
import { indexPlan, readPresent } from '../present.ts';
import { formatTable } from '../table.ts';
import type { Column } from '../table.ts';
import { parseWholeNumber } from '../values.ts';

const STATES = ['queued', 'starting', 'running', 'stopping', 'paused', 'done'] as const;
const OUTCOMES = ['completed', 'failed', 'canceled'] as const;
/** Done trials shown when none were asked for. */
const LATEST_DONE = 5;
const DEFAULT_LIMIT = 200;
const USUAL_PRIORITY = 42;

interface ListFlags {
  readonly json?: boolean;
  readonly pool?: string;
  readonly state?: string;
  readonly label?: string;
  readonly search?: string;
  readonly all?: boolean;
  readonly trials?: boolean;
  readonly archived?: boolean;
  readonly limit?: string;
}

export const build: BuildVerb = (context) =>
  createVerb(
    'ls',
    'List trials: running ones, the queue in its order with the reason why each waits and in what runs of one program differ, and ' +
      'the latest that ended. --json tells place, reason (waiting) and forecast, too.',
    ['ls', 'ls --search "resnet lr>0.01 since:7d"', 'ls --state queued --json | switchyard priority 60'],
    context,
  )
    .option('--pool <id>', 'only this pool')
    .option('--state <state>', `${STATES.join(', ')}; or how they ended: ${OUTCOMES.join(', ')}`)
    .option('--label <text>', 'only with this label')
    .option(
      '--search <text>',
      'only with this text in name, command or labels; also lr=0.03, lr>0.01, state:failed, label:night, since:7d, before:2026-11-01',
    )
    .option('--trials', 'every trial of a sweep, not the sweep as one row')
    .option('-a, --all', 'all that ended, not only the latest')
    .option('--archived', 'only archived ones')
    .option('--limit <n>', `at most this many (default ${DEFAULT_LIMIT})`)
    .action(async (flags: ListFlags) => {
      const client = await context.connect();
      const limit = flags.limit === undefined ? null : parseWholeNumber(flags.limit, '--limit', 1, 100_000);
      const everything = flags.all === true || flags.json === true;
      const list = await readTrials(client, filterOf(flags), limit ?? (everything ? undefined : DEFAULT_LIMIT));
      const isFiltered =
        flags.state !== undefined || flags.search !== undefined || flags.label !== undefined || flags.archived === true;
      const trials = flags.all === true || isFiltered ? list.trials : dropOldDone(list.trials);
      const places = isFiltered ? new Map<number, number>() : placesOf(list.trials);
      const hasWaiting = trials.some((trial) => trial.state !== 'done');
      const facts = indexPlan(hasWaiting ? await readPresent(client) : { plan: null, gpus: null });
      if (flags.json === true) {
        const described = trials.map((trial) => {
          const { reason = null, forecast = null } = facts(trial.id);
          return { ...trial, place: places.get(trial.id) ?? null, waiting: reason, forecast };
        });
        context.terminal.print(JSON.stringify({ trials: described, total: list.total }, null, 2));
        return;
      }
      if (trials.length === 0) {
        context.terminal.note(
          isFiltered || flags.pool !== undefined
            ? 'No trial fits.'
            : 'The queue is empty. Try: switchyard example   or: switchyard submit -- python train.py',
        );
        return;
      }
      const sweeps = flags.trials === true ? new Map<number, ExperimentView>() : await readSweeps(client, trials);
      const rows = foldSweeps(trials, new Set(sweeps.keys()));
      const differing = differingParams(trials);
      const nowMs = Date.now();
      const several = {
        pool: new Set(trials.map((trial) => trial.poolId)).size > 1,
        priority: trials.some((trial) => trial.priority !== USUAL_PRIORITY),
      };
      const columns: { readonly column: Column; readonly cell: (trial: Trial) => string }[] = [
        { column: { title: 'ID', align: 'right' }, cell: (trial) => String(trial.id) },
        ...(places.size > 0
          ? [
              {
                column: { title: 'PLACE', align: 'right' as const },
                cell: (trial: Trial) => String(places.get(trial.id) ?? ''),
              },
            ]
          : []),
        { column: { title: 'NAME' }, cell: (trial) => trial.name },
        ...(differing.size > 0 || sweeps.size > 0
          ? [{ column: { title: 'PARAMS' }, cell: (trial: Trial) => differing.get(trial.id) ?? '' }]
          : []),
        { column: { title: 'STATE' }, cell: stateWord },
        ...(several.pool ? [{ column: { title: 'POOL' }, cell: (trial: Trial) => trial.poolId }] : []),
        ...(several.priority
          ? [{ column: { title: 'PRIO', align: 'right' as const }, cell: (trial: Trial) => String(trial.priority) }]
          : []),
        { column: { title: 'GPUS', align: 'right' }, cell: (trial) => String(trial.slots) },
        { column: { title: '', flexible: true }, cell: (trial) => describeTrial(trial, nowMs, facts(trial.id)) },
      ];
      const ofSweep = (one: SweepRow): string[] => {
        const [first] = one.trials as readonly [Trial];
        const sweep = sweeps.get(one.experimentId);
        const text = sweep === undefined ? '' : describeSweep(sweep);
        const own: Readonly<Record<string, string>> = {
          ID: `e${one.experimentId}`,
          PLACE: String(one.trials.map(({ id }) => places.get(id)).find((place) => place !== undefined) ?? ''),
          STATE: stateOfSweep(one.trials),
          PARAMS: `${sweep?.expectedTrials ?? one.trials.length} trials`,
          '': text,
        };
        return columns.map(({ column: { title }, cell }) => own[title] ?? cell(first));
      };
      const stateColumn = columns.findIndex(({ column }) => column.title === 'STATE');
      const lines = formatTable(
        columns.map(({ column }) => column),
        rows.map((row) => ('trials' in row ? ofSweep(row) : columns.map(({ cell }) => cell(row)))),
        context.terminal.width,
        (text, column, row) => {
          const shown = rows[row];
          const trial = shown !== undefined && 'trials' in shown ? shown.trials[0] : shown;
          const colour = trial === undefined ? null : stateColour(trial);
          if (column === stateColumn && colour !== null) return context.terminal.paint(text, colour);
          return trial?.state === 'done' ? context.terminal.paint(text, 'dim') : text;
        },
      );
      context.terminal.print([context.terminal.paint(lines[0] ?? '', 'dim'), ...lines.slice(1)].join('\n'));
      const hidden = list.total - trials.length;
      if (hidden > 0)
        context.terminal.note(context.terminal.paintError(`… and ${hidden} more: switchyard ls --all`, 'dim'));
    });

function filterOf(flags: ListFlags): Query {
  const query: Record<string, string> = {};
  if (flags.pool !== undefined) query['pool'] = flags.pool;
  if (flags.label !== undefined) query['label'] = flags.label;
  if (flags.search !== undefined) query['search'] = flags.search;
  if (flags.archived === true) query['archived'] = 'true';
  if (flags.state !== undefined) {
    const word = oneOf(flags.state, [...STATES, ...OUTCOMES], '--state');
    const outcome = OUTCOMES.find((one) => one === word);
    if (outcome === undefined) query['state'] = word;
    else Object.assign(query, { state: 'done', outcome });
  }
  return query;
}

/** The place of each waiting trial in its pool's line, from 1, as `mv ... to N` counts. @param trials all of them, in their order */
function placesOf(trials: readonly Trial[]): ReadonlyMap<number, number> {
  const lengths = new Map<string, number>();
  const places = new Map<number, number>();
  for (const { id, poolId, state } of trials) {
    if (state !== 'queued' && state !== 'paused') continue;
    const place = (lengths.get(poolId) ?? 0) + 1;
    lengths.set(poolId, place);
    places.set(id, place);
  }
  return places;
}

/** The list comes with the newest done ones first. */
function dropOldDone(trials: readonly Trial[]): Trial[] {
  let done = 0;
  return trials.filter((trial) => {
    if (trial.state !== 'done') return true;
    done += 1;
    return done <= LATEST_DONE;
  });
}
