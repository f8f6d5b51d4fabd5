/** Notices when the wall clock jumps against the steady one: times shown from before may be off. */
import type { Clock } from '../ports/clock.ts';
import type { Notices } from './notices.ts';

const JUMP_MS = 60_000;

/**
 * The steady clock stands still while the machine sleeps, so a sleep is a jump forward.
 * @param onJump hears how many whole milliseconds the wall clock went further than the steady one, less than 0 when it was set back
 * @returns a function to call now and then: each compares with the call before
 */
export function createClockWatch(
  clock: Clock,
  notices: Pick<Notices, 'raise'>,
  onJump: (jumpMs: number) => void = () => undefined,
): () => void {
  let wallMs = clock.nowMs();
  let steadyMs = clock.monotonicMs();
  return () => {
    // The steady clock counts parts of a millisecond; times that are kept are whole ones.
    const jumpMs = Math.round(clock.nowMs() - wallMs - (clock.monotonicMs() - steadyMs));
    wallMs = clock.nowMs();
    steadyMs = clock.monotonicMs();
    if (Math.abs(jumpMs) <= JUMP_MS) return;
    notices.raise({
      id: 'clock_jump',
      level: 'info',
      text:
        `The clock of this machine jumped ${jumpMs > 0 ? 'forward' : 'back'} by ` +
        `${Math.round(Math.abs(jumpMs) / 60_000)} min${jumpMs > 0 ? ' (it slept, or the clock was set)' : ''}. ` +
        'Time limits go on as before; times shown from before may be off.',
      remedy: null,
    });
    onJump(jumpMs);
  };
}
