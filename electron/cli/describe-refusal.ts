/** What the client could not do, as an error of the command line: a sentence, a remedy, an exit code. Pure. */
import { ConnectionError, EngineAwayError, RefusedError } from '../client/client-errors.ts';
import { CliError, ExitCode, exitCodeOfStatus } from './exit-codes.ts';

/** Refused trials of a batch that are named one by one. */
const SHOWN_ITEMS = 20;

/** @returns null for an error that is none of the client's */
export function describeRefusal(error: unknown): CliError | null {
  if (error instanceof RefusedError) return describeProblem(error);
  if (error instanceof EngineAwayError) return new CliError(ExitCode.unreachable, error.message, error.remedy);
  if (error instanceof ConnectionError)
    return new CliError(
      ExitCode.unreachable,
      `The connection to the engine broke: ${error.message}.`,
      'It may have been stopped. Nothing acknowledged is lost: run the command again, it starts the engine when needed.',
    );
  return null;
}

function describeProblem({ status, message, problem }: RefusedError): CliError {
  const lines = [message];
  // A batch of one says it all in its detail.
  const items = (problem?.items ?? []).filter((item) => !message.includes(item.message));
  for (const item of items.slice(0, SHOWN_ITEMS))
    lines.push(item.message.includes(`#${item.id}`) ? `  ${item.message}` : `  #${item.id}: ${item.message}`);
  if (items.length > SHOWN_ITEMS) lines.push(`  … and ${items.length - SHOWN_ITEMS} more`);
  if (problem?.errorId !== undefined) lines.push(`  Error id ${problem.errorId} in the engine's log.`);
  return new CliError(exitCodeOfStatus(status, problem?.code), lines.join('\n'), problem?.remedy ?? null, problem);
}
