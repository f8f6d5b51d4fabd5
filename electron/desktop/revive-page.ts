/** A page that crashed, hangs or did not load is loaded again, a few times; then the user is told. How often: revival-policy.ts. */
import { dialog, type BrowserWindow } from 'electron';
import type { DoorLog } from '../doors/listener.ts';
import { decideRevival } from './revival-policy.ts';

/** A navigation that was replaced by another is no failure. */
const ABORTED = -3;

export function revivePage(window: BrowserWindow, quit: () => void, log: DoorLog): void {
  const { webContents } = window;
  let revivedAtMs: readonly number[] = [];
  let isAsking = false;

  function revive(why: string): void {
    if (window.isDestroyed() || isAsking) return;
    log('the page of the window is loaded again', new Error(why));
    const decision = decideRevival(revivedAtMs, performance.now());
    revivedAtMs = decision.revivedAtMs;
    if (decision.action === 'reload') webContents.reload();
    else void tell(why);
  }

  async function tell(why: string): Promise<void> {
    isAsking = true;
    const { response } = await dialog.showMessageBox(window, {
      type: 'error',
      message: 'The window stops again and again',
      detail: `Its page ended with "${why}", after it had been loaded again a few times. The queue and the trials are not touched by it.`,
      buttons: ['Load it again', 'Quit'],
      defaultId: 0,
      cancelId: 0,
    });
    isAsking = false;
    if (window.isDestroyed()) return;
    if (response === 1) quit();
    else webContents.reload();
  }

  webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason !== 'clean-exit') revive(reason);
  });
  // It answers no input for half a minute: what is left of it is ended, which is told above.
  window.on('unresponsive', () => webContents.forcefullyCrashRenderer());
  webContents.on('did-fail-load', (_event, code, description, _url, isMainFrame) => {
    if (isMainFrame && code !== ABORTED) revive(description || String(code));
  });
}
