/** Asks the running engine to stop and waits until it has. Running trials go on without it. */
import { setTimeout as delay } from 'node:timers/promises';
import type { CommandContext } from './command-context.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { findSocket } from '../client/find-engine.ts';

const DEADLINE_MS = 30_000;

/** @returns false when none ran */
export async function stopEngine(context: CommandContext): Promise<boolean> {
  const client = await context.connectIfRunning();
  if (client === null) return false;
  await client.request<{ ok: true }>('POST', '/engine/shutdown');
  client.close();
  const deadline = performance.now() + DEADLINE_MS;
  while ((await findSocket(context.paths)) !== null) {
    if (performance.now() > deadline)
      throw new CliError(
        ExitCode.failed,
        'The engine was asked to stop but still answers.',
        'Look into its log: engine.log in the data directory.',
      );
    await delay(20);
  }
  return true;
}
