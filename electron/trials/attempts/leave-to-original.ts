/**
 * A copied data directory: what its database calls running are containers and processes of the original's engine. They are left alone,
 * and the copy's trials are queued behind paused pools, so that nothing runs twice unless somebody wants it to.
 */
import type { Notices } from '../../feed/notices.ts';
import { actOnPool } from '../../queue/pools.ts';
import type { Store } from '../../store/database.ts';
import { getAttempt } from '../../store/attempts.ts';
import { listPools } from '../../store/pools.ts';
import { listActiveTrials } from '../../store/trials.ts';
import type { ChangeTrials } from '../life/change-trials.ts';

/** @param isCopy found just now; the names of attempts tell it after a crash as well */
export function leaveToOriginal(
  store: Store,
  changeTrials: ChangeTrials,
  notices: Pick<Notices, 'raise'>,
  { engineId, isCopy }: { readonly engineId: string; readonly isCopy: boolean },
): void {
  const foreign = listActiveTrials(store.db).filter(({ id, attempt }) => {
    const key = getAttempt(store.db, id, attempt)?.key;
    return key !== undefined && !key.startsWith(`switchyard-${engineId}-`);
  });
  if (!isCopy && foreign.length === 0) return;
  changeTrials('leave to the original', ({ fire }) => {
    for (const trial of foreign)
      fire(trial, { type: 'vanished', message: 'this data directory is a copy, and it ran under the original' });
  });
  for (const pool of listPools(store.db)) if (pool.state === 'open') actOnPool(store, pool.id, 'pause');
  notices.raise({
    id: 'copied_data_dir',
    level: 'warning',
    text: 'This data directory is a copy of another: its pools are paused, and what ran under the original was left to it.',
    remedy: 'Cancel what the original still runs, then resume the pools.',
  });
}
