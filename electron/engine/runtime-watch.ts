/** What is known of the runtimes now: asked at start and whenever one says that it may have changed. */
import type { RuntimeKind } from '../contract/states.ts';
import type { RuntimeStatus, TrialRuntime } from '../ports/trial-runtime.ts';

const UNKNOWN: RuntimeStatus = { available: false, version: null, gpuSupport: null, problem: null, remedy: null };

export interface RuntimeWatch {
  of(kind: RuntimeKind): RuntimeStatus;
  refresh(): Promise<void>;
  close(): void;
}

/** @param onChange after an answer that differs from the last */
export function watchRuntimes(
  runtimes: ReadonlyMap<RuntimeKind, TrialRuntime>,
  onChange: (kind: RuntimeKind, status: RuntimeStatus, before: RuntimeStatus) => void,
): RuntimeWatch {
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
      onChange(kind, status, before);
  }

  const unsubscribe = [...runtimes].map(([kind, runtime]) =>
    runtime.onStatusChange(() => {
      void ask(kind, runtime);
    }),
  );
  return {
    of: (kind) => known.get(kind) ?? UNKNOWN,
    refresh: async () => {
      await Promise.all([...runtimes].map(([kind, runtime]) => ask(kind, runtime)));
    },
    close() {
      closed = true;
      for (const stop of unsubscribe) stop();
    },
  };
}
