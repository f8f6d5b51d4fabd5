/** What has to be closed when the engine ends, in the opposite order of its opening. */
export interface Closers {
  /** `close` is called once, after everything that was opened later has closed. */
  add(close: () => unknown): void;
  /**
   * Idempotent: what was closed is forgotten. One that fails keeps none of the others from closing; never rejects.
   * @param onError hears of each that failed
   */
  closeAll(onError: (error: unknown) => void): Promise<void>;
}

export function createClosers(): Closers {
  const closers: (() => unknown)[] = [];
  return {
    add(close) {
      closers.push(close);
    },
    async closeAll(onError) {
      for (const close of closers.splice(0).toReversed()) {
        try {
          await close();
        } catch (error) {
          onError(error);
        }
      }
    },
  };
}
