/** Which finished trials are worth a notification, and what it says. Pure. */
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
  const after = durationText(finished.ranMs);
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

/** @returns for example "45 s", "12 min" or "3 h 5 min" */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return rest === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}
