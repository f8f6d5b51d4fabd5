/**
 * Starts supervisors: through the starter (resources/process/starter.c), a process so small that starting another costs next to nothing,
 * or, where there is none for this machine, as shells of the engine's own.
 *
 * States: none -> up (with the first launch) -> none (closed, or it died); or -> unusable, when it never answered: a data directory that no
 * program may be run from, another processor. Dying is harmless: what was asked of it and not answered is started by the engine itself (the
 * claim decides which of the two runs), and the ends of what it had started are found in their files.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import os from 'node:os';
import { spawnSupervisor } from './spawn-supervisor.ts';
import type { SpawnOrder } from './spawn-supervisor.ts';
import { readAnswers, writeOrder, type StarterAnswer } from './starter-messages.ts';

/** How a supervisor ended. */
export interface SupervisorEnd {
  readonly signal: NodeJS.Signals | null;
  /** It saw that nothing is alive of what it started, also outside of its group. */
  readonly allGone: boolean;
}

export interface Launched {
  readonly pid: number;
  readonly claimed: boolean;
  /** 'unwatched' when that can only be learned from its files. Never rejects. */
  readonly ended: Promise<SupervisorEnd | 'unwatched'>;
}

export interface Launcher {
  /** @throws the system's error when nothing was started */
  launch(order: SpawnOrder): Promise<Launched>;
  close(): void;
}

interface Starter {
  readonly child: ChildProcess & { readonly stdin: Socket; readonly stdout: Socket };
  received: Buffer;
  hasAnswered: boolean;
}

const SIGNALS = new Map(Object.entries(os.constants.signals).map(([name, number]) => [number, name as NodeJS.Signals]));

/** Supervisors write their attempt's variables over it. */
const ROOM = ' '.repeat(1_000);

/** @param program the starter; null = there is none */
export function createLauncher(program: string | null): Launcher {
  let starter: Starter | null = null;
  let isUsable = program !== null;
  let nextId = 1;
  /** Orders that were not answered; null = start it yourself. */
  const waiting = new Map<number, (answer: Launched | null) => void>();
  const running = new Map<number, (end: SupervisorEnd | 'unwatched') => void>();

  function start(path: string): Starter {
    // A session of its own: Ctrl-C in the engine's terminal is for the engine, which says goodbye by closing the stream.
    const child = spawn(path, [], {
      detached: true,
      cwd: '/',
      env: { SWITCHYARD_ROOM: ROOM },
      stdio: ['pipe', 'pipe', 'ignore'],
    }) as Starter['child'];
    const started: Starter = { child, received: Buffer.alloc(0), hasAnswered: false };
    const gone = (): void => {
      lose(started);
    };
    child.on('error', gone);
    child.on('exit', gone);
    child.stdin.on('error', gone);
    child.stdout.on('error', gone);
    child.stdout.on('close', gone);
    child.stdout.on('data', (data: Buffer) => {
      try {
        hear(started, data);
      } catch {
        child.kill('SIGKILL');
        gone();
      }
    });
    child.unref();
    child.stdin.unref();
    child.stdout.unref();
    return started;
  }

  function hear(from: Starter, data: Buffer): void {
    if (from !== starter) return;
    from.hasAnswered = true;
    const { answers, rest } = readAnswers(from.received.length === 0 ? data : Buffer.concat([from.received, data]));
    from.received = rest;
    for (const answer of answers) take(answer);
    if (waiting.size === 0) from.child.stdout.unref();
  }

  function take(answer: StarterAnswer): void {
    const { kind, id, pid } = answer;
    const asked = waiting.get(id);
    if (kind === 'claimed') {
      const { promise: ended, resolve } = Promise.withResolvers<SupervisorEnd | 'unwatched'>();
      running.set(id, resolve);
      asked?.({ pid, claimed: true, ended });
    } else if (kind === 'ended') {
      running.get(id)?.({ signal: SIGNALS.get(answer.value) ?? null, allGone: answer.value === 0 });
      running.delete(id);
      // It died before it could say whether it has the claim.
      asked?.({ pid, claimed: false, ended: Promise.resolve('unwatched') });
    } else asked?.(kind === 'refused' ? null : { pid, claimed: false, ended: Promise.resolve('unwatched') });
    waiting.delete(id);
  }

  function lose(lost: Starter): void {
    if (lost !== starter) return;
    starter = null;
    if (!lost.hasAnswered) isUsable = false;
    const unanswered = [...waiting.values()];
    const unwatched = [...running.values()];
    waiting.clear();
    running.clear();
    for (const asked of unanswered) asked(null);
    for (const tell of unwatched) tell('unwatched');
  }

  async function launchHere(order: SpawnOrder): Promise<Launched> {
    const { pid, claimed, ended } = await spawnSupervisor(order);
    return { pid, claimed: await claimed, ended: ended.then((signal) => ({ signal, allGone: false })) };
  }

  return {
    async launch(order) {
      const id = nextId++;
      const message = program === null || !isUsable ? null : writeOrder(id, order);
      if (program === null || message === null) return await launchHere(order);
      const to = (starter ??= start(program));
      const answer = await new Promise<Launched | null>((resolve) => {
        waiting.set(id, resolve);
        // Whoever asked waits for the answer; for the ends of programs nobody has to stay.
        to.child.stdout.ref();
        to.child.stdin.write(message);
      });
      return answer ?? (await launchHere(order));
    },
    close() {
      const open = starter;
      if (open === null) return;
      // Not for want of an answer.
      open.hasAnswered = true;
      lose(open);
      open.child.stdin.end();
    },
  };
}
