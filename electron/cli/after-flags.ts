/** The flags that make a new trial start after others, shared by `submit` and `duplicate`. */
import type { Command } from 'commander';
import type { Dependency } from '../contract/trials.ts';
import { collect } from './command-context.ts';
import type { CommandContext } from './command-context.ts';
import { readTrialIds } from './find-trial.ts';

export interface AfterFlags {
  readonly after: readonly string[];
  readonly afterAny: readonly string[];
}

/** Adds the flags to a command. */
export function addAfterFlags(command: Command): Command {
  return command
    .option('--after <trial>', 'start only after this one has completed: 14, 3-7 or a name (repeatable)', collect, [])
    .option('--after-any <trial>', 'start only after this one has ended, however it ends (repeatable)', collect, []);
}

/** @throws CliError for a name that fits none or several */
export async function readAfter(flags: AfterFlags, context: CommandContext): Promise<Dependency[]> {
  const read = async (words: readonly string[], wants: Dependency['wants']): Promise<Dependency[]> =>
    words.length === 0
      ? []
      : (await readTrialIds(words, context, { meant: 'live' })).map((trialId) => ({ trialId, wants }));
  return [...(await read(flags.after, 'completed')), ...(await read(flags.afterAny, 'ended'))];
}

/** Nothing is said where nothing was asked for: an older engine knows no such field. */
export function withAfter(after: Dependency[]): { readonly after?: Dependency[] } {
  return after.length === 0 ? {} : { after };
}
