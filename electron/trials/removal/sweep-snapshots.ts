/**
 * Forgets snapshots that no experiment names. A crash between the taking of a snapshot and the submit that names it leaves one. It goes a
 * month after it was first seen so, not at once: a database that was replaced for a while must find its code when it comes back.
 */
import { setImmediate } from 'node:timers/promises';
import type { Snapshots } from '../../ports/snapshots.ts';
import type { Store } from '../../store/database.ts';
import { snapshotInUse } from '../../store/experiments.ts';
import { getMeta, setMeta } from '../../store/meta.ts';

const KEY = 'unnamed_snapshots';
const PATIENCE_MS = 30 * 24 * 3_600_000;
/** So many are looked up in a turn. */
const LOOKS_A_TURN = 200;

/** For the start. @throws what the snapshots throw when they cannot be listed */
export async function sweepSnapshots(deps: {
  readonly store: Store;
  readonly snapshots: Pick<Snapshots, 'list' | 'remove'>;
  readonly nowMs: () => number;
  readonly onError: (text: string, error: unknown) => void;
}): Promise<void> {
  const { db } = deps.store;
  const before = JSON.parse(getMeta(db, KEY) ?? '{}') as Readonly<Record<string, number>>;
  const after: Record<string, number> = {};
  for (const [at, id] of (await deps.snapshots.list()).entries()) {
    if (at % LOOKS_A_TURN === 0) await setImmediate();
    if (snapshotInUse(db, id)) continue;
    const sinceMs = Math.min(before[id] ?? deps.nowMs(), deps.nowMs());
    after[id] = sinceMs;
    if (deps.nowMs() - sinceMs < PATIENCE_MS) continue;
    try {
      await deps.snapshots.remove(id);
      delete after[id];
    } catch (error) {
      // It is about to be named.
      deps.onError('a snapshot that nobody names could not be removed', error);
    }
  }
  if (JSON.stringify(before) === JSON.stringify(after)) return;
  deps.store.transact('note unnamed snapshots', (tx) => {
    setMeta(tx.db, KEY, JSON.stringify(after));
  });
}
