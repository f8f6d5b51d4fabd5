/** What a client needs that was away, before it can follow the feed again. */
import type { FeedFrame } from '../ports/engine-api.ts';
import type { Store } from '../store/database.ts';
import { changedSince } from '../store/events.ts';
import type { Feed } from './change-feed.ts';

/** A client that missed more events than this fetches the snapshot instead. */
const MOST_EVENTS = 2_000;

/**
 * @param seq what the client saw last; null = it comes from a fresh snapshot
 * @param present frames of everything that is not in the event log
 * @returns a lone resync frame when it was away too long
 */
export function catchUp(
  store: Store,
  feed: Pick<Feed, 'changes'>,
  seq: number | null,
  present: () => FeedFrame[],
): FeedFrame[] {
  if (seq === null) return present();
  const newest = store.seq();
  const changed = changedSince(store.db, seq, newest, MOST_EVENTS);
  if (changed === null) return [{ event: 'resync', data: { reason: 'too much happened meanwhile' } }];
  return [{ event: 'changes', data: feed.changes(newest, changed.trialIds, changed.poolIds) }, ...present()];
}
