/** Prints the log of new trials through all their attempts until they are done. */
import type { TrialDetail } from '../contract/trials.ts';
import type { CommandContext } from './command-context.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { followLog } from './follow-log.ts';
import { openLogOutput, type LogOutput } from './log-output.ts';

/** @throws CliError with exit code 1 when one did not complete */
export async function followTrials(ids: readonly number[], context: CommandContext): Promise<void> {
  const output = openLogOutput(context, false);
  for (const id of ids) await followTrial(id, output);
}

async function followTrial(id: number, { context, end }: LogOutput): Promise<void> {
  const client = await context.connect();
  for (let after = 0; !context.signal.aborted;) {
    await followLog(client, { id, attempt: 0, after, tail: null, asJson: false }, context);
    // Another attempt, another trial or the shell's prompt follows.
    await end(true);
    const { trial } = await client.request<TrialDetail>('GET', `/trials/${id}`);
    if (trial.state === 'done') {
      if (trial.outcome?.kind === 'completed') return;
      throw new CliError(ExitCode.failed, `#${id} did not complete.`, trial.outcome?.remedy ?? null);
    }
    after = trial.attempt;
  }
}
