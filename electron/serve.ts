/**
 * The headless entry: the engine with its UI in a browser.
 *
 *   node electron/serve.ts [--port N] [--host ADDRESS --allow-remote] [--allow-host NAME] [--open] [--json]
 *
 * start.ts calls `serve` in its own process; the command line starts this file in the background.
 */
import os from 'node:os';
import path from 'node:path';
import { SwitchyardError } from './contract/errors.ts';
import { findOtherOwner, sayOtherOwner } from './client/data-owner.ts';
import { askForLoginLink } from './client/login-link.ts';
import { PROGRAM_ROOT, readVersion } from './client/program-root.ts';
import { openInBrowser } from './doors/browser-opener.ts';
import { createDoorLog } from './doors/door-log.ts';
import { isPortTaken } from './doors/listener.ts';
import { openDoors, type Doors } from './doors/open-doors.ts';
import { readEnvironment, type EngineStart, type LaunchEnvironment } from './doors/launch-environment.ts';
import { isLoopback, parseServeFlags, sayUnused, type ServeFlags } from './doors/serve-options.ts';
import { ORDERLY_END_MS, type Engine } from './ports/engine-api.ts';
import { watchDataDir } from './store/watch-data-dir.ts';
import { enterOwnScope } from '../native/host/own-scope.ts';

/** How long an engine that is just starting may take to open its socket. */
const OWNER_PATIENCE_MS = 15_000;

export interface ServeEnvironment {
  readonly env: NodeJS.ProcessEnv;
  readonly print: (line: string) => void;
  readonly warn: (line: string) => void;
  readonly startEngine: EngineStart;
  /** Settles on the first request from outside to stop. */
  readonly stopAsked: Promise<unknown>;
  /** How long the end may take, and what ends the process when it takes longer. */
  readonly orderlyEndMs: number;
  readonly endByForce: () => void;
}

/**
 * Runs the headless engine until it is asked to stop.
 * @param argv flags, without the program's name
 * @returns the exit code: 0 when it ended well or another engine already runs, 1 when it could not start, 2 for wrong flags
 */
export async function serve(argv: readonly string[], environment?: Partial<ServeEnvironment>): Promise<number> {
  const { env, print, warn } = { env: process.env, print: printLine, warn: warnLine, ...environment };
  const parsed = parseServeFlags(argv);
  if (parsed.kind === 'help') {
    print(parsed.text.trimEnd());
    return 0;
  }
  if (parsed.kind === 'refused') {
    warn(parsed.message);
    return 2;
  }
  const launch = readEnvironment(env);
  const startEngine = environment?.startEngine ?? (await import('./engine/engine.ts')).startEngine;
  // From here on a signal means an orderly end, also while the engine is starting.
  const stopAsked = environment?.stopAsked ?? signalled(warn);
  // Before there is a trial: what the engine starts is where it is itself. An engine somebody hands in is in a process of his.
  if (environment?.startEngine === undefined) await enterOwnScope(createDoorLog(launch.paths.engineLog));
  let engine: Engine;
  try {
    engine = await startEngine({ ...launch.engine, shell: 'headless', version: readVersion() });
  } catch (error) {
    if (error instanceof SwitchyardError && error.code === 'data_dir_locked')
      return pointToOwner(launch, error, parsed.flags, print, warn);
    const owner = isForbidden(error) ? findOtherOwner(launch.paths.dir) : null;
    warn(owner === null ? describe(error) : sayOtherOwner(launch.paths.dir, owner).join('\n'));
    return 1;
  }
  const watch = watchForFaults(engine);
  const stopWatching = watchDataDir(engine.paths, (message) => {
    warn(message);
    process.exit(1);
  });
  let stopDeadline = (): void => undefined;
  try {
    const doors = await openDoors(engine, doorsOptions(parsed.flags)).catch((error: unknown) => {
      warn(
        isPortTaken(error) && parsed.flags.port !== null
          ? `Port ${parsed.flags.port} is taken by another program. Choose another with --port, or leave it out to take a free one.`
          : describe(error),
      );
      return null;
    });
    if (doors === null) return 1;
    try {
      if (parsed.warning !== null) warn(parsed.warning);
      await announce(doors, engine, parsed.flags, print);
      await Promise.race([stopAsked, engine.stopRequested, watch.failed]);
    } finally {
      stopDeadline = startDeadline(engine, environment, warn);
      await doors.close();
    }
  } finally {
    stopWatching();
    await engine.close();
    stopDeadline();
    watch.stop();
  }
  return watch.hasFailed() ? 1 : 0;
}

/**
 * An end that hangs (a disk that does not answer, a connection nobody closes) would leave a process that serves nothing and holds the
 * lock. Everything that was acknowledged is on the disk, so it ends by force then.
 * @returns the function that says that it has ended
 */
