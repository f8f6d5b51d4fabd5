/** What a move would bring, before it is made: the forecast with and without it, and the priority it would take. */
import type { ForecastEntry } from '../contract/feed.ts';
import type { MoveTo } from '../contract/trials.ts';
import { resolveMove } from '../queue/moves.ts';
import { requirePool } from '../queue/pools.ts';
import { rankBehind } from '../queue/rank.ts';
import type { Store } from '../store/database.ts';
import { lastRank, type TrialRow } from '../store/trials.ts';
import { requireTrial } from './require-trial.ts';

export interface MovePreview {
  readonly before: ForecastEntry[];
  readonly after: ForecastEntry[];
  /** The priority of its new neighbours that one of the trials would take; null when each keeps its own. */
  readonly priority: number | null;
}

/**
 * @param forecast of these trials as they are, and as they would be with the places given
 * @param poolId another pool: the trials go to the end of its line, whatever `to` says
 * @throws SwitchyardError not_found, invalid_place
 */
export function previewMove(
  store: Store,
  forecast: (moved: readonly TrialRow[]) => Pick<MovePreview, 'before' | 'after'>,
  ids: readonly number[],
  to: MoveTo,
  poolId?: string,
): MovePreview {
  const trials = ids.map((id) => requireTrial(store.db, id));
  if (poolId !== undefined && poolId !== trials[0]?.poolId) {
    const pool = requirePool(store, poolId);
    const rank = rankBehind(lastRank(store.db, pool.id));
    return { ...forecast(trials.map((trial) => ({ ...trial, poolId: pool.id, rank }))), priority: null };
  }
  const byId = new Map(trials.map((trial) => [trial.id, trial]));
  const placed = resolveMove(store.db, trials, to);
  const taken = placed.find((place) => place.priority !== byId.get(place.id)?.priority);
  const moved = placed.map(({ id, priority, rank }) => ({ ...(byId.get(id) as TrialRow), priority, rank }));
  return { ...forecast(moved), priority: taken?.priority ?? null };
}
