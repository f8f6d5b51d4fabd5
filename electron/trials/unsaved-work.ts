/** What a running trial would lose if it were stopped now. Pure. */
import type { UnsavedWork } from '../contract/trials.ts';
import type { TrialRow } from '../store/trials.ts';

/** When a trial was frozen or went on. */
export interface FreezeStep {
  readonly atMs: number;
  readonly what: 'freeze' | 'unfreeze';
}

export interface UnsavedFacts {
  /** When its last checkpoint was saved, by whichever attempt; null = never. */
  readonly savedAtMs: number | null;
  /** What was frozen and unfrozen of it after `afterMs`, in order; asked only where it was ever frozen. */
  readonly freezeSteps: (afterMs: number) => readonly FreezeStep[];
  /** The program asks whether to stop: it can save before it does. */
  readonly asksForStop: () => boolean;
}

/** @returns null for a trial that does no work now: nothing of it can be lost by stopping it */
export function unsavedWork(
  row: Pick<TrialRow, 'state' | 'startedAtMs' | 'frozenMs' | 'frozenSinceMs' | 'stop'>,
  facts: UnsavedFacts,
): UnsavedWork | null {
  if ((row.state !== 'running' && row.state !== 'stopping') || row.startedAtMs === null) return null;
  const fromMs = Math.max(row.startedAtMs, facts.savedAtMs ?? 0);
  const isFromStart = fromMs === row.startedAtMs;
  const restedMs =
    row.frozenMs === 0 ? 0 : isFromStart ? row.frozenMs : frozenAfter(facts.freezeSteps(fromMs), row.stop?.askedAtMs);
  return { sinceMs: fromMs + restedMs, untilMs: row.frozenSinceMs, asksForStop: facts.asksForStop() };
}

/** @param stopAskedAtMs being asked to stop thaws a trial without a word of its own. @returns ms of the periods that are over */
function frozenAfter(steps: readonly FreezeStep[], stopAskedAtMs: number | undefined): number {
  let restedMs = 0;
  let frozenAtMs: number | null = null;
  for (const { atMs, what } of steps) {
    if (what === 'freeze') frozenAtMs = atMs;
    else if (frozenAtMs !== null) {
      restedMs += atMs - frozenAtMs;
      frozenAtMs = null;
    }
  }
  return restedMs + (frozenAtMs === null || stopAskedAtMs === undefined ? 0 : stopAskedAtMs - frozenAtMs);
}
