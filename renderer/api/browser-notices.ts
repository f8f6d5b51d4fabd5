/**
 * Tells when a trial ends, in a browser. The desktop app has the system's notifications and does this itself.
 * Follows the engine's settings: which ends, and only trials that ran long enough.
 */
import type { FeedFrames } from '../../electron/contract/feed.ts';
import { onFeedFrame } from './feed.ts';
import { shell } from './shell.ts';
import { useEngine } from './store.ts';

/** Whether this browser may notify; "unavailable" in the desktop app and where the page has no right to ask. */
export type NoticePermission = NotificationPermission | 'unavailable';

export function noticePermission(): NoticePermission {
  return shell.kind === 'desktop' || !('Notification' in window) ? 'unavailable' : Notification.permission;
}

/** Asks the user; must be called from a click. */
export async function askForNotices(): Promise<NoticePermission> {
  return noticePermission() === 'unavailable' ? 'unavailable' : Notification.requestPermission();
}

function notify(frame: FeedFrames['finished']): void {
  const { settings } = useEngine.getState();
  if (
    settings === null ||
    noticePermission() !== 'granted' ||
    frame.ranMs < settings.notifyAfterS * 1000 ||
    frame.outcome === 'canceled'
  )
    return;
  if (frame.outcome === 'failed' ? !settings.notifyOnFailure : !settings.notifyOnFinish) return;
  // The tag makes several open windows show one notice.
  const notice = new Notification(`#${frame.trialId} ${frame.name} ${frame.outcome}`, {
    body: frame.message,
    tag: `switchyard-${frame.trialId}`,
  });
  notice.onclick = () => window.focus();
}

/** Begins to listen for ends. @returns the function that stops it. */
export const startBrowserNotices = (): (() => void) => onFeedFrame('finished', notify);
