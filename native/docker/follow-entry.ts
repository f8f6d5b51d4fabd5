/**
 * Follows a container that has an entry: its output needs nobody, so only its end is waited for. Through daemon restarts, and without a
 * daemon where the entry has noted the end.
 *
 *   look -> running: wait for the end -> look again
 *        -> ended, or gone: settle by the note (judge-end.ts)
 *        -> no answer: settle when the end is noted, else wait (0.25 s doubling to 5 s) -> look again
 */
import { setTimeout as delay } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import type { AttemptHandle, ExitInfo } from '../../electron/ports/trial-runtime.ts';
import type { Clock } from '../../electron/ports/clock.ts';
import type { EngineConnection } from './connection.ts';
import { readState } from './container-state.ts';
import { isConnectionError, statusOf } from './engine-error.ts';
import { readEntryNote } from './entry.ts';
import type { EntryNote } from './entry.ts';
import { judgeEnd } from './judge-end.ts';
import { wasAsked, wasRebooted } from './launch-notes.ts';

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;

export interface FollowEntryDeps {
  readonly connection: EngineConnection;
  readonly clock: Clock;
  /** The attempt's container as the engine shows it; null when there is none. @throws when the engine cannot be asked */
  find(handle: AttemptHandle): Promise<Dockerode.ContainerInspectInfo | null>;
  /** The engine stopped answering, or answers again. */
  onEngineChange(): void;
}

/** @returns "no entry" for an attempt launched without one; null when `stop` came first. Never rejects. */
export async function followEntry(
  deps: FollowEntryDeps,
  handle: AttemptHandle,
  stop: AbortSignal,
): Promise<ExitInfo | null | 'no entry'> {
  let retryMs = FIRST_RETRY_MS;
  let isDown = false;
  while (!stop.aborted) {
    try {
      if ((await readEntryNote(handle.stateDir)) === null) return 'no entry';
      const found = await deps.find(handle);
      if (isDown) deps.onEngineChange();
      isDown = false;
      // After the look: what ended before it has been noted before it.
      const exit = await collectEnd(deps.clock, handle, found, (await readEntryNote(handle.stateDir)) ?? WAITING);
      if (exit !== null) return exit;
      if (found === null) return judgeEnd({ ...(await factsOf(deps.clock, handle)), note: WAITING, container: null });
      await untilEnded(deps.connection, found.Id, stop);
      retryMs = FIRST_RETRY_MS;
    } catch (error) {
      if (stop.aborted) return null;
      if (isConnectionError(error)) {
        const note = await readEntryNote(handle.stateDir).catch(() => null);
        const exit = note === null ? null : await collectEnd(deps.clock, handle, null, note).catch(() => null);
        if (exit !== null) return exit;
        if (!isDown) deps.onEngineChange();
        isDown = true;
      }
      await delay(retryMs, undefined, { signal: stop }).catch(() => undefined);
      retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
    }
  }
  return null;
}

const WAITING: EntryNote = { kind: 'waiting' };

/** @param found null = gone, or not to be asked. @returns null while it runs, was never started, or is gone without a note of its end */
export async function collectEnd(
  clock: Clock,
  handle: AttemptHandle,
  found: Dockerode.ContainerInspectInfo | null,
  note: EntryNote,
): Promise<ExitInfo | null> {
  if (found === null && note.kind !== 'ended') return null;
  const state = found === null ? null : readState(found, false, null);
  if (state !== null && state.kind !== 'exited') return null;
  return judgeEnd({
    ...(await factsOf(clock, handle)),
    note,
    container:
      found === null || state === null
        ? null
        : {
            exitCode: found.State.ExitCode,
            oomKilled: found.State.OOMKilled,
            endedAtMs: state.exit.endedAtMs,
            memoryBytes: found.HostConfig.Memory,
          },
  });
}

async function factsOf(
  clock: Clock,
  handle: AttemptHandle,
): Promise<{ readonly askedByUs: boolean; readonly rebooted: boolean; readonly nowMs: number }> {
  const [askedByUs, rebooted] = await Promise.all([wasAsked(handle.stateDir), wasRebooted(handle.stateDir)]);
  return { askedByUs, rebooted, nowMs: clock.nowMs() };
}

/** Settles when the container is not running any more, or the connection broke. */
async function untilEnded(connection: EngineConnection, id: string, stop: AbortSignal): Promise<void> {
  const engine = await connection.engine();
  try {
    await engine.getContainer(id).wait({ condition: 'not-running', abortSignal: stop });
  } catch (error) {
    if (stop.aborted || statusOf(error) === 404) return;
    if (isConnectionError(error)) connection.lost();
    throw error;
  }
}
