/**
 * A small `electron` for tests of the main process. It records what is asked of it and throws on everything it does not
 * know, so that a new use of Electron is seen here first. Tests drive it through `fake`.
 */
import type * as Electron from 'electron';
import { EventEmitter } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';

/** @returns the object, which throws when a property is read that it does not have */
function strict<T extends object>(name: string, target: T): T {
  return new Proxy(target, {
    get(object, property, receiver) {
      // Promises and matchers look for these on anything.
      if (
        typeof property === 'symbol' ||
        property in object ||
        property === 'then' ||
        property === 'toJSON' ||
        property === 'asymmetricMatch' ||
        property === 'nodeType'
      )
        return Reflect.get(object, property, receiver) as unknown;
      throw new Error(`the fake of electron does not know ${name}.${property}`);
    },
  });
}

type Handler = (...args: never[]) => unknown;

/** What happened and what was set; reset between tests. */
export const fake = {
  calls: [] as string[],
  appPath: path.join(os.tmpdir(), 'nowhere'),
  paths: new Map<string, string>(),
  switches: new Set<string>(),
  isPackaged: false,
  isFirstInstance: true,
  exitCode: null as number | null,
  hasQuit: false,
  schemes: [] as unknown[],
  schemeHandlers: new Map<string, (request: Request) => Promise<Response>>(),
  permissionRequest: null as Handler | null,
  permissionCheck: null as Handler | null,
  deviceCheck: null as Handler | null,
  displayMedia: null as Handler | null,
  beforeRequest: null as Handler | null,
  messageHandlers: new Map<string, Handler>(),
  windows: [] as BrowserWindow[],
  trays: [] as Tray[],
  processes: [] as FakeUtilityProcess[],
  /** Runs in the child of each fork. */
  runUtility: (_child: FakeUtilityProcess): void => undefined,
  menus: [] as MenuItem[][],
  popups: [] as MenuItem[][],
  notifications: [] as Notification[],
  openedOutside: [] as string[],
  shownInFiles: [] as string[],
  openedPaths: [] as string[],
  errorBoxes: [] as string[],
  blockers: new Set<number>(),
  folderAnswer: { canceled: true, filePaths: [] as string[] },
  /** What the user was asked, and which button of a message box is pressed. */
  dialogs: [] as Readonly<Record<string, unknown>>[],
  boxAnswer: 0,
  /** Answers before `boxAnswer`, one each box. */
  boxAnswers: [] as number[],
  loginItem: null as unknown,
  exposed: new Map<string, unknown>(),
  invoked: [] as unknown[],
  /** What a page listens to. */
  pageListeners: new Map<string, Handler>(),
  ready: Promise.withResolvers<void>(),
  reset(): void {
    app.removeAllListeners();
    powerMonitor.removeAllListeners();
    defaultSession.removeAllListeners();
    Object.assign(nativeTheme, { themeSource: 'system' });
    Object.assign(fake, {
      calls: [],
      paths: new Map(),
      switches: new Set(),
      isPackaged: false,
      isFirstInstance: true,
      exitCode: null,
      hasQuit: false,
      schemes: [],
      schemeHandlers: new Map(),
      permissionRequest: null,
      permissionCheck: null,
      deviceCheck: null,
      displayMedia: null,
      beforeRequest: null,
      messageHandlers: new Map(),
      windows: [],
      trays: [],
      processes: [],
      runUtility: () => undefined,
      menus: [],
      popups: [],
      notifications: [],
      openedOutside: [],
      shownInFiles: [],
      openedPaths: [],
      errorBoxes: [],
      blockers: new Set(),
      folderAnswer: { canceled: true, filePaths: [] },
      dialogs: [],
      boxAnswer: 0,
      boxAnswers: [],
      loginItem: null,
      exposed: new Map(),
      invoked: [],
      pageListeners: new Map(),
      ready: Promise.withResolvers(),
    });
  },
};

/** Something with a preventDefault, as listeners get it. */
export function preventable<T extends object>(fields: T): T & { prevented: boolean; preventDefault(): void } {
  const event = {
    ...fields,
    prevented: false,
    preventDefault() {
      event.prevented = true;
    },
  };
  return event;
}

