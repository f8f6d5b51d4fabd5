/**
 * A real engine in a process of its own on a data directory, for tests that kill it, stop it and start it again.
 * Only the processes started here are ended, by pid.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createSocketFetch } from '../../electron/client/socket-fetch.ts';
import { dataPaths } from '../../electron/ports/data-dir.ts';
import { createApiClient, type ApiClient } from './api-client.ts';
import { openMirror, type Mirror, type MirrorState } from './mirror.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SERVE = path.join(ROOT, 'electron', 'serve.ts');
/** An engine under test sees only what the test shows it: no Docker, no GPUs, nothing of the test runner's. */
const EMPTY_MACHINE = {
  DOCKER_HOST: 'unix:///nonexistent/docker.sock',
  SWITCHYARD_NVIDIA_SMI: '/nonexistent/nvidia-smi',
  NODE_OPTIONS: undefined,
  VITEST: undefined,
};
const READY_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 20_000;

export interface EngineProcessOptions {
  /** Created by the caller; the engine keeps everything in it. */
  readonly dataDir: string;
  /** Added to the environment of this process; DOCKER_HOST and SWITCHYARD_NVIDIA_SMI belong here; without them it finds neither Docker nor GPUs. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The file that is run instead of serve. */
  readonly program?: string;
  /** Flags of serve besides --json and --port. */
  readonly args?: readonly string[];
  /** A command that runs what follows it, and becomes it. */
  readonly through?: readonly string[];
  /** Who runs it; default: whoever runs the test. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** What serve prints when it is ready. */
export interface ReadyLine {
  readonly ready: boolean;
  readonly alreadyRunning: boolean;
  readonly url: string | null;
  readonly dataDir: string;
}

/** One run of serve, from its start to its end. */
export interface EngineRun {
  readonly pid: number;
  /** Settles with the ready line; rejects when it ended without one. */
  readonly ready: Promise<ReadyLine>;
  readonly ended: Promise<{ readonly exitCode: number | null; readonly signal: NodeJS.Signals | null }>;
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
}

export interface EngineProcess {
  readonly dataDir: string;
  readonly api: ApiClient;
  readonly pid: number;
  readonly url: string;
  /** Where its API listens. */
  readonly socket: string;
  readonly isAlive: boolean;
  /** What this and earlier engines of this directory printed to stderr. */
  stderr(): string;
  /** SIGKILL; settles when it is gone. */
  kill9(): Promise<void>;
  /** SIGTERM; settles with the exit code. */
  stop(): Promise<number | null>;
  /** Starts it again (after kill9 or stop) and waits until it is ready. */
  restart(changes?: Partial<Pick<EngineProcessOptions, 'env' | 'args'>>): Promise<void>;
  /** The mirror of the engine that runs now. */
  mirror(): Promise<Mirror>;
  /** See Mirror.waitFor. */
  waitFor<T>(what: string, condition: (state: MirrorState) => T | undefined | false, deadlineMs?: number): Promise<T>;
  /** Kills it if it still runs. The caller removes the directory. */
  dispose(): Promise<void>;
}

/** Starts serve without waiting for anything. */
export function spawnServe(options: EngineProcessOptions): EngineRun {
  const { dataDir, env = {}, args = [], user, through = [] } = options;
  const [program = process.execPath, ...words] = [
    ...through,
    process.execPath,
    options.program ?? SERVE,
    '--json',
    '--port',
    '0',
    ...args,
  ];
  const child = spawn(program, words, {
    env: { ...process.env, ...EMPTY_MACHINE, ...env, SWITCHYARD_HOME: dataDir },
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: ROOT,
    ...user,
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([exitCode, signal]) => ({
    exitCode: exitCode as number | null,
    signal: signal as NodeJS.Signals | null,
  }));
  const ready = readReadyLine(child, () => stderr);
  // Whoever starts a second engine may only be interested in how it ends.
  ready.catch(() => undefined);
  return {
    pid: child.pid ?? -1,
    ready,
    ended,
    stderr: () => stderr,
    kill: (signal) => {
      child.kill(signal);
    },
  };
}

function readReadyLine(child: ChildProcess, stderr: () => string): Promise<ReadyLine> {
  return new Promise((resolve, reject) => {
    if (child.stdout === null) return;
    const lines = createInterface(child.stdout);
    const timer = setTimeout(() => {
      reject(new Error(`the engine was not ready within ${READY_DEADLINE_MS} ms\n${stderr()}`));
    }, READY_DEADLINE_MS);
    lines.once('line', (line) => {
      clearTimeout(timer);
      resolve(JSON.parse(line) as ReadyLine);
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      reject(new Error(`the engine ended before it was ready (${code ?? 'killed'})\n${stderr()}`));
    });
  });
}

/** Starts an engine and waits until it is ready. */
export async function startEngineProcess(options: EngineProcessOptions): Promise<EngineProcess> {
  let current = options;
  const socket = dataPaths(options.dataDir, process.platform, process.env['XDG_RUNTIME_DIR'] ?? os.tmpdir()).socket;
  const api = createApiClient(createSocketFetch(socket));
  let earlierStderr = '';
  let run: EngineRun;
  let url = '';
  let alive = false;
  let mirror: Promise<Mirror> | null = null;

  async function start(): Promise<void> {
    const started = spawnServe(current);
    run = started;
    alive = true;
    void started.ended.then(() => {
      if (run === started) alive = false;
    });
    const line = await started.ready.catch((error: unknown) => {
      started.kill('SIGKILL');
      throw error;
    });
    url = line.url ?? '';
  }

  async function end(): Promise<void> {
    await run.ended;
    alive = false;
    earlierStderr += run.stderr();
    const open = mirror;
    mirror = null;
    (await open?.catch(() => null))?.close();
  }

  const openedMirror = (): Promise<Mirror> => (mirror ??= openMirror(api));
  const engine: EngineProcess = {
    dataDir: options.dataDir,
    api,
    socket,
    get pid() {
      return run.pid;
    },
    get url() {
      return url;
    },
    get isAlive() {
      return alive;
    },
    stderr: () => earlierStderr + (alive ? run.stderr() : ''),
    async kill9() {
      run.kill('SIGKILL');
      await end();
    },
    async stop() {
      run.kill('SIGTERM');
      const timer = setTimeout(() => {
        run.kill('SIGKILL');
      }, STOP_DEADLINE_MS);
      const { exitCode } = await run.ended;
      clearTimeout(timer);
      await end();
      return exitCode;
    },
    async restart(changes = {}) {
      if (alive) throw new Error('stop or kill the engine first');
      current = { ...current, ...changes };
      await start();
    },
    mirror: openedMirror,
    waitFor: async (what, condition, deadlineMs) => (await openedMirror()).waitFor(what, condition, deadlineMs),
    async dispose() {
      if (alive) await engine.kill9();
    },
  };
  await start();
  return engine;
}

/** The end of the engine's own log, for the message of a failed test. */
export function engineLogTail(dataDir: string, lines = 30): string {
  const file = path.join(dataDir, 'engine.log');
  return existsSync(file)
    ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
    : '(no engine.log)';
}

/** Removes a test's directory; what still writes there is given a moment. */
export function removeDirectory(dir: string): void {
  rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}
