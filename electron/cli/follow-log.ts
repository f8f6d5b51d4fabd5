/** Follows the log of one attempt until it ends, across restarts of the engine, without losing or repeating a byte. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Changes } from '../contract/feed.ts';
import type { Trial, TrialDetail } from '../contract/trials.ts';
import type { CommandContext } from './command-context.ts';
import { describeTrial } from './describe-trial.ts';
import { ConnectionError, RefusedError } from '../client/client-errors.ts';
import type { EngineClient } from '../client/engine-client.ts';
import { readEvents } from '../client/event-stream.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { readTail } from './log-tail.ts';

export interface FollowOptions {
  readonly id: number;
  /** 0 = wait for the next one. */
  readonly attempt: number;
  /** The next one after this; default: the first. */
  readonly after?: number;
  /** Start at the last lines; null = at the beginning. */
  readonly tail: number | null;
  /** Print one JSON object per chunk instead of bytes. */
  readonly asJson: boolean;
}

interface Chunk {
  readonly offset: number;
  readonly next: number;
  /** base64 */
  readonly text: string;
}

const RETRY_EVERY_MS = 250;
const PATIENCE_MS = 60_000;

/** @throws CliError when the engine stays away */
export async function followLog(client: EngineClient, options: FollowOptions, context: CommandContext): Promise<void> {
  const { id, asJson } = options;
  const { terminal, signal } = context;
  const attempt = options.attempt > 0 ? options.attempt : await waitForAttempt(client, id, options.after ?? 0, context);
  const logPath = `/trials/${id}/attempts/${attempt}/log`;
  let offset = 0;
  if (options.tail !== null) {
    const { bytes, next } = await readTail(client, logPath, options.tail);
    if (!asJson) await terminal.write(bytes);
    offset = asJson ? next - bytes.length : next;
  }
  let awaySince: number | null = null;
  while (!signal.aborted) {
    try {
      const stream = await client.open(`${logPath}/follow`, { offset }, signal, { accept: 'text/event-stream' });
      for await (const { event, data } of readEvents(stream)) {
        awaySince = null;
        if (event === 'chunk') {
          const chunk = JSON.parse(data) as Chunk;
          const bytes = Buffer.from(chunk.text, 'base64');
          if (asJson)
            terminal.print(
              JSON.stringify({ attempt, offset: chunk.offset, next: chunk.next, text: bytes.toString('utf8') }),
            );
          else await terminal.write(bytes);
          offset = chunk.next;
        } else if (event === 'dropped') {
          const dropped = JSON.parse(data) as { readonly from: number; readonly to: number };
          terminal.note(`[${dropped.to - dropped.from} bytes were dropped here: the log reached its size limit]`);
          offset = dropped.to;
        } else if (event === 'end') {
          stream.destroy();
          await sayWhatIsNext(client, id, attempt, context);
          return;
        }
      }
      throw new ConnectionError(new Error('the engine ended the stream'));
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof RefusedError) throw error;
      awaySince ??= performance.now();
      if (performance.now() - awaySince > PATIENCE_MS)
        throw new CliError(
          ExitCode.unreachable,
          'The engine has been away for a minute.',
          `The trial goes on without it. Follow it again: switchyard logs ${id} -f`,
        );
      await delay(RETRY_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** @returns the number of the next attempt after `after`, once there is one */
async function waitForAttempt(
  client: EngineClient,
  id: number,
  after: number,
  context: CommandContext,
): Promise<number> {
  if (after === 0)
    context.terminal.note(context.terminal.paintError(`#${id} has not started yet; waiting for it.`, 'dim'));
  const stream = await client.open('/events', {}, context.signal, { accept: 'text/event-stream' });
  try {
    const { trial } = await client.request<TrialDetail>('GET', `/trials/${id}`);
    if (trial.attempt > after) return trial.attempt;
    if (trial.state === 'done') throw endedBefore(trial);
    for await (const { event, data } of readEvents(stream)) {
      if (event !== 'changes') continue;
      const changed = (JSON.parse(data) as Changes).trials.find((one) => one.id === id);
      if (changed === undefined) continue;
      if (changed.attempt > after) return changed.attempt;
      if (changed.state === 'done') throw endedBefore(changed);
    }
  } catch (error) {
    if (error instanceof CliError || error instanceof RefusedError || context.signal.aborted) throw error;
    throw new ConnectionError(error as NodeJS.ErrnoException);
  } finally {
    stream.destroy();
  }
  throw new ConnectionError(new Error('the engine ended the feed'));
}

function endedBefore(trial: Trial): CliError {
  return new CliError(ExitCode.failed, `#${trial.id} ended without starting: ${describeTrial(trial, Date.now())}.`);
}

/** An attempt's end is often not the trial's: say so on stderr, the log itself stays as it came. */
async function sayWhatIsNext(
  client: EngineClient,
  id: number,
  attempt: number,
  context: CommandContext,
): Promise<void> {
  const { trial } = await client.request<TrialDetail>('GET', `/trials/${id}`);
  context.terminal.note(
    context.terminal.paintError(`Attempt ${attempt} of #${id} ended: ${describeTrial(trial, Date.now())}.`, 'dim'),
  );
}
