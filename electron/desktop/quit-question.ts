/** What quitting means for what runs and waits. Pure. */
import type { TrialCounts } from './tray-text.ts';

export interface QuitQuestion {
  readonly message: string;
  readonly detail: string;
}

/**
 * @param isForeign the engine is another program's and goes on; null while that is not known
 * @returns null when there is nothing to ask
 */
export function quitQuestion(counts: TrialCounts, isForeign: boolean | null): QuitQuestion | null {
  const { active, queued } = counts;
  if (isForeign === true || (active === 0 && queued === 0)) return null;
  const say = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;
  const parts = [
    ...(active > 0 ? [say(active, 'trial runs', 'trials run')] : []),
    ...(queued > 0 ? [say(queued, active > 0 ? 'waits' : 'trial waits', active > 0 ? 'wait' : 'trials wait')] : []),
  ];
  const means = [
    ...(active > 0 ? ['What runs goes on without Switchyard and is found again at the next start.'] : []),
    ...(queued > 0 ? ['What waits is kept, and starts when Switchyard runs again.'] : []),
  ];
  return { message: `Quit Switchyard? ${parts.join(' and ')}.`, detail: means.join('\n') };
}