class FakeApp extends EventEmitter {
  get isPackaged(): boolean {
    return fake.isPackaged;
  }
  commandLine = strict('app.commandLine', { hasSwitch: (name: string) => fake.switches.has(name) });
  disableHardwareAcceleration(): void {
    fake.calls.push('disableHardwareAcceleration');
  }
  enableSandbox(): void {
    fake.calls.push('enableSandbox');
  }
  getAppPath(): string {
    return fake.appPath;
  }
  getVersion(): string {
    return '0.0.0-test';
  }
  setPath(name: string, value: string): void {
    fake.calls.push(`setPath ${name}`);
    fake.paths.set(name, value);
  }
  requestSingleInstanceLock(): boolean {
    fake.calls.push('requestSingleInstanceLock');
    return fake.isFirstInstance;
  }
  whenReady(): Promise<void> {
    fake.calls.push('whenReady');
    return fake.ready.promise;
  }
  setLoginItemSettings(settings: unknown): void {
    fake.loginItem = settings;
  }
  /** As Electron does: asks, then closes the windows, then is gone. */
  quit(): void {
    fake.calls.push('quit');
    const event = preventable({});
    this.emit('before-quit', event);
    if (event.prevented) return;
    for (const window of fake.windows) if (!window.userCloses()) return;
    fake.hasQuit = true;
  }
  exit(code: number): void {
    fake.exitCode = code;
  }
}
export const app = strict('app', new FakeApp());

export const protocol = strict('protocol', {
  registerSchemesAsPrivileged(schemes: unknown[]): void {
    fake.calls.push('registerSchemesAsPrivileged');
    fake.schemes.push(...schemes);
  },
  handle(scheme: string, handler: (request: Request) => Promise<Response>): void {
    fake.calls.push(`handle ${scheme}`);
    fake.schemeHandlers.set(scheme, handler);
  },
} satisfies Partial<Electron.Protocol>);

class FakeSession extends EventEmitter {
  webRequest = strict('session.webRequest', {
    onBeforeRequest(handler: Handler): void {
      fake.beforeRequest = handler;
    },
  });
  setPermissionRequestHandler(handler: Handler): void {
    fake.calls.push('setPermissionRequestHandler');
    fake.permissionRequest = handler;
  }
  setPermissionCheckHandler(handler: Handler): void {
    fake.calls.push('setPermissionCheckHandler');
    fake.permissionCheck = handler;
  }
  setDevicePermissionHandler(handler: Handler): void {
    fake.deviceCheck = handler;
  }
  setDisplayMediaRequestHandler(handler: Handler): void {
    fake.displayMedia = handler;
  }
}
const defaultSession = strict('session.defaultSession', new FakeSession());
export const session = strict('session', {
  defaultSession,
  /** Another session has its own way out; its fetch names faults as Chromium does. */
  fromPartition(name: string) {
    fake.calls.push(`fromPartition ${name}`);
    return strict('session', {
      fetch: (url: string, init: RequestInit): Promise<Response> =>
        fetch(url, init).catch(() => Promise.reject(new Error('net::ERR_CONNECTION_REFUSED'))),
    });
  },
});

class FakeContents extends EventEmitter {
  openHandler: ((details: { url: string }) => { action: string }) | null = null;
  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    this.openHandler = handler;
  }
  reloads = 0;
  loading = false;
  readonly sent: unknown[] = [];
  isLoading(): boolean {
    return this.loading;
  }
  send(channel: string, ...args: unknown[]): void {
    if (this.loading) throw new Error('nobody listens in a page that is loading');
    this.sent.push([channel, ...args]);
  }
  getURL(): string {
    return 'app://switchyard/';
  }
  reload(): void {
    this.reloads += 1;
  }
  /** As Electron does: the page ends, and is told to have been killed. */
  forcefullyCrashRenderer(): void {
    this.emit('render-process-gone', {}, { reason: 'killed', exitCode: 9 });
  }
}

export interface WindowOptions {
  readonly show?: boolean;
  readonly x?: number;
  readonly width?: number;
  readonly height?: number;
  readonly webPreferences?: Readonly<Record<string, unknown>>;
}

