/** Waits until trials are done, through the feed; says on stderr what happens to them meanwhile. */
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
import { plain } from './table.ts';

/** How long an engine may be away (a restart) before waiting for it ends. */
const PATIENCE_MS = 60_000;
/** Of the log of a trial that failed. */
const LAST_LINES = 10;

/**
 * @returns the trials as they ended
 * @throws CliError with exit code 1 when one failed or was canceled, 3 when one was deleted, 5 when the engine stays away
 */
export async function waitForTrials(ids: readonly number[], context: CommandContext): Promise<Trial[]> {
  const ended = new Map<number, Trial>();
  const said = new Map<number, string>();
  const revisions = new Map<number, number>();
  const see = (trial: Trial): void => {
    // A feed that begins anew repeats what the question to the trial itself has answered already.
    if (!ids.includes(trial.id) || trial.revision < (revisions.get(trial.id) ?? 0)) return;
    revisions.set(trial.id, trial.revision);
    const state = trial.state === 'done' ? (trial.outcome?.kind ?? 'done') : trial.state;
    if (said.get(trial.id) !== state) {
      said.set(trial.id, state);
      context.terminal.note(
        context.terminal.paintError(
          `#${trial.id} ${plain(trial.name)}: ${trial.state === 'running' ? state : plain(describeTrial(trial, Date.now()))}`,
          trial.state === 'done' && state !== 'completed' ? 'red' : 'dim',
        ),
      );
    }
    if (trial.state === 'done') ended.set(trial.id, trial);
    else ended.delete(trial.id);
  };
  let awaySince: number | null = null;
  while (ended.size < ids.length) {
    if (context.signal.aborted) throw interrupted(ids, ended);
    try {
      // None is started here: an engine that was stopped on purpose stays stopped.
      const client = await context.connectIfRunning();
      if (client === null) throw new ConnectionError(new Error('no engine'));
      await watch(client, ids, see, () => ended.size === ids.length, context.signal);
      awaySince = null;
    } catch (error) {
      if (context.signal.aborted) throw interrupted(ids, ended);
      if (!(error instanceof ConnectionError)) throw error;
      awaySince ??= performance.now();
      if (performance.now() - awaySince > PATIENCE_MS)
        throw new CliError(
          ExitCode.unreachable,
          'The engine has been away for a minute.',
          `The trials go on without it. Start it again and wait: switchyard wait ${ids.join(' ')}`,
        );
      await delay(250, undefined, { signal: context.signal }).catch(() => undefined);
    }
  }
  const bad = ids.filter((id) => ended.get(id)?.outcome?.kind !== 'completed');
  if (bad.length > 0) {
    const first = ended.get(bad[0] ?? 0);
    const remedy = first?.outcome?.remedy ?? null;
    if (first !== undefined) await printLastLines(first, context);
    throw new CliError(
      ExitCode.failed,
      `${bad.map((id) => `#${id}`).join(', ')} did not complete.`,
      `${remedy === null ? '' : `${plain(remedy)} `}See the log: switchyard logs ${bad[0]}`,
    );
  }
  return ids.flatMap((id) => ended.get(id) ?? []);
}

/** What it said last is most often why. An engine that is gone again, or a log that is, keeps nobody from hearing of the failure. */
async function printLastLines({ id, attempt }: Trial, { terminal, connectIfRunning }: CommandContext): Promise<void> {
  if (attempt === 0) return;
  try {
    const client = await connectIfRunning();
    if (client === null) return;
    const { bytes } = await readTail(client, `/trials/${id}/attempts/${attempt}/log`, LAST_LINES);
    const lines = bytes.toString('utf8').trimEnd();
    if (lines !== '')
      terminal.note(
        `${terminal.paintError(`Last lines of #${id}:`, 'dim')}\n${lines
          .split('\n')
          .map((line) => `  ${plain(line)}`)
          .join('\n')}`,
      );
  } catch (error) {
    if (!(error instanceof RefusedError) && !(error instanceof ConnectionError)) throw error;
  }
}

/** Listens first and asks then, so that nothing can end between the two. */
async function watch(
  client: EngineClient,
  ids: readonly number[],
  see: (trial: Trial) => void,
  isEnough: () => boolean,
  signal: AbortSignal,
): Promise<void> {
  const stream = await client.open('/events', {}, signal, { accept: 'text/event-stream' });
  try {
    for (const id of ids) see((await client.request<TrialDetail>('GET', `/trials/${id}`)).trial);
    if (isEnough()) return;
    for await (const { event, data } of readEvents(stream)) {
      if (event === 'resync') return;
      if (event !== 'changes') continue;
      const changes = JSON.parse(data) as Changes;
      const gone = changes.removedTrials.find((id) => ids.includes(id));
      if (gone !== undefined) throw new CliError(ExitCode.notFound, `#${gone} was deleted.`);
      for (const trial of changes.trials) see(trial);
      if (isEnough()) return;
    }
    throw new ConnectionError(new Error('the engine ended the feed'));
  } catch (error) {
    if (error instanceof CliError || error instanceof RefusedError || error instanceof ConnectionError) throw error;
    throw new ConnectionError(error as NodeJS.ErrnoException);
  } finally {
    stream.destroy();
  }
}

function interrupted(ids: readonly number[], ended: ReadonlyMap<number, Trial>): CliError {
  const open = ids.filter((id) => !ended.has(id));
  return new CliError(
    ExitCode.interrupted,
    `Stopped waiting. ${open.map((id) => `#${id}`).join(', ')} ${open.length === 1 ? 'goes' : 'go'} on.`,
    `Wait again: switchyard wait ${open.join(' ')}. Stop it: switchyard cancel ${open.join(' ')}`,
  );
}
