/** The one window: made once, hidden or shown after that. */
import { BrowserWindow, nativeTheme } from 'electron';
import { decideClose, type CloseFacts } from './close-policy.ts';
import { APP_ORIGIN } from './navigation-policy.ts';

export interface WindowOptions {
  /** Absolute path of the built preload, one CommonJS file. */
  readonly preload: string;
  readonly icon: string;
  readonly isDevelopment: boolean;
  /** Facts at the moment the user closes the window. */
  readonly closeFacts: () => CloseFacts;
  readonly quit: () => void;
}

export interface MainWindow {
  /** Brings it to the front; makes it again when it is gone. */
  show(): void;
  current(): BrowserWindow | null;
}

/** @param isHidden start without showing it (started at login) */
export function createMainWindow(options: WindowOptions, isHidden: boolean): MainWindow {
  let window: BrowserWindow | null = null;
  const make = () => {
    const made = makeWindow(options);
    window = made;
    made.on('closed', () => {
      window = null;
    });
    return made;
  };
  const show = () => {
    const shown = window ?? make();
    if (shown.isMinimized()) shown.restore();
    shown.show();
    shown.focus();
  };
  if (isHidden) make();
  else show();
  return { show, current: () => window };
}

function makeWindow(options: WindowOptions): BrowserWindow {
  const window = new BrowserWindow({
    title: 'Switchyard',
    icon: options.icon,
    width: 1440,
    height: 900,
    minWidth: 900,
    minHeight: 600,
    show: false,
    autoHideMenuBar: true,
    // What is seen until the page has painted: close to its own background, so that nothing flashes.
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#16181d' : '#ffffff',
    webPreferences: {
      preload: options.preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      devTools: options.isDevelopment,
    },
  });
  window.on('close', (event) => {
    const decision = decideClose(options.closeFacts());
    if (decision === 'close') return;
    event.preventDefault();
    if (decision === 'hide') window.hide();
    else options.quit();
  });
  void window.loadURL(`${APP_ORIGIN}/`);
  return window;
}
