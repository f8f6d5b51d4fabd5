/** Asks the running engine to stop and waits until its process is gone. Running trials go on without it. */
import { setTimeout as delay } from 'node:timers/promises';
import { findSocket } from '../client/find-engine.ts';
import { isProcessGone } from '../client/process-gone.ts';
import type { CommandContext } from './command-context.ts';
import { CliError, ExitCode } from './exit-codes.ts';

/** Longer than an engine takes that has to end itself by force. */
const DEADLINE_MS = 30_000;

/**
 * @returns false when none ran; true when it was seen to be gone
 * @throws CliError when it was not
 */
export async function stopEngine(
  context: Pick<CommandContext, 'connectIfRunning' | 'paths'>,
  deadlineMs: number = DEADLINE_MS,
): Promise<boolean> {
  const client = await context.connectIfRunning();
  if (client === null) return false;
  const { pid } = await client.request<{ pid: number }>('GET', '/health');
  await client.request<{ ok: true }>('POST', '/engine/shutdown');
  client.close();
  const deadline = performance.now() + deadlineMs;
  // It stops answering first, and holds the data directory until it has ended.
  while (!isProcessGone(pid) || (await findSocket(context.paths)) !== null) {
    if (performance.now() > deadline) {
      const what = isProcessGone(pid)
        ? 'The engine was asked to stop, but something still answers on its socket.'
        : `The engine was asked to stop, but its process ${pid} is still there after ${Math.round(deadlineMs / 1000)} s.`;
      throw new CliError(
        ExitCode.failed,
        what,
        isProcessGone(pid)
          ? 'Was it started again meanwhile (a service)? See: switchyard service'
          : `End it by force: kill -9 ${pid}. Trials go on and nothing saved is lost. Its log is engine.log in ${context.paths.dir}.`,
      );
    }
    await delay(20);
  }
  return true;
}
