/** `switchyard move` */
import type { ForecastEntry } from '../../contract/feed.ts';
import type { Pool } from '../../contract/pools.ts';
import { sendAction, showActionResult, tryAction } from '../act-on-trials.ts';
import { createVerb, show } from '../command-context.ts';
import type { BuildVerb } from '../command-context.ts';
import { confirmLoss, YES_FLAG, type ConfirmFlags } from '../confirm-loss.ts';
import { sayTarget } from '../describe-pool.ts';
import { usageError } from '../exit-codes.ts';
import { findPool } from '../find-pool.ts';
import { readTrialIds, TRIAL_WORDS } from '../find-trial.ts';
import { formatTable } from '../table.ts';

interface MoveFlags extends ConfirmFlags {
  readonly pool?: string;
  readonly dryRun?: boolean;
}

interface Preview {
  readonly before: readonly ForecastEntry[];
  readonly after: readonly ForecastEntry[];
}

export const build: BuildVerb = (context) =>
  createVerb(
    'move',
    'Move trials to another pool: to a machine elsewhere, or back. One that runs is paused with a checkpoint and\n' +
      'goes on from it there. Its place within a queue is changed with "switchyard mv".',
    ['move 14 --pool gpu-box', 'move 14-17 --pool gpu-box --dry-run', 'move 14 --pool workstation'],
    context,
  )
    .argument('<ids...>', TRIAL_WORDS)
    .requiredOption('--pool <pool>', 'where to')
    .option('--dry-run', 'only say what would be: expected start and end here and there')
    .option(...YES_FLAG)
    .action(async (words: string[], flags: MoveFlags) => {
      if (words.length === 0)
        throw usageError('move needs to know which trials.', 'For example: switchyard move 14 --pool gpu-box');
      const client = await context.connect();
      const pool = await findPool(client, flags.pool ?? '');
      const ids = await readTrialIds(words, context, { meant: 'live' });
      if (flags.dryRun === true) {
        const preview = await client.request<Preview>('POST', '/trials/move-preview', {
          trialIds: ids,
          to: { place: 'bottom' },
          poolId: pool.id,
        });
        show(context, flags.json, { pool, ...preview }, () =>
          describePreview(ids, pool, preview, context.terminal.width),
        );
        return;
      }
      const action = { action: 'pool', poolId: pool.id } as const;
      await confirmLoss(context, ids, 'pool', flags, () => tryAction(context, ids, action));
      showActionResult(context, flags.json, await sendAction(context, ids, action));
    });

function describePreview(ids: readonly number[], pool: Pool, preview: Preview, width: number | null): string[] {
  const entry = (list: readonly ForecastEntry[], id: number): readonly [string, string] => {
    const found = list.find(({ trialId }) => trialId === id);
    return [sayTime(found?.startAtMs ?? null), sayTime(found?.endAtMs ?? null)];
  };
  const rows = ids.map((id) => [`#${id}`, ...entry(preview.before, id), ...entry(preview.after, id)]);
  const table = formatTable(
    [
      { title: 'TRIAL' },
      { title: 'START NOW' },
      { title: 'END NOW' },
      { title: 'START THERE' },
      { title: 'END THERE' },
    ],
    rows,
    width,
  );
  return [`Nothing was moved. ${pool.name} is ${sayTarget(pool)}.`, ...table];
}

function sayTime(atMs: number | null): string {
  return atMs === null ? 'not known' : new Date(atMs).toLocaleString();
}
