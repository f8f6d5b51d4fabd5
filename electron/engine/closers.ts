/** What has to be closed when the engine ends, in the opposite order of its opening. */
export interface Closers {
  /** `close` is called once, after everything that was opened later has closed. */
  add(close: () => unknown): void;
  /** Idempotent: what was closed is forgotten. */
  closeAll(): Promise<void>;
}

export function createClosers(): Closers {
  const closers: (() => unknown)[] = [];
  return {
    add(close) {
      closers.push(close);
    },
    async closeAll() {
      for (const close of closers.splice(0).toReversed()) await close();
    },
  };
}
