/**
 * The engine the window shows, always through a socket: one that we started in a process of its own, or one that already owns the
 * data directory. A window on a foreign engine never ends it.
 *
 *   starting -> up -> closed
 *      ^        |
 *      +--------+   our engine's process died: it is started again, a few times
 *
 * While it is not up, requests are answered with 503 `starting`; the window is there before its engine is.
 */
import { waitForSocket } from '../client/find-engine.ts';
import { followFeed } from '../client/follow-feed.ts';
import { createSocketFetch } from '../client/socket-fetch.ts';
import { ERROR_STATUS, SwitchyardError, type ErrorCode } from '../contract/errors.ts';
import type { DoorLog } from '../doors/listener.ts';
import { problemResponse } from '../doors/problem-response.ts';
import type { DataPaths } from '../ports/data-dir.ts';
import { ORDERLY_END_MS } from '../ports/engine-api.ts';
import type { FromEngineProcess } from '../ports/engine-process.ts';
import type { WatchedEngine } from './engine-mirror.ts';

/** A process with an engine in it, as main starts it. */
export interface EngineProcess {
  send(message: { readonly kind: 'close' }): void;
  kill(): void;
  onMessage(listener: (message: FromEngineProcess) => void): void;
  /** @param listener gets the exit code and its last words, which may be none */
  onExit(listener: (code: number, lastWords: string) => void): void;
}

export interface EngineLink extends WatchedEngine {
  /** Settles when our engine was asked to stop through its API; never for a foreign one. */
  readonly stopRequested: Promise<void>;
  /** Rejects when there is no engine and will be none. Never resolves. */
  readonly failed: Promise<never>;
  /** Whether the engine is one that this program did not start; null while that is not known. */
  isForeign(): boolean | null;
  /** Settles when the engine turns out to be one that this program did not start. */
  readonly foreignFound: Promise<void>;
  /** Ends our engine; only lets go of a foreign one. */
  close(): Promise<void>;
}

/** How long an owner that is just starting may take to open its socket. */
const OWNER_PATIENCE_MS = 15_000;
/** Closing waits for what is being written; after this long it is killed, before the application itself is, and the next start recovers. */
const CLOSE_PATIENCE_MS = ORDERLY_END_MS * 0.8;
const MAX_RESTARTS = 3;
const RESTARTS_WITHIN_MS = 10 * 60_000;
/** The tray follows soon after the engine is up. */
const FEED_RETRY_MS = 250;

export interface EngineLinkOptions {
  /** What has to be known before an engine can be started. Never rejects. */
  readonly ready: Promise<unknown>;
  readonly startProcess: () => EngineProcess;
  readonly paths: DataPaths;
  readonly log: DoorLog;
}

export function openEngineLink({ ready, startProcess, paths, log }: EngineLinkOptions): EngineLink {
  let socketFetch: ((request: Request) => Promise<Response>) | null = null;
  let own: EngineProcess | null = null;
  let isForeign: boolean | null = null;
  let isClosing = false;
  const restartsAtMs: number[] = [];
  const stop = Promise.withResolvers<void>();
  const foreign = Promise.withResolvers<void>();
  const failure = Promise.withResolvers<never>();
  // Whoever listens shows it; nobody has to.
  failure.promise.catch(() => undefined);
  const exited = { settle: (): void => undefined };

  async function start(): Promise<void> {
    await ready;
    if (isClosing) return;
    const child = startProcess();
    own = child;
    let said: FromEngineProcess['kind'] | null = null;
    child.onMessage((message) => {
      said = message.kind;
      hear(message);
      // Its last word was heard: it may go.
      if (said !== 'listening') child.send({ kind: 'close' });
    });
    child.onExit((code, lastWords) => {
      own = null;
      // One that was refused ends after the owner was found.
      if (isForeign !== true) socketFetch = null;
      exited.settle();
      if (isClosing || said === 'refused' || said === 'stopped' || said === 'lost') return;
      log('the process of the engine ended', new Error(`exit code ${code}: ${lastWords || 'it said nothing'}`));
      again(code, lastWords);
    });
  }

  function hear(message: FromEngineProcess): void {
    switch (message.kind) {
      case 'listening':
        isForeign = false;
        socketFetch = createSocketFetch(message.socket);
        return;
      case 'refused':
        if (message.code === 'data_dir_locked') void joinOwner(message);
        else failure.reject(toError(message));
        return;
      case 'stopped':
        stop.resolve();
        return;
      case 'lost':
        failure.reject(new SwitchyardError('internal', message.message));
    }
  }

  async function joinOwner(refusal: FromEngineProcess & { readonly kind: 'refused' }): Promise<void> {
    const socket = await waitForSocket(paths, OWNER_PATIENCE_MS, () => isClosing);
    if (isClosing) return;
    if (socket === null) {
      failure.reject(toError(refusal));
      return;
    }
    isForeign = true;
    socketFetch = createSocketFetch(socket);
    foreign.resolve();
  }

  function again(code: number, lastWords: string): void {
    const nowMs = performance.now();
    while (restartsAtMs[0] !== undefined && nowMs - restartsAtMs[0] > RESTARTS_WITHIN_MS) restartsAtMs.shift();
    if (restartsAtMs.length >= MAX_RESTARTS) {
      failure.reject(
        new SwitchyardError(
          'internal',
          `The engine ended unexpectedly ${MAX_RESTARTS + 1} times in a row (exit code ${code}).`,
          {
            remedy: `${lastWords === '' ? '' : `Its last words: ${lastWords}\n`}The engine log has the details: ${paths.engineLog}`,
          },
        ),
      );
      return;
    }
    restartsAtMs.push(nowMs);
    start().catch((error: unknown) => failure.reject(error));
  }

  const fetch = async (request: Request): Promise<Response> =>
    socketFetch === null
      ? problemResponse('starting', 'The engine is starting.', {
          remedy: 'The window shows the queue as soon as it is up.',
        })
      : await socketFetch(request);

  start().catch((error: unknown) => failure.reject(error));
  return {
    fetch,
    subscribe: (onFrame, onConnection) => followFeed({ fetch, onFrame, onConnection, retryMs: FEED_RETRY_MS }),
    stopRequested: stop.promise,
    failed: failure.promise,
    isForeign: () => isForeign,
    foreignFound: foreign.promise,
    async close() {
      isClosing = true;
      const child = own;
      if (child === null) return;
      const gone = new Promise<'gone'>((resolve) => {
        exited.settle = () => resolve('gone');
      });
      child.send({ kind: 'close' });
      const late = Promise.withResolvers<'late'>();
      const timer = setTimeout(() => late.resolve('late'), CLOSE_PATIENCE_MS);
      if ((await Promise.race([gone, late.promise])) === 'late') {
        log('the engine did not close in time', new Error('it was ended'));
        child.kill();
      }
      clearTimeout(timer);
    },
  };
}

function toError({ code, message, remedy }: FromEngineProcess & { readonly kind: 'refused' }): SwitchyardError {
  return new SwitchyardError(isErrorCode(code) ? code : 'internal', message, remedy === null ? {} : { remedy });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_STATUS, code);
}
