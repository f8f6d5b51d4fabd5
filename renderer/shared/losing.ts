/** Which trials would lose work by being stopped now, as the engine told of them last. */
import type { Trial } from '../../electron/contract/trials.ts';
import { wouldLoseMs, type Stopping } from '../../electron/text/lost-work.ts';
import { useEngine } from '../api/store.ts';

export interface Losing {
  readonly trial: Trial;
  readonly lostMs: number;
}

/** @returns those whose loss is worth a question, the largest first */
export function findLosing(trials: readonly Trial[], stopping: Stopping, nowMs: number): readonly Losing[] {
  const { live } = useEngine.getState();
  return trials
    .map((trial) => {
      const unsaved = live.get(trial.id)?.unsaved ?? trial.unsaved;
      return { trial, lostMs: wouldLoseMs({ unsaved }, stopping, nowMs) };
    })
    .filter(({ lostMs }) => lostMs > 0)
    .toSorted((a, b) => b.lostMs - a.lostMs);
}
