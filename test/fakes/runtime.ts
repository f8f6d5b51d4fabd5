/**
 * A trial runtime in memory, for tests and demonstrations of the engine: programs are scripted timelines, and a test can step in by hand.
 * The `FakeMachine` is what outlives an engine; runtimes made from it are engines that come and go. Log bytes really are appended to
 * `logPath`, nothing else touches the disk.
 *
 * An attempt is: absent -> (given up) | running -> (frozen <-> running) -> ended. A program is started once per attempt id ever.
 */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { LaunchError } from '../../electron/ports/trial-runtime.ts';
import type {
  Attachment,
  AttemptHandle,
  ExitInfo,
  LaunchSpec,
  Recovered,
  RuntimeStatus,
  TrialRuntime,
} from '../../electron/ports/trial-runtime.ts';
import type { Clock } from '../../electron/ports/clock.ts';
import type { RuntimeKind } from '../../electron/contract/states.ts';

export type FakeStep =
  | { readonly do: 'print'; readonly text: string }
  | { readonly do: 'sleep'; readonly ms: number }
  | { readonly do: 'write'; readonly file: string; readonly text: string }
  | { readonly do: 'exit'; readonly code: number };

export interface FakeProgram {
  /** Runs in order; afterwards the program stays until it is ended, unless a step was exit. */
  readonly steps: readonly FakeStep[];
  /** What SIGTERM does: ends it with 143 (default), nothing, or these steps. */
  readonly onTerm?: 'die' | 'ignore' | readonly FakeStep[];
}

/** A program whose argv is ["fake", JSON of a FakeProgram] runs that script, whatever the machine's default is. */
export function fakeArgv(program: FakeProgram): readonly string[] {
  return ['fake', JSON.stringify(program)];
}

export interface FakeAttempt {
  readonly spec: LaunchSpec;
  readonly frozen: boolean;
  readonly exit: ExitInfo | null;
  /** "SIGTERM", "SIGKILL", "freeze", "unfreeze" as they came. */
  readonly signals: readonly string[];
}

interface Live {
  spec: LaunchSpec;
  frozen: boolean;
  exit: ExitInfo | null;
  signals: string[];
  program: FakeProgram;
  /** Steps still to run, and the timer of a sleep. */
  todo: FakeStep[];
  timer: NodeJS.Timeout | null;
  readonly watchers: Set<() => void>;
}

export interface FakeMachine {
  /** A new engine's runtime on this machine. */
  runtime(kind?: RuntimeKind): TrialRuntime;
  /** What programs without a script of their own do; default: run until told. */
  setProgram(choose: (spec: LaunchSpec) => FakeProgram): void;
  attempt(attemptId: string): FakeAttempt | undefined;
  attempts(): readonly FakeAttempt[];
  print(attemptId: string, text: string): void;
  exit(attemptId: string, exit: Partial<ExitInfo>): void;
  /** The machine or daemon goes down under it. */
  lose(attemptId: string): void;
  /** The next launches fail with these, in order. */
  failLaunches(...errors: readonly LaunchError[]): void;
  /** Launches wait (and report this activity) until the returned function is called. */
  holdLaunches(activity?: string): () => void;
  setStatus(status: Partial<RuntimeStatus>): void;
}

const UP: RuntimeStatus = { available: true, version: 'fake', gpuSupport: true, problem: null, remedy: null };

