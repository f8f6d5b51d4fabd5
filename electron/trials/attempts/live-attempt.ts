/**
 * An active attempt in memory, and the phase it is in:
 *
 *   preparing -> launching -> attached -> ended        a start
 *   recovering -> attached -> ended                    taken up after a restart of the engine
 *
 * each of the first three also -> ended (it could not be started, or is gone). A phase carries what is there in it and no more.
 * All of it is a cache: the database is the truth, and recovering rebuilds this from there.
 */
import type { AttemptHandle, Attachment, TrialRuntime } from '../../ports/trial-runtime.ts';
import type { ReportWatch } from '../reports/report-intake.ts';

export type Phase =
  /** Its files are made. */
  | { readonly name: 'preparing'; readonly abort: AbortController }
  /** The runtime has been asked for it. */
  | { readonly name: 'launching'; readonly abort: AbortController }
  /** The runtime is asked what became of it. */
  | { readonly name: 'recovering' }
  /** Its log and its reports come in, and its exit is waited for. */
  | { readonly name: 'attached'; readonly attachment: Attachment; readonly reports: ReportWatch }
  /** Its end is known and is being saved. */
  | { readonly name: 'ended' };

export interface LiveAttempt {
  readonly trialId: number;
  readonly attempt: number;
  readonly runtime: TrialRuntime;
  /** Its `ref` is known from `attached` on. */
  handle: AttemptHandle;
  phase: Phase;
  /** Counts the beginnings and ends of our own freezing and unfreezing: odd while one is at work. */
  freezes: number;
}

const FROM: Readonly<Record<Phase['name'], readonly Phase['name'][]>> = {
  preparing: [],
  launching: ['preparing'],
  recovering: [],
  attached: ['launching', 'recovering'],
  ended: ['preparing', 'launching', 'recovering', 'attached'],
};

/** @throws Error where the phase it is in does not lead there: a mistake of ours, never of a trial's */
export function enter(live: LiveAttempt, phase: Phase): void {
  if (!FROM[phase.name].includes(live.phase.name))
    throw new Error(`#${live.trialId} attempt ${live.attempt}: ${live.phase.name} does not lead to ${phase.name}`);
  live.phase = phase;
}

/** Cancels a start that has not come to the program yet; nothing to do in any later phase. */
export function abortLaunch({ phase }: LiveAttempt): void {
  if (phase.name === 'preparing' || phase.name === 'launching') phase.abort.abort();
}
