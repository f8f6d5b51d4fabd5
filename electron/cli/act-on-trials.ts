/** The verbs that do one thing to one or many trials share their shape: ids, one request, what happened, how to undo it. */
import type { Command } from 'commander';
import type { TrialActionInput, TrialActionResult } from '../contract/trials.ts';
import type { Stopping } from '../text/lost-work.ts';
import { RefusedError } from '../client/client-errors.ts';
import { createVerb, show } from './command-context.ts';
import type { CommandContext } from './command-context.ts';
import { readTrialIds, TRIAL_WORDS, type TrialWish } from './find-trial.ts';
import { confirmLoss, YES_FLAG, type ConfirmFlags } from './confirm-loss.ts';
import { plain } from './table.ts';

type WithoutIds<T> = T extends unknown ? Omit<T, 'trialIds' | 'expectedRevisions'> : never;
/** An action without the trials it is for. */
export type ActionWithoutIds = WithoutIds<TrialActionInput>;

/** Sends one action for all ids: all of them change, or none. */
export async function sendAction(
  context: CommandContext,
  trialIds: readonly number[],
  action: ActionWithoutIds,
): Promise<TrialActionResult> {
  const client = await context.connect();
  return client.request<TrialActionResult>('POST', '/trials/actions', { ...action, trialIds });
}

/** @throws the engine's refusal, where it would refuse the action; nothing is changed */
export async function tryAction(
  context: CommandContext,
  trialIds: readonly number[],
  action: ActionWithoutIds,
): Promise<void> {
  try {
    await sendAction(context, trialIds, { ...action, dryRun: true });
  } catch (error) {
    // An engine from before there were dry runs. What it says to the action itself comes later, as it did.
    if (!(error instanceof RefusedError && error.problem?.code === 'unknown_key')) throw error;
  }
}

/** Prints what happened and, to a person, how to take it back. */
export function showActionResult(
  context: CommandContext,
  asJson: boolean | undefined,
  result: TrialActionResult,
): void {
  show(context, asJson, result, () => plain(result.message));
  if (asJson !== true && result.undoId !== null)
    context.terminal.note(context.terminal.paintError(`Undo: switchyard undo ${result.undoId}`, 'dim'));
}

export interface ActionVerb {
  readonly name: string;
  readonly description: string;
  readonly examples: readonly string[];
  readonly action: ActionWithoutIds;
  /** Which of several trials with one name; default: those that have not ended. */
  readonly meant?: TrialWish['meant'];
  /** Set for what ends a running program: asks first where work would be lost. */
  readonly stopping?: Stopping;
}

/** @returns a verb that takes ids and nothing else */
export function buildActionVerb(verb: ActionVerb, context: CommandContext): Command {
  const { stopping } = verb;
  const command = createVerb(verb.name, verb.description, verb.examples, context)
    .argument('[ids...]', TRIAL_WORDS)
    .action(async (words: string[], flags: ConfirmFlags) => {
      const ids = await readTrialIds(words, context, { meant: verb.meant ?? 'live' });
      if (stopping !== undefined)
        await confirmLoss(context, ids, stopping, flags, () => tryAction(context, ids, verb.action));
      showActionResult(context, flags.json, await sendAction(context, ids, verb.action));
    });
  return stopping === undefined ? command : command.option(...YES_FLAG);
}
