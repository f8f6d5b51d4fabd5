/** After a sleep everything shown is looked at anew; the engine notices by its own clock. */
import { powerMonitor } from 'electron';
import type { EngineMirror } from './engine-mirror.ts';
import type { MainWindow } from './window.ts';

export function lookAgainAfterSleep(mirror: EngineMirror, window: Pick<MainWindow, 'tell'>): void {
  powerMonitor.on('resume', () => {
    void mirror.lookAgain();
    window.tell({ kind: 'resumed' });
  });
}
