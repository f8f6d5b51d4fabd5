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
  const after = sayDuration(finished.ranMs);
  if (finished.outcome === 'completed') {
    return settings.notifyOnFinish
      ? { title: `${finished.name} is done`, body: `Trial #${finished.trialId} completed after ${after}.` }
      : null;
  }
  if (finished.outcome === 'failed') {
    return settings.notifyOnFailure
      ? {
          title: `${finished.name} failed`,
          body: `Trial #${finished.trialId} failed after ${after}: ${finished.message}`,
        }
      : null;
  }
  return null;
}
