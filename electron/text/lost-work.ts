/** What stopping a trial would cost its user, and whether that is worth a question: one rule for the command line and the window. Pure. */
import type { Trial } from '../contract/trials.ts';
import { sayDuration } from './say.ts';

/** Less than this is lost without a question. */
const WORTH_ASKING_MS = 60_000;

/** What a user can do to a running trial that ends its program. */
export type Stopping = 'pause' | 'cancel' | 'kill' | 'pool';

/** @returns work of this trial that is in no checkpoint, ms; 0 = it does none */
export function unsavedMs({ unsaved }: Pick<Trial, 'unsaved'>, nowMs: number): number {
  return unsaved === null ? 0 : Math.max(0, (unsaved.untilMs ?? nowMs) - unsaved.sinceMs);
}

/**
 * @returns work that would be lost, ms; 0 = so little, or so likely to be saved in time, that nobody needs to be asked: a program that
 * asks whether to stop saves before it does, but not when it is killed
 */
export function wouldLoseMs(trial: Pick<Trial, 'unsaved'>, stopping: Stopping, nowMs: number): number {
  if (trial.unsaved === null || (trial.unsaved.asksForStop && stopping !== 'kill')) return 0;
  const ms = unsavedMs(trial, nowMs);
  return ms < WORTH_ASKING_MS ? 0 : ms;
}

/** @returns what is to follow the trial's name: "loses 10 h of work: it has never saved", "loses 9 min of work since step 900" */
export function sayLoss(trial: Pick<Trial, 'checkpoint'>, lostMs: number): string {
  const { checkpoint } = trial;
  const loses = `loses ${sayDuration(lostMs)} of work`;
  if (checkpoint === null) return `${loses}: it has never saved`;
  return `${loses} since ${checkpoint.step === null ? 'its last checkpoint' : `step ${checkpoint.step}`}`;
}

/** What is left for a trial that comes back: true for one that is paused or moved. */
export const KEPT_DIRECTORY = 'The working directory is kept, so a program that goes on from its own files will.';
