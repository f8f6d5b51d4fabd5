/** Keeps logs within their cap, and says once for each where it cannot. */
import type { AttemptRunner } from '../attempts/attempt-runner.ts';
import { enforceLogCap, type PunchHole } from './log-cap.ts';

export interface LogCapper {
  /** Shortens one log if it is too long. */
  cap(trialId: number, logPath: string): Promise<void>;
  /** Those of all running attempts. */
  capAll(runner: Pick<AttemptRunner, 'attempts'>): Promise<void>;
}

export function createLogCapper(
  capBytes: () => number,
  punchHole: PunchHole,
  onUnsupported: (trialId: number, reason: string) => void,
): LogCapper {
  const unsupported = new Set<string>();
  const underWay = new Map<string, Promise<void>>();

  /** One at a time for each log: the beat and the end of an attempt may want the same one. */
  function cap(trialId: number, logPath: string): Promise<void> {
    const mine = (underWay.get(logPath) ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => capOnce(trialId, logPath));
    underWay.set(logPath, mine);
    return mine.finally(() => {
      if (underWay.get(logPath) === mine) underWay.delete(logPath);
    });
  }

  async function capOnce(trialId: number, logPath: string): Promise<void> {
    if (unsupported.has(logPath)) return;
    const result = await enforceLogCap(logPath, capBytes(), punchHole);
    if (result.supported) return;
    unsupported.add(logPath);
    onUnsupported(trialId, result.reason);
  }
  return {
    cap,
    async capAll(runner) {
      // A log that cannot be looked at is its trial's fault and no reason to leave out the others.
      for (const { trialId, logPath } of runner.attempts()) await cap(trialId, logPath).catch(() => undefined);
    },
  };
}