export class BrowserWindow extends EventEmitter {
  readonly webContents = strict('webContents', new FakeContents());
  readonly options: WindowOptions;
  isShown = false;
  url = '';
  constructor(options: WindowOptions) {
    super();
    fake.calls.push('new BrowserWindow');
    this.options = options;
    fake.windows.push(this);
    app.emit('web-contents-created', {}, this.webContents);
  }
  async loadURL(url: string): Promise<void> {
    this.url = url;
  }
  show(): void {
    this.isShown = true;
  }
  hide(): void {
    this.isShown = false;
  }
  /** What the taskbar shows: a share, over 1 for one that is not known, less than 0 for none. */
  progress = -1;
  setProgressBar(share: number): void {
    this.progress = share;
  }
  focus(): void {
    fake.calls.push('focus');
  }
  isMinimized(): boolean {
    return false;
  }
  maximized = false;
  maximize(): void {
    this.maximized = true;
  }
  isMaximized(): boolean {
    return this.maximized;
  }
  isDestroyed(): boolean {
    return !fake.windows.includes(this);
  }
  getNormalBounds(): { x: number; y: number; width: number; height: number } {
    return { x: 10, y: 20, width: this.options.width ?? 0, height: this.options.height ?? 0 };
  }
  /** The user presses the cross. @returns whether the window is gone */
  userCloses(): boolean {
    const event = preventable({});
    this.emit('close', event);
    if (event.prevented) return false;
    fake.windows.splice(fake.windows.indexOf(this), 1);
    this.emit('closed');
    return true;
  }
}

export interface MenuItem {
  readonly label?: string;
  readonly role?: string;
  readonly enabled?: boolean;
  readonly click?: () => void;
}

export const crashReporter = strict('crashReporter', {
  start(options: Electron.CrashReporterStartOptions): void {
    fake.calls.push(`crashReporter ${options.uploadToServer === false ? 'local' : 'sends'}`);
  },
} satisfies Partial<Electron.CrashReporter>);

export const Menu = strict('Menu', {
  buildFromTemplate: (items: MenuItem[]) => Object.assign(items, { popup: () => void fake.popups.push(items) }),
  setApplicationMenu(menu: MenuItem[]): void {
    fake.calls.push('setApplicationMenu');
    fake.menus.push(menu);
  },
});

export class Tray extends EventEmitter {
  image: string;
  toolTip = '';
  menu: MenuItem[] = [];
  constructor(image: string) {
    super();
    fake.calls.push('new Tray');
    this.image = image;
    fake.trays.push(this);
  }
  setImage(image: string): void {
    this.image = image;
  }
  setToolTip(text: string): void {
    this.toolTip = text;
  }
  setContextMenu(menu: MenuItem[]): void {
    this.menu = menu;
  }
}

/** A utility process: messages are copied and arrive later, its end is told on another way. */
export class FakeUtilityProcess extends EventEmitter {
  readonly stderr = new PassThrough();
  readonly script: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  hasEnded = false;
  /** What the child has as process.parentPort. */
  readonly port = Object.assign(new EventEmitter(), {
    postMessage: (message: unknown): void => {
      const data: unknown = structuredClone(message);
      setImmediate(() => this.emit('message', data));
    },
  });
  constructor(script: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    super();
    this.script = script;
    this.args = args;
    this.env = env;
  }
  postMessage(message: unknown): void {
    if (this.hasEnded) return;
    const data: unknown = structuredClone(message);
    setImmediate(() => this.port.emit('message', { data }));
  }
  kill(): boolean {
    this.ends(15);
    return true;
  }
  ends(code: number): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    setImmediate(() => this.emit('exit', code));
  }
}

export const utilityProcess = strict('utilityProcess', {
  fork(script: string, args: readonly string[], options: { readonly env: Readonly<Record<string, string>> }) {
    fake.calls.push('fork');
    const child = new FakeUtilityProcess(script, args, options.env);
    fake.processes.push(child);
    fake.runUtility(child);
    return child;
  },
});

export class Notification extends EventEmitter {
  static isSupported(): boolean {
    return true;
  }
  readonly text: { readonly title: string; readonly body: string };
  constructor(text: { readonly title: string; readonly body: string }) {
    super();
    this.text = text;
  }
  show(): void {
    fake.notifications.push(this);
  }
}

