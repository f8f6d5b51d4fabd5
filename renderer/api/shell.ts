/** What only a desktop can do, with what a browser does instead. The preload puts `switchyardShell` on the window. */
export interface Shell {
  readonly kind: 'desktop' | 'browser';
  /** "linux", "darwin" or "win32"; decides how shortcuts are written. */
  readonly platform: string;
  /** Opens the system's folder dialog; null when cancelled. Absent in a browser, where the path is typed. */
  readonly pickFolder: (() => Promise<string | null>) | undefined;
}

declare global {
  interface Window {
    switchyardShell?: { readonly platform: string; pickFolder(): Promise<string | null> };
  }
}

function detectShell(): Shell {
  const desktop = window.switchyardShell;
  if (desktop === undefined) {
    return {
      kind: 'browser',
      platform: navigator.platform.startsWith('Mac') ? 'darwin' : 'other',
      pickFolder: undefined,
    };
  }
  return { kind: 'desktop', platform: desktop.platform, pickFolder: () => desktop.pickFolder() };
}

export const shell: Shell = detectShell();
