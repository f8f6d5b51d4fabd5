/** `switchyard exp checkpoints`, `pin` and `unpin`: which checkpoints are kept. */
import type { Command } from 'commander';
import type { RetentionResult } from '../contract/retention.ts';
import type { CheckpointView } from '../contract/trials.ts';
import { sayBytes } from '../text/say.ts';
import type { CommandContext } from './command-context.ts';
import { show } from './command-context.ts';
import { formatTable } from './table.ts';
import { parseWholeNumber } from './values.ts';

const SHOWN = 30;
const MOST = 100_000;

interface KeepFlags {
  readonly json?: boolean;
  readonly experimentBest?: string;
  readonly trialBest?: string;
  readonly trialLatest?: string;
  readonly remove?: boolean;
}

export function addCheckpointVerbs(
  exp: Command,
  sub: (name: string, description: string, examples: readonly string[]) => Command,
  context: CommandContext,
): void {
  exp.addCommand(
    sub('checkpoints', 'Which checkpoints would go, and what that frees; with --remove they go.', [
      'checkpoints 5',
      'checkpoints 5 --experiment-best 2 --trial-best 0 --trial-latest 1 --remove',
    ])
      .argument('[experiment]', 'its number; default: all')
      .option('--experiment-best <n>', 'keep so many of the best of the experiment (default 0)')
      .option('--trial-best <n>', 'keep so many of the best of each trial (default 1)')
      .option('--trial-latest <n>', 'keep so many of the newest of each trial (default 1)')
      .option('--remove', 'remove them; without it nothing is changed')
      .action(async (experiment: string | undefined, flags: KeepFlags) => {
        const number = (text: string | undefined, flag: string, otherwise: number): number =>
          text === undefined ? otherwise : parseWholeNumber(text, flag, 0, MOST);
        const client = await context.connect();
        const result = await client.request<RetentionResult>('POST', '/checkpoints/retention', {
          experimentId:
            experiment === undefined
              ? null
              : parseWholeNumber(experiment, 'the experiment', 1, Number.MAX_SAFE_INTEGER),
          saveExperimentBest: number(flags.experimentBest, '--experiment-best', 0),
          saveTrialBest: number(flags.trialBest, '--trial-best', 1),
          saveTrialLatest: number(flags.trialLatest, '--trial-latest', 1),
          remove: flags.remove === true,
        });
        show(context, flags.json, result, () => describe(result));
      }),
  );
  for (const [name, pinned, description] of [
    ['pin', true, 'Keep a checkpoint: nothing removes it but the deletion of its trial.'],
    ['unpin', false, 'Let a pinned checkpoint go again with the others.'],
  ] as const)
    exp.addCommand(
      sub(name, description, [`${name} 31`])
        .argument('<checkpoint>', 'its number, as "show TRIAL --json" and "exp checkpoints" tell it')
        .action(async (word: string, flags: { json?: boolean }) => {
          const id = parseWholeNumber(word, 'the checkpoint', 1, Number.MAX_SAFE_INTEGER);
          const client = await context.connect();
          const checkpoint = await client.request<CheckpointView>('POST', `/checkpoints/${id}/pin`, { pinned });
          show(
            context,
            flags.json,
            checkpoint,
            () => `Checkpoint ${id} of #${checkpoint.trialId} ${pinned ? 'stays' : 'is no longer pinned'}.`,
          );
        }),
    );
}

function describe({ goes, count, stays, freesBytes, removed }: RetentionResult): string[] {
  const many = (n: number): string => `${n} ${n === 1 ? 'checkpoint' : 'checkpoints'}`;
  if (count === 0) return [`None would go; ${many(stays)} ${stays === 1 ? 'stays' : 'stay'}.`];
  return [
    ...formatTable(
      [
        { title: 'ID', align: 'right' },
        { title: 'TRIAL', align: 'right' },
        { title: 'STEP', align: 'right' },
        { title: 'METRIC', align: 'right' },
        { title: 'SIZE', align: 'right' },
        { title: 'NAME' },
      ],
      goes
        .slice(0, SHOWN)
        .map(({ id, trialId, step, metric, sizeBytes, path }) => [
          String(id),
          `#${trialId}`,
          step === null ? '-' : String(step),
          metric === null ? '-' : String(Number(metric.toPrecision(6))),
          sizeBytes === null ? '-' : sayBytes(sizeBytes),
          path,
        ]),
      null,
    ),
    ...(count > SHOWN ? [`… and ${count - Math.min(SHOWN, goes.length)} more`] : []),
    removed
      ? `Removed ${many(count)}, ${sayBytes(freesBytes)}; ${stays} left.`
      : `${many(count)} would go and free ${sayBytes(freesBytes)}; ${stays} would stay. To remove them: --remove`,
  ];
}
