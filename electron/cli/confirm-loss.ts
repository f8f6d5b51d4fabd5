/** Nothing is stopped without a word where work would be lost: a person is asked, a script is told. */
import type { Trial } from '../contract/trials.ts';
import { readTrials } from '../client/read-trials.ts';
import { KEPT_DIRECTORY, sayLoss, wouldLoseMs, type Stopping } from '../text/lost-work.ts';
import type { CommandContext } from './command-context.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { plain } from './table.ts';

/** Trials that are named one by one. */
const NAMED = 8;

export interface ConfirmFlags {
  readonly json?: boolean;
  readonly yes?: boolean;
}

export const YES_FLAG = ['-y, --yes', 'do not ask, also where work would be lost'] as const;

const ASK: Record<Stopping, string> = { pause: 'Pause', cancel: 'Cancel', kill: 'Kill', pool: 'Move' };

/**
 * @param mayStop rejects with the engine's refusal where it would refuse
 * @throws CliError when the user says no; nothing was changed then
 */
export async function confirmLoss(
  context: CommandContext,
  ids: readonly number[],
  stopping: Stopping,
  flags: ConfirmFlags,
  mayStop: () => Promise<unknown>,
): Promise<void> {
  if (flags.yes === true) return;
  const nowMs = Date.now();
  const losing = (await readStoppable(context, ids, stopping))
    .map((trial) => ({ trial, lostMs: wouldLoseMs(trial, stopping, nowMs) }))
    .filter(({ lostMs }) => lostMs > 0);
  if (losing.length === 0) return;
  // What is refused anyhow costs nobody anything, and nobody is asked about it.
  await mayStop();
  const { terminal } = context;
  for (const { trial, lostMs } of losing.slice(0, NAMED))
    terminal.note(terminal.paintError(`#${trial.id} ${plain(trial.name)} ${sayLoss(trial, lostMs)}.`, 'yellow'));
  if (losing.length > NAMED) terminal.note(`… and ${losing.length - NAMED} more lose work.`);
  if (stopping === 'pause' || stopping === 'pool') terminal.note(KEPT_DIRECTORY);
  if (!terminal.stdinIsTTY || flags.json === true) return;
  const what = ids.length === 1 ? 'it' : `${ids.length} trials`;
  const answer = await terminal.ask(`${ASK[stopping]} ${what} all the same? [y/N] `);
  if (answer === null || !/^y(es)?$/i.test(answer.trim())) throw new CliError(ExitCode.failed, 'Nothing was changed.');
}

/** Only what runs can lose anything, and that is few however many are named. */
async function readStoppable(
  context: CommandContext,
  ids: readonly number[],
  stopping: Stopping,
): Promise<readonly Trial[]> {
  const client = await context.connect();
  // One that is stopping saves in its grace period; killing it takes that away.
  const states = stopping === 'kill' ? (['running', 'stopping'] as const) : (['running'] as const);
  const found = await Promise.all(states.map((state) => readTrials(client, { state })));
  const wanted = new Set(ids);
  return found.flatMap(({ trials }) => trials).filter(({ id }) => wanted.has(id));
}
