/**
 * What happens when the user closes the window or asks to quit: the window goes to the tray where there is one, and nobody loses
 * sight of what waits without having been asked.
 */
import { dialog, Notification, type BrowserWindow } from 'electron';
import { decideClose } from './close-policy.ts';
import type { EngineMirror } from './engine-mirror.ts';
import { quitQuestion } from './quit-question.ts';
import type { WindowMemory } from './window-memory.ts';

export interface LeaveOptions {
  readonly mirror: EngineMirror;
  readonly memory: WindowMemory;
  readonly hasTrayHost: () => Promise<boolean>;
  /** See EngineLink.isForeign. */
  readonly isForeign: () => boolean | null;
  readonly window: () => BrowserWindow | null;
  /** Ends the application without asking. */
  readonly quit: () => void;
}

export interface Leave {
  /** The user closed the window. */
  close(window: BrowserWindow): Promise<void>;
  /** The user asked to quit, in words: asks back when that leaves something waiting. */
  askToQuit(): Promise<void>;
}

export function createLeave(options: LeaveOptions): Leave {
  let isAsking = false;

  async function askToQuit(): Promise<void> {
    const question = quitQuestion(options.mirror.counts(), options.isForeign());
    if (question === null) {
      options.quit();
      return;
    }
    if (isAsking) return;
    isAsking = true;
    const parent = options.window();
    const box: Electron.MessageBoxOptions = {
      type: 'question',
      ...question,
      buttons: ['Quit', 'Cancel'],
      defaultId: 0,
      cancelId: 1,
    };
    const { response } = await (
      parent === null ? dialog.showMessageBox(box) : dialog.showMessageBox(parent, box)
    ).finally(() => {
      isAsking = false;
    });
    if (response === 0) options.quit();
  }

  return {
    askToQuit,
    async close(window) {
      const { closeToTray } = options.mirror.settings();
      const decision = decideClose({ closeToTray, hasTray: await options.hasTrayHost() });
      if (window.isDestroyed()) return;
      if (decision === 'quit') await askToQuit();
      else {
        window.hide();
        sayOnce(options.memory);
      }
    },
  };
}

/** The first time only: where the window is now. */
function sayOnce(memory: WindowMemory): void {
  if (memory.get().toldOfTray || !Notification.isSupported()) return;
  memory.keep({ toldOfTray: true });
  new Notification({
    title: 'Switchyard goes on in the tray',
    body: 'Its icon brings the window back. In Settings you can have the window end everything when it is closed.',
  }).show();
}
