/**
 * Brings commits to the disk beside the engine's own thread: those of one moment share a sync, and nobody but who needs it waits.
 *
 * States: idle -> syncing -> idle, or syncing again for what was committed meanwhile; from anywhere -> broken, when the disk refused: what
 * it has is not known then, so nobody is told that his commit is safe, and from then on commits have to sync themselves.
 * Invariant: `durable` settles only after a sync that began after the commits it was asked for.
 */

export interface WalSync {
  /** There is a commit that is not on the disk yet. */
  committed(): void;
  /** All that was committed is on the disk, by another way. */
  allSynced(): void;
  /** Settles when what is committed by now is on the disk. @throws what the disk said */
  durable(): Promise<void>;
  isBroken(): boolean;
}

/** @param sync brings the write-ahead log to the disk; called once at a time */
export function createWalSync(sync: (done: (error: Error | null) => void) => void): WalSync {
  /** Counts of commits: made, and on the disk. */
  let made = 0;
  let safe = 0;
  let isSyncing = false;
  let broken: Error | null = null;
  let waiting: { readonly upTo: number; readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];

  function start(): void {
    isSyncing = true;
    const upTo = made;
    sync((error) => {
      isSyncing = false;
      if (error === null) reached(upTo);
      else {
        broken = error;
        const refused = waiting;
        waiting = [];
        for (const { reject } of refused) reject(error);
      }
      if (broken === null && made > safe) start();
    });
  }

  function reached(upTo: number): void {
    safe = Math.max(safe, upTo);
    const told = waiting.filter((one) => one.upTo <= safe);
    waiting = waiting.filter((one) => one.upTo > safe);
    for (const { resolve } of told) resolve();
  }

  return {
    committed() {
      made++;
      if (!isSyncing && broken === null) start();
    },
    allSynced() {
      made++;
      reached(made);
    },
    durable() {
      if (safe === made) return Promise.resolve();
      if (broken !== null) return Promise.reject(broken);
      const upTo = made;
      return new Promise((resolve, reject) => {
        waiting.push({ upTo, resolve, reject });
      });
    },
    isBroken: () => broken !== null,
  };
}
