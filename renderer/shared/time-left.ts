/** How long a running trial still takes: the one forecast that rows, the timeline and those who wait go by. */
import type { Trial } from '../../electron/contract/trials.ts';
import { useEngine } from '../api/store.ts';
import { useNow } from './clock.ts';

/** @returns ms, counting down to the expected end; null = unknown, or not promised (frozen) */
export function useTimeLeft(trial: Trial): number | null {
  const entry = useEngine((state) => state.plan.forecast.get(trial.id));
  const now = useNow(1_000);
  if (trial.state !== 'running' || trial.frozen) return null;
  if (entry === undefined) return trial.remainingMs;
  return entry.endAtMs === null ? null : Math.max(0, entry.endAtMs - now);
}
