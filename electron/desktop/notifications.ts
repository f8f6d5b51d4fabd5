/** Tells the user when a trial ends. Which ones and how it is said: notification-policy.ts. */
import { Notification } from 'electron';
import { notificationFor } from './notification-policy.ts';
import type { EngineMirror } from './engine-mirror.ts';

/** @param open brings up the window when the notification is clicked */
export function notifyOnFinish(mirror: EngineMirror, open: () => void): void {
  // A notification nobody refers to is collected, and its click with it.
  const shown = new Set<Notification>();
  mirror.onFinished((finished) => {
    const text = notificationFor(finished, mirror.settings());
    if (text === null || !Notification.isSupported()) return;
    const notification = new Notification({ title: text.title, body: text.body });
    shown.add(notification);
    notification.on('click', open);
    notification.on('close', () => shown.delete(notification));
    notification.show();
  });
}
