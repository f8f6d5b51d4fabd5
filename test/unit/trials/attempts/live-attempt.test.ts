import { expect, test } from 'vitest';
import { abortLaunch, enter, type LiveAttempt, type Phase } from '../../../../electron/trials/attempts/live-attempt.ts';

const abort = new AbortController();
const PHASES: readonly Phase[] = [
  { name: 'preparing', abort },
  { name: 'launching', abort },
  { name: 'recovering' },
  { name: 'attached', attachment: {} as never, reports: {} as never },
  { name: 'ended' },
];
const LEADS: Readonly<Record<Phase['name'], readonly Phase['name'][]>> = {
  preparing: ['launching', 'ended'],
  launching: ['attached', 'ended'],
  recovering: ['attached', 'ended'],
  attached: ['ended'],
  ended: [],
};
const inPhase = (phase: Phase): LiveAttempt => ({
  trialId: 7,
  attempt: 2,
  runtime: {} as never,
  handle: { attemptId: 'a', ref: null, logPath: '', stateDir: '' },
  phase,
  freezes: 0,
});

test.each(PHASES.flatMap((from) => PHASES.map((to) => [from.name, to.name, from, to] as const)))(
  '%s -> %s',
  (_, __, from, to) => {
    const live = inPhase(from);
    if (LEADS[from.name].includes(to.name)) {
      enter(live, to);
      expect(live.phase).toBe(to);
    } else {
      expect(() => {
        enter(live, to);
      }).toThrow(`#7 attempt 2: ${from.name} does not lead to ${to.name}`);
      expect(live.phase).toBe(from);
    }
  },
);

test('only a start that has not come to the program can be canceled', () => {
  for (const phase of PHASES) {
    const own = new AbortController();
    abortLaunch(inPhase('abort' in phase ? { ...phase, abort: own } : phase));
    expect(own.signal.aborted).toBe('abort' in phase);
  }
});
