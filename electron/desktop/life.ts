/**
 * How the application begins and ends.
 *
 * One instance per data directory: a second start shows the window of the first and ends.
 * Quitting closes the engine first (trials go on), then the windows: running -> closing -> closed.
 */
import { app, dialog } from 'electron';
import { ORDERLY_END_MS } from '../ports/engine-api.ts';

/** @returns whether this process is the first; if not, the first one has been told to show itself */
export function claimSingleInstance(show: () => void): boolean {
  if (!app.requestSingleInstanceLock()) return false;
  app.on('second-instance', show);
  return true;
}

export interface Ending {
  isQuitting(): boolean;
}

/** @param close lets go of the engine; called once, and the application ends when it settles, whichever way */
export function endInOrder(close: () => Promise<void>, log: (message: string, error: unknown) => void): Ending {
  let state: 'running' | 'closing' | 'closed' = 'running';
  app.on('before-quit', (event) => {
    if (state === 'closed') return;
    event.preventDefault();
    if (state === 'closing') return;
    state = 'closing';
    // Whoever waits for this process to end must not wait for ever: a disk that does not answer, for one.
    const deadline = setTimeout(() => {
      log('the orderly end took too long', new Error(`not closed within ${ORDERLY_END_MS / 1000} s`));
      app.exit(1);
    }, ORDERLY_END_MS);
    deadline.unref();
    void close()
      .catch((error: unknown) => log('closing the engine failed', error))
      .finally(() => {
        clearTimeout(deadline);
        state = 'closed';
        app.quit();
      });
  });
  // The tray keeps the application alive; without this, Electron quits with the last window.
  app.on('window-all-closed', () => {});
  return { isQuitting: () => state !== 'running' };
}

/** An error nobody caught leaves the engine in an unknown state: say so, log it, end. The next start recovers. */
export function endOnFault(log: (message: string, error: unknown) => void): void {
  const onFault = (error: unknown) => {
    log('an unexpected error ends the application', error);
    showFatal(
      'Switchyard has to close',
      `${error instanceof Error ? error.message : String(error)}\n\nNothing queued is lost, and running trials go on. The engine log has the details.`,
    );
  };
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);
}

/** Shows why the application cannot go on, and ends it at once. */
export function showFatal(title: string, text: string): void {
  dialog.showErrorBox(title, text);
  app.exit(1);
}
