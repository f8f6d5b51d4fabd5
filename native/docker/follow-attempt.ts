/**
 * Follows one container: its output into the log file, then its exit. Through daemon restarts and lost connections.
 *
 *   look -> running: stream the log until it ends or breaks -> look again
 *        -> ended: fetch the rest of the log -> settle
 *        -> gone: settle as lost
 *        -> no answer: wait (0.25 s doubling to 5 s) -> look again
 *
 * An end is believed only from a look, never from the end of a stream: daemons also end streams when they stop.
 */
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import type { AttemptHandle, ExitInfo } from '../../electron/ports/trial-runtime.ts';
import type { Clock } from '../../electron/ports/clock.ts';
import { QUICK_MS } from './connection.ts';
import type { EngineConnection } from './connection.ts';
import { readState } from './container-state.ts';
import type { Outage } from './container-state.ts';
import { isConnectionError, statusOf } from './engine-error.ts';
import { stampToSince } from './log-frames.ts';
import { wasRebooted } from './launch-notes.ts';
import { openLogSink } from './log-sink.ts';
import type { LogSink } from './log-sink.ts';

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;
/** A container that ended while its stream stays open: the rest is fetched without following. */
const STREAM_END_MS = 2_000;

export interface FollowDeps {
  readonly connection: EngineConnection;
  readonly clock: Clock;
  /** The attempt's container as the engine shows it; null when there is none. @throws when the engine cannot be asked */
  find(handle: AttemptHandle): Promise<Dockerode.ContainerInspectInfo | null>;
  /** Whether running containers survive a stop of the daemon; asked after an outage. */
  containersGoOn(): Promise<boolean>;
  /** The engine stopped answering, or answers again. */
  onEngineChange(): void;
}

/**
 * @param unwatched the time before, in which nobody followed it; null for an attempt that was just launched
 * @returns null when `stop` came first. Never rejects.
 */
export async function followAttempt(
  deps: FollowDeps,
  handle: AttemptHandle,
  unwatched: Outage | null,
  stop: AbortSignal,
): Promise<ExitInfo | null> {
  let sink: LogSink | null = null;
  let retryMs = FIRST_RETRY_MS;
  let downFromMs: number | null = null;
  let outage = unwatched;
  try {
    while (!stop.aborted) {
      try {
        sink ??= await openLogSink(handle.logPath, handle.stateDir);
        const found = await deps.find(handle);
        if (found === null) return lostExit(deps.clock, 'The container was removed while the trial ran.');
        if (downFromMs !== null) {
          outage = { fromMs: downFromMs, untilMs: deps.clock.nowMs(), containersGoOn: await deps.containersGoOn() };
          downFromMs = null;
          deps.onEngineChange();
        }
        const state = readState(found, await wasRebooted(handle.stateDir), outage);
        if (state.kind === 'running') {
          await streamLog(deps.connection, found.Id, sink, true, stop);
          // Asked again at once: either it ended, or the stream broke, and then the next look finds out why.
          retryMs = FIRST_RETRY_MS;
        } else {
          if (state.kind === 'created') return lostExit(deps.clock, 'The container was never started.');
          await streamLog(deps.connection, found.Id, sink, false, stop);
          if (stop.aborted) return null;
          await sink.save();
          return sink.full()
            ? {
                ...state.exit,
                message: 'There was no space left on the disk for the log; the rest of the output was dropped.',
              }
            : state.exit;
        }
      } catch (error) {
        if (stop.aborted) return null;
        if (statusOf(error) === 404) return lostExit(deps.clock, 'The container was removed while the trial ran.');
        if (downFromMs === null && isConnectionError(error)) {
          downFromMs = deps.clock.nowMs();
          deps.onEngineChange();
        }
        await delay(retryMs, undefined, { signal: stop }).catch(() => undefined);
        retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
      }
    }
    return null;
  } finally {
    await sink?.close().catch(() => undefined);
  }
}

function lostExit(clock: Clock, message: string): ExitInfo {
  return { exitCode: null, signal: null, oomKilled: false, lost: true, endedAtMs: clock.nowMs(), message };
}

/** Writes the container's output to the sink, from where the sink is; with `follow` until the container ends or the stream does. */
async function streamLog(
  connection: EngineConnection,
  id: string,
  sink: LogSink,
  follow: boolean,
  stop: AbortSignal,
): Promise<void> {
  const position = sink.begin();
  const ended = new AbortController();
  const stream = await connection.call(QUICK_MS, (engine) =>
    openLogStream(engine, id, follow, position.since?.stamp ?? null),
  );
  const close = (): void => void stream.destroy();
  stop.addEventListener('abort', close);
  if (follow) void closeAfterEnd(connection, id, stream, ended.signal);
  try {
    if (stop.aborted) return;
    for await (const chunk of stream) await sink.write(chunk as Buffer);
    await sink.save();
  } catch (error) {
    // Destroyed by us, or by a daemon that went away: the next look tells.
    if (!follow && !stop.aborted) throw error;
  } finally {
    ended.abort();
    stop.removeEventListener('abort', close);
    if (!stream.closed) {
      stream.destroy();
      await once(stream, 'close').catch(() => undefined);
    }
  }
}

async function openLogStream(
  engine: Dockerode,
  id: string,
  follow: boolean,
  sinceStamp: string | null,
): Promise<Readable> {
  const options = {
    stdout: true,
    stderr: true,
    timestamps: true,
    ...(sinceStamp === null ? {} : { since: stampToSince(sinceStamp) as unknown as number }),
  };
  if (follow) return (await engine.getContainer(id).logs({ ...options, follow: true })) as Readable;
  // The library collects a log that is not followed in memory. Through its streaming door it does not.
  return new Promise((resolve, reject) => {
    engine.modem.dial(
      {
        path: `/containers/${id}/logs?`,
        method: 'GET',
        options: { ...options, follow: false },
        isStream: true,
        statusCodes: { 200: true, 404: 'no such container', 500: 'server error' },
      },
      (error: unknown, stream: unknown) => {
        if (error !== null && error !== undefined)
          reject(error instanceof Error ? error : new Error('the log request failed'));
        else resolve(stream as Readable);
      },
    );
  });
}

/** Some engines leave a followed stream open after the container's end (children of it may still hold its output). */
async function closeAfterEnd(
  connection: EngineConnection,
  id: string,
  stream: Readable,
  ended: AbortSignal,
): Promise<void> {
  try {
    const engine = await connection.engine();
    await engine.getContainer(id).wait({ condition: 'not-running', abortSignal: ended });
    await delay(STREAM_END_MS, undefined, { signal: ended });
    stream.destroy();
  } catch {
    // The stream ended first, or the daemon went away, which ends it too.
  }
}
