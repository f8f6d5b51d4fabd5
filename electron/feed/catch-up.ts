/** What a client needs that was away, before it can follow the feed again. */
import type { FeedFrame } from '../ports/engine-api.ts';
import type { Store } from '../store/database.ts';
import { changedSince } from '../store/events.ts';
import { nextTurn } from '../ports/turns.ts';
import type { Feed } from './change-feed.ts';

/** A client that missed more events than this fetches the snapshot instead. */
const MOST_EVENTS = 2_000;

/** Trials of one frame. Each is read, shown and put into text in one turn. */
const TRIALS_AT_ONCE = 100;

/**
 * To be called after the client is subscribed: what happens while the frames are made comes to it as well.
 * @param seq what the client saw last; null = it comes from a fresh snapshot
 * @param present frames of everything that is not in the event log
 * @returns a lone resync frame when it was away too long. Of several `changes` only the last has the newest number: a client that
 * leaves in between asks again from where it was.
 */
export async function catchUp(
  store: Store,
  feed: Pick<Feed, 'changes'>,
  seq: number | null,
  present: () => FeedFrame[],
): Promise<FeedFrame[]> {
  if (seq === null) return present();
  const newest = store.seq();
  const changed = changedSince(store.db, seq, newest, MOST_EVENTS);
  if (changed === null) return [{ event: 'resync', data: { reason: 'too much happened meanwhile' } }];
  const frames: FeedFrame[] = [];
  const { trialIds, poolIds } = changed;
  for (let from = 0; from + TRIALS_AT_ONCE < trialIds.length; from += TRIALS_AT_ONCE) {
    frames.push({ event: 'changes', data: feed.changes(seq, trialIds.slice(from, from + TRIALS_AT_ONCE), []) });
    await nextTurn();
  }
  const rest = trialIds.slice(frames.length * TRIALS_AT_ONCE);
  return [...frames, { event: 'changes', data: feed.changes(newest, rest, poolIds) }, ...present()];
}
