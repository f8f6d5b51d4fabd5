/** Small choices of how things look; remembered on this machine. */
import { create } from 'zustand';

export interface Preferences {
  /** Long lines of a log go on in the next line. */
  readonly wrapLog: boolean;
  /** Plots count up their values in powers of ten. */
  readonly logScale: boolean;
  /** What plots lie over: the steps of the program, or the time since its first report. */
  readonly plotOver: 'step' | 'time';
  /** How much of the curve so far each drawn point keeps; 0 = drawn as reported. */
  readonly smoothing: number;
}

const KEY = 'switchyard.preferences';
const DEFAULTS: Preferences = { wrapLog: true, logScale: false, plotOver: 'step', smoothing: 0 };

function read(): Preferences {
  try {
    const stored = JSON.parse(window.localStorage.getItem(KEY) ?? '{}') as Partial<Record<keyof Preferences, unknown>>;
    const { smoothing } = stored;
    return {
      wrapLog: stored.wrapLog !== false,
      logScale: stored.logScale === true,
      plotOver: stored.plotOver === 'time' ? 'time' : 'step',
      smoothing: typeof smoothing === 'number' && smoothing > 0 && smoothing < 1 ? smoothing : 0,
    };
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
