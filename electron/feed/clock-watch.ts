/** Notices when the wall clock jumps against the steady one: times shown from before may be off. */
import type { Clock } from '../ports/clock.ts';
import type { Notices } from './notices.ts';

const JUMP_MS = 60_000;

/** @returns a function to call now and then: each compares with the call before */
export function createClockWatch(clock: Clock, notices: Pick<Notices, 'raise'>): () => void {
  let wallMs = clock.nowMs();
  let steadyMs = clock.monotonicMs();
  return () => {
    const jumpMs = clock.nowMs() - wallMs - (clock.monotonicMs() - steadyMs);
    wallMs = clock.nowMs();
    steadyMs = clock.monotonicMs();
    if (Math.abs(jumpMs) <= JUMP_MS) return;
    notices.raise({
      id: 'clock_jump',
      level: 'info',
      text:
        `The clock of this machine jumped ${jumpMs > 0 ? 'forward' : 'back'} by ` +
        `${Math.round(Math.abs(jumpMs) / 60_000)} min. Time limits go on as before; times shown from before ` +
        'may be off.',
      remedy: null,
    });
  };
}
