/** The one window: made when it is first shown, hidden, minimized or shown after that. */
import { BrowserWindow, nativeTheme, screen } from 'electron';
import type { DoorLog } from '../doors/listener.ts';
import { INSTALLED_FLAG, TELL_PAGE, type PageNews } from './channels.ts';
import { offerContextMenu } from './context-menu.ts';
import { fitBounds } from './fit-bounds.ts';
import { APP_ORIGIN } from './navigation-policy.ts';
import { revivePage } from './revive-page.ts';
import type { WindowMemory } from './window-memory.ts';

export interface WindowOptions {
  /** Absolute path of the built preload, one CommonJS file. */
  readonly preload: string;
  readonly icon: string;
  readonly isDevelopment: boolean;
  readonly memory: WindowMemory;
  /** Whether the application is ending: then the window just goes. */
  readonly isQuitting: () => boolean;
  /** The user closed the window; what that means is decided there, and meanwhile it stays. */
  readonly onClose: (window: BrowserWindow) => void;
  readonly quit: () => void;
  readonly log: DoorLog;
}

export interface MainWindow {
  /** Brings it to the front; makes it when there is none. */
  show(): void;
  /** Tells the page, once it has loaded; nobody when there is no window. */
  tell(news: PageNews): void;
  current(): BrowserWindow | null;
}

/** There is no window until it is shown: one started at login paints nothing, and counts as nobody who looks. */
export function createMainWindow(options: WindowOptions): MainWindow {
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
  const tell = (news: PageNews) => {
    if (window === null) return;
    const { webContents } = window;
    if (webContents.isLoading()) webContents.once('did-finish-load', () => webContents.send(TELL_PAGE, news));
    else webContents.send(TELL_PAGE, news);
  };
  return { show, tell, current: () => window };
}

function makeWindow(options: WindowOptions): BrowserWindow {
  const remembered = options.memory.get();
  const bounds = fitBounds(
    remembered.bounds,
    screen.getAllDisplays().map(({ workArea }) => workArea),
  );
  const window = new BrowserWindow({
    title: 'Switchyard',
    icon: options.icon,
    ...(bounds ?? { width: 1440, height: 900 }),
    minWidth: 900,
    minHeight: 600,
    show: false,
    autoHideMenuBar: true,
    // What is seen until the page has painted: close to its own background, so that nothing flashes.
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#16181d' : '#ffffff',
    webPreferences: {
      preload: options.preload,
      additionalArguments: options.isDevelopment ? [] : [INSTALLED_FLAG],
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
  if (remembered.isMaximized) window.maximize();
  window.on('close', (event) => {
    options.memory.keep({ bounds: window.getNormalBounds(), isMaximized: window.isMaximized() });
    if (options.isQuitting()) return;
    event.preventDefault();
    options.onClose(window);
  });
  offerContextMenu(window.webContents);
  revivePage(window, options.quit, options.log);
  // What goes wrong is told by an event, which revivePage hears.
  window.loadURL(`${APP_ORIGIN}/`).catch(() => undefined);
  return window;
}