let nextBlocker = 1;
export const powerSaveBlocker = strict('powerSaveBlocker', {
  start(kind: string): number {
    if (kind !== 'prevent-app-suspension') throw new Error(`the fake of electron does not know the blocker ${kind}`);
    const id = nextBlocker++;
    fake.blockers.add(id);
    return id;
  },
  stop(id: number): boolean {
    if (!fake.blockers.delete(id)) throw new Error(`blocker ${id} was not started`);
    return true;
  },
} satisfies Partial<Electron.PowerSaveBlocker>);

export const screen = strict('screen', {
  getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1040 } }],
});

export const nativeTheme = strict('nativeTheme', {
  shouldUseDarkColors: false,
  themeSource: 'system',
} satisfies Partial<Electron.NativeTheme>);

export const dialog = strict('dialog', {
  showErrorBox(title: string, text: string): void {
    fake.errorBoxes.push(`${title}: ${text}`);
  },
  async showOpenDialog(...args: unknown[]) {
    fake.dialogs.push(args.at(-1) as Record<string, unknown>);
    return fake.folderAnswer;
  },
  async showMessageBox(...args: unknown[]) {
    fake.dialogs.push(args.at(-1) as Record<string, unknown>);
    return { response: fake.boxAnswers.shift() ?? fake.boxAnswer, checkboxChecked: false };
  },
} satisfies Partial<Electron.Dialog>);

export const ipcMain = strict('ipcMain', {
  handle(channel: string, handler: Handler): void {
    fake.messageHandlers.set(channel, handler);
  },
} satisfies Partial<Electron.IpcMain>);

export const shell = strict('shell', {
  async openExternal(url: string): Promise<void> {
    fake.openedOutside.push(url);
  },
  showItemInFolder(file: string): void {
    fake.shownInFiles.push(file);
  },
  async openPath(file: string): Promise<string> {
    fake.openedPaths.push(file);
    return '';
  },
} satisfies Partial<Electron.Shell>);

export const powerMonitor = strict('powerMonitor', new EventEmitter());

export const webUtils = strict('webUtils', {
  getPathForFile: (file: File) => `/dropped/${file.name}`,
} satisfies Partial<Electron.WebUtils>);

export const contextBridge = strict('contextBridge', {
  exposeInMainWorld(name: string, value: unknown): void {
    fake.exposed.set(name, value);
  },
} satisfies Partial<Electron.ContextBridge>);

export const ipcRenderer = strict('ipcRenderer', {
  on(channel: string, listener: Handler): void {
    fake.pageListeners.set(channel, listener);
  },
  async invoke(...args: unknown[]): Promise<unknown> {
    fake.invoked.push(args);
    return null;
  },
});

/** What is played of parts that no `satisfies` fits, because they hold more than Electron's: every other name is one of Electron's. */
type IsKnown<Fake, Real, Own extends string = never> = [Exclude<keyof Fake, keyof Real | Own>] extends [never]
  ? true
  : Exclude<keyof Fake, keyof Real | Own>;
type ForTests =
  'image' | 'toolTip' | 'menu' | 'text' | 'options' | 'isShown' | 'url' | 'maximized' | 'userCloses' | 'progress';
true satisfies IsKnown<typeof app, Electron.App>;
true satisfies IsKnown<typeof session, typeof Electron.session>;
true satisfies IsKnown<typeof defaultSession, Electron.Session>;
true satisfies IsKnown<ReturnType<typeof session.fromPartition>, Electron.Session>;
true satisfies IsKnown<typeof Menu, typeof Electron.Menu>;
true satisfies IsKnown<Tray, Electron.Tray, ForTests>;
true satisfies IsKnown<BrowserWindow, Electron.BrowserWindow, ForTests>;
true satisfies IsKnown<FakeContents, Electron.WebContents, 'openHandler' | 'reloads' | 'loading' | 'sent'>;
true satisfies IsKnown<Notification, Electron.Notification, ForTests>;
true satisfies IsKnown<typeof utilityProcess, typeof Electron.utilityProcess>;
true satisfies IsKnown<typeof screen, Electron.Screen>;
true satisfies IsKnown<typeof powerMonitor, Electron.PowerMonitor>;
true satisfies IsKnown<typeof ipcRenderer, Electron.IpcRenderer>;
