/**
 * The engine's side of the launcher process (launcher-process.ts).
 *
 * States: none -> starting (the engine starts supervisors itself meanwhile) -> ready -> none (nothing to do any more, or it died).
 * It is started by a burst of launches only: a workstation that starts a training run now and then never has one.
 * Dying is harmless: what was asked of it and not answered is started by the engine itself (the claim decides which of the two
 * runs), and the ends of what it had started are found in their files.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LauncherMessage, LaunchRequest } from './launcher-messages.ts';
import { spawnSupervisor } from './spawn-supervisor.ts';
import type { SpawnOrder } from './spawn-supervisor.ts';

// Built, both are JavaScript and lie side by side as well.
const SCRIPT = fileURLToPath(new URL(`./launcher-process${path.extname(import.meta.url)}`, import.meta.url));
/** So many launches within a second are a burst. */
const BURST_LAUNCHES = 8;
const BURST_MS = 1_000;
const IDLE_MS = 10_000;

export interface Launched {
  readonly pid: number;
  readonly claimed: boolean;
  /** How the supervisor ended; 'unwatched' when that can only be learned from its files. Never rejects. */
  readonly ended: Promise<{ readonly signal: NodeJS.Signals | null } | 'unwatched'>;
}

export interface Launcher {
  /** @throws the system's error when nothing was started */
  launch(order: SpawnOrder): Promise<Launched>;
  close(): void;
}

interface Waiting {
  readonly answered: (answer: Launched) => void;
  readonly refused: (error: Error) => void;
  readonly unanswered: () => void;
}

/** @param burstLaunches for tests: 0 starts the launcher with the first launch */
export function createLauncher(burstLaunches: number = BURST_LAUNCHES): Launcher {
  let helper: ChildProcess | null = null;
  let ready = false;
  let nextId = 1;
  let idleTimer: NodeJS.Timeout | null = null;
  const recentMs: number[] = [];
  const waiting = new Map<number, Waiting>();
  const running = new Map<number, (end: { readonly signal: NodeJS.Signals | null } | 'unwatched') => void>();
  // Electron's program is no Node in a packaged app, and a bundle has no such script.
  const possible = process.versions['electron'] === undefined && existsSync(SCRIPT);

  function noteLaunch(): void {
    const nowMs = performance.now();
    recentMs.push(nowMs);
    if (recentMs.length > burstLaunches) recentMs.shift();
    const isBurst = recentMs.length >= burstLaunches && nowMs - (recentMs[0] ?? nowMs) < BURST_MS;
    if (possible && helper === null && isBurst) start();
    if (helper !== null) rest();
  }

  /** Ends the helper after a while without launches; while one of its supervisors runs it stays to see the end. */
  function rest(): void {
    if (idleTimer !== null) clearTimeout(idleTimer);
    idleTimer = setTimeout(() => {
      if (waiting.size === 0 && running.size === 0) stop();
      else rest();
    }, IDLE_MS);
    idleTimer.unref();
  }

  function start(): void {
    // A session of its own: Ctrl-C in the engine's terminal is for the engine, which says goodbye by closing the channel.
    const child = fork(SCRIPT, [], { execArgv: [], detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    helper = child;
    child.unref();
    child.channel?.unref();
    child.on('message', (message) => {
      if (helper === child) hear(message as LauncherMessage);
    });
    const gone = (): void => {
      if (helper === child) lose();
    };
    child.on('error', gone);
    child.on('disconnect', gone);
    child.on('exit', gone);
  }

  function hear(message: LauncherMessage): void {
    if (message.kind === 'ready') {
      ready = true;
      return;
    }
    const { id } = message;
    if (message.kind === 'ended') {
      running.get(id)?.({ signal: message.signal });
      running.delete(id);
      return;
    }
    const asked = waiting.get(id);
    waiting.delete(id);
    if (message.kind === 'refused')
      asked?.refused(Object.assign(new Error(message.message), message.code === null ? {} : { code: message.code }));
    else
      asked?.answered({
        pid: message.pid,
        claimed: message.claimed,
        ended: new Promise((resolve) => {
          running.set(id, resolve);
        }),
      });
  }

  function lose(): void {
    helper = null;
    ready = false;
    const unanswered = [...waiting.values()];
    const unwatched = [...running.values()];
    waiting.clear();
    running.clear();
    for (const asked of unanswered) asked.unanswered();
    for (const tell of unwatched) tell('unwatched');
  }

  function stop(): void {
    if (idleTimer !== null) clearTimeout(idleTimer);
    const child = helper;
    lose();
    if (child?.connected === true) child.disconnect();
  }

  async function launchHere(order: SpawnOrder): Promise<Launched> {
    const { pid, claimed, ended } = await spawnSupervisor(order);
    return { pid, claimed: await claimed, ended: ended.then((signal) => ({ signal })) };
  }

  return {
    async launch(order) {
      noteLaunch();
      const child = helper;
      if (child === null || !ready || !child.connected) return await launchHere(order);
      const id = nextId++;
      const answer = await new Promise<Launched | null>((resolve, reject) => {
        waiting.set(id, {
          answered: resolve,
          refused: reject,
          unanswered: () => {
            resolve(null);
          },
        });
        child.send({ id, order } satisfies LaunchRequest, (error) => {
          if (error !== null && waiting.delete(id)) resolve(null);
        });
      });
      return answer ?? (await launchHere(order));
    },
    close: stop,
  };
}