export function createFakeMachine({ clock }: { readonly clock: Clock }): FakeMachine {
  const attempts = new Map<string, Live>();
  const givenUp = new Set<string>();
  const failures: LaunchError[] = [];
  const listeners = new Set<() => void>();
  let status = UP;
  let chooseProgram: (spec: LaunchSpec) => FakeProgram = () => ({ steps: [] });
  let hold: { readonly activity: string; readonly released: Promise<void> } | null = null;
  let nextRef = 1000;
  const refs = new Map<string, string>();

  function must(attemptId: string): Live {
    const live = attempts.get(attemptId);
    if (live === undefined) throw new Error(`the fake machine knows no attempt ${attemptId}`);
    return live;
  }

  function end(live: Live, exit: Partial<ExitInfo>): void {
    if (live.exit !== null) return;
    if (live.timer !== null) clearTimeout(live.timer);
    live.exit = {
      exitCode: 0,
      signal: null,
      oomKilled: false,
      lost: false,
      endedAtMs: clock.nowMs(),
      message: null,
      ...exit,
    };
    for (const watcher of live.watchers) watcher();
    live.watchers.clear();
  }

  function print(live: Live, text: string): void {
    mkdirSync(path.dirname(live.spec.logPath), { recursive: true });
    appendFileSync(live.spec.logPath, text);
  }

  function proceed(live: Live): void {
    while (live.exit === null && !live.frozen && live.timer === null) {
      const step = live.todo.shift();
      if (step === undefined) return;
      if (step.do === 'print') print(live, step.text);
      else if (step.do === 'write') writeFileSync(path.resolve(live.spec.workDir, step.file), step.text);
      else if (step.do === 'exit') end(live, { exitCode: step.code });
      else {
        live.timer = setTimeout(() => {
          live.timer = null;
          proceed(live);
        }, step.ms);
      }
    }
  }

  function programOf(spec: LaunchSpec): FakeProgram {
    return spec.argv[0] === 'fake' && spec.argv[1] !== undefined
      ? (JSON.parse(spec.argv[1]) as FakeProgram)
      : chooseProgram(spec);
  }

  async function launch(
    spec: LaunchSpec,
    onActivity: (text: string) => void,
    signal: AbortSignal,
  ): Promise<{ readonly ref: string }> {
    const cancelled = new LaunchError('launch_failed', 'The start was cancelled before the program ran.', null, true);
    if (signal.aborted) throw cancelled;
    if (hold !== null) {
      onActivity(hold.activity);
      await Promise.race([
        hold.released,
        new Promise((resolve) => {
          signal.addEventListener('abort', resolve, { once: true });
        }),
      ]);
      if (signal.aborted) throw cancelled;
    }
    if (givenUp.has(spec.attemptId))
      throw new LaunchError('launch_failed', 'This attempt was given up in recovery.', null, true);
    const known = refs.get(spec.attemptId);
    if (known !== undefined) return { ref: known };
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    if (!status.available)
      throw new LaunchError('runtime_down', status.problem ?? 'The fake runtime is down.', status.remedy, true);
    if (spec.argv[0] !== 'fake' && spec.argv.length === 0)
      throw new LaunchError('command_missing', 'The command is empty.', null);
    const program = programOf(spec);
    const live: Live = {
      spec,
      frozen: false,
      exit: null,
      signals: [],
      program,
      todo: [...program.steps],
      timer: null,
      watchers: new Set(),
    };
    const ref = String(nextRef++);
    attempts.set(spec.attemptId, live);
    refs.set(spec.attemptId, ref);
    queueMicrotask(() => {
      proceed(live);
    });
    return { ref };
  }

  function signal(handle: AttemptHandle, name: string, act: (live: Live) => void): Promise<void> {
    const live = attempts.get(handle.attemptId);
    if (live !== undefined && live.exit === null) {
      live.signals.push(name);
      act(live);
    }
    return Promise.resolve();
  }

  function thaw(live: Live): void {
    live.frozen = false;
    proceed(live);
  }

  function runtime(kind: RuntimeKind = 'process'): TrialRuntime {
    let closed = false;
    return {
      kind,
      layOut: (places) => ({ places, paths: path, mounts: [] }),
      launch,
      status: () => Promise.resolve(status),
      diagnose: () =>
        Promise.resolve([
          { id: `fake-${kind}`, title: 'Fake runtime', status: 'ok', found: 'in memory', remedy: null },
        ]),
      onStatusChange(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      recover(handle): Promise<Recovered> {
        const live = attempts.get(handle.attemptId);
        if (live === undefined) {
          givenUp.add(handle.attemptId);
          return Promise.resolve({ kind: 'absent' });
        }
        return Promise.resolve(
          live.exit === null
            ? { kind: 'running', ref: refs.get(handle.attemptId) ?? '', frozen: live.frozen }
            : { kind: 'exited', exit: live.exit },
        );
      },
      attach(handle): Attachment {
        let detached = false;
        const live = attempts.get(handle.attemptId);
        const exit = new Promise<ExitInfo>((resolve) => {
          const settle = (): void => {
            if (detached || closed) return;
            resolve(
              live?.exit ?? {
                exitCode: null,
                signal: null,
                oomKilled: false,
                lost: true,
                endedAtMs: clock.nowMs(),
                message: 'The fake machine does not know it.',
              },
            );
          };
          if (live === undefined || live.exit !== null) queueMicrotask(settle);
          else live.watchers.add(settle);
        });
        return {
          exit,
          detach: () => {
            detached = true;
            return Promise.resolve();
          },
        };
      },
      terminate: (handle) =>
        signal(handle, 'SIGTERM', (live) => {
          const { onTerm = 'die' } = live.program;
          if (onTerm === 'die') end(live, { exitCode: 143, signal: 'SIGTERM' });
          else if (onTerm !== 'ignore') {
            if (live.timer !== null) clearTimeout(live.timer);
            live.timer = null;
            live.todo = [...onTerm];
          }
          thaw(live);
        }),
      kill: (handle) =>
        signal(handle, 'SIGKILL', (live) => {
          end(live, { exitCode: 137, signal: 'SIGKILL' });
        }),
      freeze: (handle) =>
        signal(handle, 'freeze', (live) => {
          live.frozen = true;
        }),
      unfreeze: (handle) => signal(handle, 'unfreeze', thaw),
      pids(handle) {
        const live = attempts.get(handle.attemptId);
        return Promise.resolve(live === undefined || live.exit !== null ? [] : [Number(refs.get(handle.attemptId))]);
      },
      remove(handle) {
        const live = attempts.get(handle.attemptId);
        if (live !== undefined) end(live, { exitCode: 137, signal: 'SIGKILL' });
        attempts.delete(handle.attemptId);
        givenUp.add(handle.attemptId);
        return Promise.resolve();
      },
      sweep(engineId, keep) {
        const swept: string[] = [];
        for (const [attemptId, live] of attempts) {
          if (live.spec.engineId !== engineId || keep.has(attemptId)) continue;
          end(live, { exitCode: 137, signal: 'SIGKILL' });
          attempts.delete(attemptId);
          swept.push(attemptId);
        }
        return Promise.resolve(swept);
      },
      close: () => {
        closed = true;
        return Promise.resolve();
      },
    };
  }

  return {
    runtime,
    setProgram: (choose) => {
      chooseProgram = choose;
    },
    attempt: (attemptId) => attempts.get(attemptId),
    attempts: () => [...attempts.values()],
    print: (attemptId, text) => {
      print(must(attemptId), text);
    },
    exit: (attemptId, exit) => {
      end(must(attemptId), exit);
    },
    lose: (attemptId) => {
      end(must(attemptId), { exitCode: null, lost: true, message: 'The fake machine went down.' });
    },
    failLaunches: (...errors) => {
      failures.push(...errors);
    },
    holdLaunches(activity = 'pulling fake:latest') {
      const { promise: released, resolve } = Promise.withResolvers<void>();
      hold = { activity, released };
      return () => {
        hold = null;
        resolve();
      };
    },
    setStatus(change) {
      status = { ...status, ...change };
      for (const listener of listeners) listener();
    },
  };
}
