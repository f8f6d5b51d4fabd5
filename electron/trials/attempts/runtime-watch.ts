/** What is known of the runtimes now: asked at start and whenever one says that it may have changed. */
import type { RuntimeKind } from '../../contract/states.ts';
import type { RuntimeStatus, TrialRuntime } from '../../ports/trial-runtime.ts';

const UNKNOWN: RuntimeStatus = { available: false, version: null, gpuSupport: null, problem: null, remedy: null };

const NAMES: Readonly<Record<RuntimeKind, string>> = {
  docker: 'the Docker engine',
  process: 'the process runtime',
  remote: 'the machines elsewhere',
};

/** An answer that differs from the last. */
export type RuntimeListener = (kind: RuntimeKind, status: RuntimeStatus, before: RuntimeStatus) => void;

export interface RuntimeWatch {
  of(kind: RuntimeKind): RuntimeStatus;
  /** Why nothing can start on it now; null = it can. */
  held(kind: RuntimeKind): string | null;
  onChange(listener: RuntimeListener): void;
  refresh(): Promise<void>;
  close(): void;
}

/** Asks nobody until `refresh`, or until a runtime says that something changed. */
export function watchRuntimes(runtimes: ReadonlyMap<RuntimeKind, TrialRuntime>): RuntimeWatch {
  const listeners: RuntimeListener[] = [];
  const known = new Map<RuntimeKind, RuntimeStatus>();
  let closed = false;

  async function ask(kind: RuntimeKind, runtime: TrialRuntime): Promise<void> {
    const status = await runtime.status().catch((error: unknown): RuntimeStatus => ({
      ...UNKNOWN,
      problem: error instanceof Error ? error.message : String(error),
    }));
    if (closed) return;
    const before = known.get(kind) ?? UNKNOWN;
    known.set(kind, status);
    if (before.available !== status.available || before.problem !== status.problem || before.version !== status.version)
      for (const listener of listeners) listener(kind, status, before);
  }

  const unsubscribe = [...runtimes].map(([kind, runtime]) =>
    runtime.onStatusChange(() => {
      void ask(kind, runtime);
    }),
  );
  return {
    of: (kind) => known.get(kind) ?? UNKNOWN,
    held(kind) {
      const { available, problem } = known.get(kind) ?? UNKNOWN;
      if (available) return null;
      return `waits for ${NAMES[kind]}: ${problem ?? 'it does not answer'}`;
    },
    onChange(listener) {
      listeners.push(listener);
    },
    refresh: async () => {
      await Promise.all([...runtimes].map(([kind, runtime]) => ask(kind, runtime)));
    },
    close() {
      closed = true;
      for (const stop of unsubscribe) stop();
    },
  };
}