function startDeadline(
  engine: Engine,
  environment: Partial<ServeEnvironment> | undefined,
  warn: (line: string) => void,
): () => void {
  const deadlineMs = environment?.orderlyEndMs ?? ORDERLY_END_MS;
  const endByForce = environment?.endByForce ?? (() => process.exit(1));
  const timer = setTimeout(() => {
    const text = `Switchyard could not end in order within ${deadlineMs / 1000} s, so it ends by force. Nothing saved is lost.`;
    createDoorLog(engine.paths.engineLog)('the orderly end took too long', new Error(text));
    warn(text);
    endByForce();
  }, deadlineMs);
  timer.unref();
  return () => {
    clearTimeout(timer);
  };
}

async function announce(doors: Doors, engine: Engine, flags: ServeFlags, print: (line: string) => void): Promise<void> {
  const url = doors.http.loginUrl();
  if (flags.json)
    print(JSON.stringify({ ready: true, alreadyRunning: false, url, dataDir: engine.paths.dir, pid: process.pid }));
  else {
    print(`Switchyard ${readVersion()} is ready, data in ${engine.paths.dir}`);
    print(`Open ${url}`);
  }
  if (flags.open && !(await openInBrowser(doors.http.loginUrl(), engine.paths.dir)) && !flags.json)
    print('No browser could be started here; open the URL above yourself.');
}

async function pointToOwner(
  launch: LaunchEnvironment,
  error: SwitchyardError,
  flags: ServeFlags,
  print: (line: string) => void,
  warn: (line: string) => void,
): Promise<number> {
  const { dir: dataDir } = launch.paths;
  const running = await askForLoginLink(launch.paths, OWNER_PATIENCE_MS);
  if (running.kind === 'silent') {
    warn(describe(error));
    return 1;
  }
  const url = running.kind === 'browser' ? running.url : null;
  const unused = sayUnused(flags, url);
  if (unused !== null) warn(unused);
  if (flags.json) print(JSON.stringify({ ready: true, alreadyRunning: true, url, dataDir }));
  else {
    print(`Switchyard is already running on ${dataDir}`);
    print(url === null ? 'It runs as the desktop app: use its window.' : `Open ${url}`);
  }
  if (flags.open && url !== null) {
    // A link works once: the browser gets one of its own.
    const forBrowser = await askForLoginLink(launch.paths, 0);
    if (forBrowser.kind === 'browser') await openInBrowser(forBrowser.url, dataDir);
  }
  return 0;
}

function doorsOptions(flags: ServeFlags): Parameters<typeof openDoors>[1] {
  const own = isLoopback(flags.host) ? [] : ownNames();
  return {
    uiRoot: path.join(PROGRAM_ROOT, 'out', 'renderer'),
    host: flags.host,
    port: flags.port,
    allowHosts: [...own, ...flags.allowHosts],
  };
}

/** Names under which other machines reach this one; none of them can be made to point here by somebody else's DNS. */
function ownNames(): readonly string[] {
  const addresses = Object.values(os.networkInterfaces()).flatMap((list) => list ?? []);
  return [
    os.hostname().toLowerCase(),
    ...addresses.map(({ family, address }) => (family === 'IPv6' ? `[${address}]` : address)),
  ];
}

function isForbidden(error: unknown): boolean {
  return error instanceof SwitchyardError && error.code === 'forbidden';
}

function describe(error: unknown): string {
  if (error instanceof SwitchyardError)
    return error.remedy === undefined ? error.message : `${error.message}\n${error.remedy}`;
  return `Switchyard could not start: ${error instanceof Error ? error.message : String(error)}`;
}

/** Settles on the first SIGINT, SIGTERM or SIGHUP; the second ends the process at once. */
function signalled(warn: (line: string) => void): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = (signal: NodeJS.Signals) => {
      if (asked) process.exit(signal === 'SIGINT' ? 130 : 143);
      asked = true;
      warn('Stopping. Running trials go on and are found again at the next start.');
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  });
}

/** An error nobody caught leaves the engine in an unknown state: log it, end, and let the next start recover. */
function watchForFaults(engine: Engine): { readonly failed: Promise<void>; hasFailed(): boolean; stop(): void } {
  const log = createDoorLog(engine.paths.engineLog);
  let failed = false;
  let settle = () => {};
  const onFault = (error: unknown) => {
    log('an unexpected error ends the engine', error);
    warnLine(
      `Switchyard has to stop: ${error instanceof Error ? error.message : String(error)}. Details are in ` +
        `${engine.paths.engineLog}; start it again, nothing queued is lost.`,
    );
    if (failed) process.exit(1);
    failed = true;
    settle();
  };
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);
  return {
    failed: new Promise((resolve) => {
      settle = resolve;
    }),
    hasFailed: () => failed,
    stop() {
      process.off('uncaughtException', onFault);
      process.off('unhandledRejection', onFault);
    },
  };
}

function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

function warnLine(line: string): void {
  process.stderr.write(`${line}\n`);
}

if (import.meta.main) {
  // Whoever started us may have gone; a closed pipe must not end the engine.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  process.exit(await serve(process.argv.slice(2)));
}
