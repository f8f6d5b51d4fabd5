/** Small choices of how things look; remembered on this machine. */
import { create } from 'zustand';

export interface Preferences {
  /** Long lines of a log go on in the next line. */
  readonly wrapLog: boolean;
  /** Plots count up their values in powers of ten. */
  readonly logScale: boolean;
}

const KEY = 'switchyard.preferences';
const DEFAULTS: Preferences = { wrapLog: true, logScale: false };

function read(): Preferences {
  try {
    const stored = JSON.parse(window.localStorage.getItem(KEY) ?? '{}') as Partial<Record<keyof Preferences, unknown>>;
    return { wrapLog: stored.wrapLog !== false, logScale: stored.logScale === true };
  } catch {
    // Somebody else wrote there: begin anew.
    return DEFAULTS;
  }
}

export const usePreferences = create<Preferences>()(read);

/** Changes a choice and remembers it. */
export function prefer(change: Partial<Preferences>): void {
  usePreferences.setState(change);
  window.localStorage.setItem(KEY, JSON.stringify(usePreferences.getState()));
}
