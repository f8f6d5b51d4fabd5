/**
 * The desktop's engine, in a process of its own (Electron's utilityProcess): the database, scans and collections do not share the
 * process that routes the window's input. It is reached through its socket, by the window as by the command line.
 *
 * starting -> listening -> closing -> ended. Trials go on whichever way it ends; the next start takes them up.
 */
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { SwitchyardError } from './contract/errors.ts';
import { createDoorLog } from './doors/door-log.ts';
import { readEnvironment, type EngineStart } from './doors/launch-environment.ts';
import { openSocketDoor, type SocketDoor } from './doors/socket-door.ts';
import { startEngine } from './engine/engine.ts';
import type { Engine } from './ports/engine-api.ts';
import type { EngineProcessOrder, FromEngineProcess, ToEngineProcess } from './ports/engine-process.ts';
import { watchDataDir } from './store/watch-data-dir.ts';
import { enterOwnScope } from '../native/host/own-scope.ts';

const ACKNOWLEDGE_MS = 5_000;

/** Electron's parentPort, as far as it is used. */
export interface ParentPort {
  on(event: 'message', listener: (event: { readonly data: ToEngineProcess }) => void): unknown;
  postMessage(message: FromEngineProcess): void;
}

export interface EngineProcessParts {
  readonly port: ParentPort;
  readonly order: EngineProcessOrder;
  readonly startEngine: EngineStart;
  readonly env: NodeJS.ProcessEnv;
}

/** @returns the exit code, once the engine has ended or was not started */
export async function runEngineProcess({ port, order, startEngine: start, env }: EngineProcessParts): Promise<number> {
  const launch = readEnvironment(env);
  const log = createDoorLog(launch.paths.engineLog);
  const closeAsked = new Promise<'closed'>((resolve) => {
    port.on('message', ({ data }) => {
      if (data.kind === 'close') resolve('closed');
    });
  });
  let engine: Engine;
  let door: SocketDoor;
  try {
    const started = await Promise.race([start({ ...launch.engine, ...order, shell: 'desktop' }), closeAsked]);
    // A start may wait for a Docker that does not answer; it may be broken off at any point, and the next one recovers.
    if (started === 'closed') return 0;
    engine = started;
    try {
      // Browsers do not come in: the window is the user interface.
      door = await openSocketDoor({
        fetch: (request) => engine.fetch(request),
        socketPath: engine.paths.socket,
        loginUrl: null,
        log,
      });
    } catch (error) {
      await engine.close();
      throw error;
    }
  } catch (error) {
    const known = error instanceof SwitchyardError ? error : null;
    if (known?.code !== 'data_dir_locked') log('the engine could not start', error);
    port.postMessage({
      kind: 'refused',
      code: known?.code ?? 'internal',
      message: error instanceof Error ? error.message : String(error),
      remedy: known?.remedy ?? null,
    });
    await acknowledged(closeAsked);
    return 1;
  }
  const lost = new Promise<string>((resolve) => {
    watchDataDir(engine.paths, resolve);
  });
  port.postMessage({ kind: 'listening', socket: engine.paths.socket });
  const end = await Promise.race([
    closeAsked,
    engine.stopRequested.then(() => 'stopped' as const),
    lost.then((message) => ({ message })),
  ]);
  if (typeof end === 'object') {
    // What lies under its names now may be somebody else's: nothing is cleaned up.
    port.postMessage({ kind: 'lost', message: end.message });
    await acknowledged(closeAsked);
    return 1;
  }
  let code = 0;
  try {
    await door.close();
    await engine.close();
  } catch (error) {
    log('closing the engine failed', error);
    code = 1;
  }
  if (end === 'stopped') {
    port.postMessage({ kind: 'stopped' });
    await acknowledged(closeAsked);
  }
  return code;
}

/** A message and the end of a process travel on different ways: the last word is heard before we go. */
async function acknowledged(closeAsked: Promise<unknown>): Promise<void> {
  await Promise.race([closeAsked, delay(ACKNOWLEDGE_MS, undefined, { ref: false })]);
}

const { parentPort } = process as { readonly parentPort?: ParentPort };
if (parentPort !== undefined) {
  const log = createDoorLog(readEnvironment(process.env).paths.engineLog);
  const onFault = (error: unknown): void => {
    // In what state the engine is now nobody knows: whoever started it starts it again.
    log('an unexpected error ends the engine', error);
    process.exit(1);
  };
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);
  // Ctrl-C in a terminal reaches the window as well, which closes the engine in order.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  const order = JSON.parse(process.argv[2] ?? '{}') as EngineProcessOrder;
  // Before there is a trial: what it starts is where it is itself.
  void enterOwnScope(log)
    .then(() => runEngineProcess({ port: parentPort, order, startEngine, env: process.env }))
    .then((code) => {
      process.exit(code);
    });
}
