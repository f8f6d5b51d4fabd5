/** What ended tells how long those like it will take; gathered, because a long queue of small trials ends many a second. */

const AFTER_MS = 1_000;

export interface Reestimation {
  /** A trial with this estimate key ended. */
  soon(estimateKey: string): void;
  close(): void;
}

/** @param reestimate called with all keys of about a second */
export function createReestimation(reestimate: (estimateKeys: ReadonlySet<string>) => void): Reestimation {
  let keys = new Set<string>();
  let timer: NodeJS.Timeout | null = null;
  return {
    soon(estimateKey) {
      keys.add(estimateKey);
      timer ??= setTimeout(() => {
        const ended = keys;
        keys = new Set();
        timer = null;
        reestimate(ended);
      }, AFTER_MS).unref();
    },
    close() {
      if (timer !== null) clearTimeout(timer);
    },
  };
}
