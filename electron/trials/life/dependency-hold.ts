/** Why a trial may not start yet because of those it was to start after. Pure. */
import type { Awaited } from '../../store/dependencies.ts';
import { truncateText } from '../../text/truncate.ts';

const LONGEST_NAME = 40;

export interface DependencyHold {
  readonly code: 'after';
  readonly text: string;
  /** It may start when these have ended; empty = somebody has to do something. */
  readonly awaits: readonly number[];
}

/** @returns null when nothing of it is open */
export function dependencyHold(trialId: number, dependencies: readonly Awaited[]): DependencyHold | null {
  const unmet = dependencies.filter((one) => !isMet(one));
  const [first] = unmet;
  if (first === undefined) return null;
  const hopeless = unmet.find(({ trial }) => trial === null || trial.state === 'done');
  if (hopeless !== undefined) return { code: 'after', text: sayHopeless(trialId, hopeless), awaits: [] };
  const others = unmet.length === 1 ? '' : ` and ${unmet.length - 1} ${unmet.length === 2 ? 'other' : 'others'}`;
  const end = first.wants === 'completed' ? 'complete' : 'end';
  return {
    code: 'after',
    text: `waits for ${sayAwaited(first)} (${first.trial?.state ?? ''})${others} to ${end}`,
    awaits: unmet.map(({ trialId: id }) => id),
  };
}

function isMet({ trial, wants }: Awaited): boolean {
  return trial?.state === 'done' && (wants === 'ended' || trial.outcome === 'completed');
}

function sayAwaited({ trialId, trial }: Awaited): string {
  return trial === null ? `#${trialId}` : `#${trialId} ${truncateText(trial.name, LONGEST_NAME)}`;
}

function sayHopeless(trialId: number, awaited: Awaited): string {
  const without = `start this one without it (switchyard release ${trialId})`;
  if (awaited.trial === null)
    return `was to start after ${sayAwaited(awaited)}, which was deleted before that: ${without}`;
  const what = awaited.trial.outcome === 'canceled' ? 'was canceled' : 'failed';
  return `waits for ${sayAwaited(awaited)} to complete, which ${what}: retry it (switchyard retry ${awaited.trialId}), or ${without}`;
}
