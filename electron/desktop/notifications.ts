/**
 * Tells the user when trials end. Which ones and how it is said: notification-policy.ts.
 *
 * quiet -> gathering (the first was told at once; what ends within the next moment is told together) -> quiet, or gathering again
 */
import { Notification } from 'electron';
import type { FeedFrames } from '../contract/feed.ts';
import { groupText, notificationFor } from './notification-policy.ts';
import type { EngineMirror } from './engine-mirror.ts';

/** A sweep whose trials end one after another is some notifications, not hundreds. */
const GATHER_MS = 2_000;

/** @param open shows a trial in the window, when the notification is clicked */
export function notifyOnFinish(mirror: EngineMirror, open: (trialId: number) => void): void {
  // A notification nobody refers to is collected, and its click with it.
  const shown = new Set<Notification>();
  let gathered: FeedFrames['finished'][] = [];
  let isGathering = false;

  function show(): void {
    const text = groupText(gathered);
    gathered = [];
    if (text === null) {
      isGathering = false;
      return;
    }
    const notification = new Notification({ title: text.title, body: text.body });
    shown.add(notification);
    notification.on('click', () => open(text.trialId));
    notification.on('close', () => shown.delete(notification));
    notification.show();
    isGathering = true;
    setTimeout(show, GATHER_MS).unref();
  }

  mirror.onFinished((finished) => {
    if (notificationFor(finished, mirror.settings()) === null || !Notification.isSupported()) return;
    gathered.push(finished);
    if (!isGathering) show();
  });
}
