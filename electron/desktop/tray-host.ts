/**
 * Whether this desktop shows tray icons at all. Stock GNOME does not: a window closed to the tray would be gone for good there.
 * Linux desktops that do have a "status notifier host", which says so on the session bus.
 */
import { execFile } from 'node:child_process';

const PATIENCE_MS = 2_000;

/** @returns whether an icon of ours is seen; never rejects */
export function hasTrayHost(platform: NodeJS.Platform): Promise<boolean> {
  if (platform !== 'linux') return Promise.resolve(true);
  return new Promise((resolve) => {
    const name = 'org.kde.StatusNotifierWatcher';
    execFile(
      'busctl',
      ['--user', 'get-property', name, '/StatusNotifierWatcher', name, 'IsStatusNotifierHostRegistered'],
      { timeout: PATIENCE_MS, killSignal: 'SIGKILL' },
      (error, stdout) => resolve(error === null && stdout.trim() === 'b true'),
    );
  });
}
