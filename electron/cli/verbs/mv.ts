/** `switchyard mv` */
import { compareInLine } from '../../contract/queue-order.ts';
import type { MoveTo, Trial } from '../../contract/trials.ts';
import { readTrials } from '../../client/read-trials.ts';
import { sendAction, showActionResult } from '../act-on-trials.ts';
import { createVerb, show } from '../command-context.ts';
import type { BuildVerb, CommandContext } from '../command-context.ts';
import { readTrialId, readTrialIds } from '../find-trial.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { splitMoveWords, stepBy, type Destination } from '../move-words.ts';

export const build: BuildVerb = (context) =>
  createVerb(
    'mv',
    'Move trials in the queue: top, bottom, up, down, ahead ID, behind ID, to N.',
    ['mv 14 top', 'mv 12 13 ahead 9', 'mv 14 to 3', 'mv urgent top'],
    context,
  )
    .argument('<words...>', 'trials, then the place')
    .action(async (words: string[], options: { json?: boolean }) => {
      const { idWords, to } = splitMoveWords(words);
      const ids = await readTrialIds(idWords, context, { meant: 'live' });
      const target = await findTarget(context, ids, to);
      if (target === null) {
        show(
          context,
          options.json,
          { trialIds: ids, undoId: null, message: 'Nothing moved.' },
          () => `Already at the ${to.place === 'up' ? 'top' : 'bottom'}.`,
        );
        return;
      }
      showActionResult(context, options.json, await sendAction(context, ids, { action: 'move', to: target }));
    });

async function findTarget(context: CommandContext, ids: readonly number[], to: Destination): Promise<MoveTo | null> {
  if (to.place === 'up' || to.place === 'down') return findStep(context, ids, to.place);
  if (to.place !== 'ahead' && to.place !== 'behind') return to;
  return { place: to.place, anchorId: await readTrialId(to.anchor, context, { meant: 'live' }) };
}

/** One place up or down is a place next to a neighbour, which only the queue knows. */
async function findStep(
  context: CommandContext,
  ids: readonly number[],
  direction: 'up' | 'down',
): Promise<MoveTo | null> {
  const client = await context.connect();
  const { trial } = await client.request<{ trial: Trial }>('GET', `/trials/${ids[0]}`);
  const { trials } = await readTrials(client, { pool: trial.poolId });
  // Paused trials keep their place among the queued ones.
  const queue = trials.filter((one) => one.state === 'queued' || one.state === 'paused').sort(compareInLine);
  const strangers = ids.filter((id) => !queue.some((one) => one.id === id));
  if (strangers.length > 0) {
    throw new CliError(
      ExitCode.refused,
      `#${strangers.join(', #')} ${strangers.length === 1 ? 'is' : 'are'} not in the queue of ${trial.poolId}.`,
      'Only queued and paused trials of one pool can be moved up or down together.',
    );
  }
  return stepBy(queue, new Set(ids), direction);
}
