/** What only a desktop can do, with what a browser does instead. The preload puts `switchyardShell` on the window. */
export interface Shell {
  readonly kind: 'desktop' | 'browser';
  /** "linux", "darwin" or "win32"; decides how shortcuts are written. */
  readonly platform: string;
  /** Opens the system's folder dialog; null when cancelled. Absent in a browser, where the path is typed. */
  readonly pickFolder: ((near?: string) => Promise<string | null>) | undefined;
  /** The desktop app can be started with the user's session. */
  readonly canStartAtLogin: boolean;
}

declare global {
  interface Window {
    switchyardShell?: {
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
    };
  }
  return {
    kind: 'desktop',
    platform: desktop.platform,
    pickFolder: (near) => desktop.pickFolder(near),
    canStartAtLogin: desktop.isInstalled,
  };
}

export const shell: Shell = detectShell();
