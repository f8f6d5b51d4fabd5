/** Which finished trials are worth a notification, and what it says. Pure. */
import { sayDuration } from '../text/say.ts';
import type { FeedFrames } from '../contract/feed.ts';
import type { Settings } from '../contract/settings.ts';

export interface NotificationText {
  readonly title: string;
  readonly body: string;
}

/** @returns null when the user does not want to hear of it: too short a run, the kind is switched off, or he ended it himself */
export function notificationFor(
  finished: FeedFrames['finished'],
  settings: Pick<Settings, 'notifyOnFinish' | 'notifyOnFailure' | 'notifyAfterS'>,
): NotificationText | null {
  if (finished.ranMs < settings.notifyAfterS * 1_000) return null;
  if (finished.outcome === 'completed') return settings.notifyOnFinish ? textOf(finished) : null;
  if (finished.outcome === 'failed') return settings.notifyOnFailure ? textOf(finished) : null;
  return null;
}

function textOf(finished: FeedFrames['finished']): NotificationText {
  const { trialId, name } = finished;
  const after = sayDuration(finished.ranMs);
  return finished.outcome === 'completed'
    ? { title: `${name} is done`, body: `Trial #${trialId} completed after ${after}.` }
    : { title: `${name} failed`, body: `Trial #${trialId} failed after ${after}: ${finished.message}` };
}

/** So many are named when several are told of at once. */
const NAMED = 3;

/**
 * What ended in one moment, as one notification. Failures come first: they are what one wants to look at.
 * @param ended those worth a notification
 * @returns null for none; trialId is the one a click shows
 */
export function groupText(
  ended: readonly FeedFrames['finished'][],
): (NotificationText & { readonly trialId: number }) | null {
  const failed = ended.filter(({ outcome }) => outcome === 'failed');
  const done = ended.filter(({ outcome }) => outcome !== 'failed');
  const ordered = [...failed, ...done];
  const [first] = ordered;
  if (first === undefined) return null;
  if (ordered.length === 1) return { ...textOf(first), trialId: first.trialId };
  const counts = [
    ...(done.length > 0 ? [`${done.length} ${done.length === 1 ? 'is' : 'are'} done`] : []),
    ...(failed.length > 0 ? [`${failed.length} failed`] : []),
  ];
  const names = ordered.slice(0, NAMED).map(({ trialId, name }) => `#${trialId} ${name}`);
  const more = ordered.length - names.length;
  return {
    title: `${ordered.length} trials ended: ${counts.join(', ')}`,
    body: `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
    trialId: first.trialId,
  };
}
