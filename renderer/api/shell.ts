/** What only a desktop can do, with what a browser does instead. The preload puts `switchyardShell` on the window. */

/** What the desktop tells its page: see electron/desktop/channels.ts. */
export type PageNews = { readonly kind: 'open-trial'; readonly trialId: number } | { readonly kind: 'resumed' };

/** Absent in a browser. */
interface DesktopOnly {
  /** Shows a directory of a trial, or the checkpoint of an id, in the file manager; false when it is not there. */
  showInFiles(trialId: number, place: string | number): Promise<boolean>;
  /** Where something lies that was dropped here; empty when nowhere. */
  pathOf(file: File): string;
  onNews(listener: (news: PageNews) => void): void;
  /** Looks for a new version of the desktop app; tells and asks in dialogs of its own. */
  checkForUpdates(): Promise<void>;
}

export interface Shell {
  readonly kind: 'desktop' | 'browser';
  /** "linux", "darwin" or "win32"; decides how shortcuts are written. */
  readonly platform: string;
  /** Opens the system's folder dialog; null when cancelled. Absent in a browser, where the path is typed. */
  readonly pickFolder: ((near?: string) => Promise<string | null>) | undefined;
  /** The desktop app can be started with the user's session. */
  readonly canStartAtLogin: boolean;
  readonly showInFiles: DesktopOnly['showInFiles'] | undefined;
  readonly pathOf: DesktopOnly['pathOf'] | undefined;
  readonly onNews: DesktopOnly['onNews'] | undefined;
  readonly checkForUpdates: DesktopOnly['checkForUpdates'] | undefined;
}

declare global {
  interface Window {
    switchyardShell?: DesktopOnly & {
      readonly platform: string;
      readonly isInstalled: boolean;
      pickFolder(near?: string): Promise<string | null>;
    };
  }
}

function detectShell(): Shell {
  const desktop = window.switchyardShell;
  if (desktop === undefined) {
    return {
      kind: 'browser',
      platform: navigator.platform.startsWith('Mac') ? 'darwin' : 'other',
      pickFolder: undefined,
      canStartAtLogin: false,
      showInFiles: undefined,
      pathOf: undefined,
      onNews: undefined,
      checkForUpdates: undefined,
    };
  }
  return {
    kind: 'desktop',
    platform: desktop.platform,
    pickFolder: (near) => desktop.pickFolder(near),
    canStartAtLogin: desktop.isInstalled,
    showInFiles: (trialId, place) => desktop.showInFiles(trialId, place),
    pathOf: (file) => desktop.pathOf(file),
    onNews: (listener) => desktop.onNews(listener),
    checkForUpdates: () => desktop.checkForUpdates(),
  };
}

export const shell: Shell = detectShell();
