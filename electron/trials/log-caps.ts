/** Keeps logs within their cap, and says once for each where it cannot. */
import type { AttemptRunner } from './attempt-runner.ts';
import { enforceLogCap, type PunchHole } from './log-cap.ts';

export interface LogCapper {
  /** Shortens one log if it is too long. */
  cap(trialId: number, logPath: string): Promise<void>;
  /** Those of all running attempts. */
  capAll(runner: Pick<AttemptRunner, 'attempts'>): Promise<void>;
}

export function createLogCapper(capBytes: () => number, punchHole: PunchHole, onUnsupported: (trialId: number, reason: string) => void): LogCapper {
  const unsupported = new Set<string>();

  async function cap(trialId: number, logPath: string): Promise<void> {
    if (unsupported.has(logPath)) return;
    const result = await enforceLogCap(logPath, capBytes(), punchHole);
    if (result.supported) return;
    unsupported.add(logPath);
    onUnsupported(trialId, result.reason);
  }
  return {
    cap,
    async capAll(runner) {
      for (const { trialId, logPath } of runner.attempts()) await cap(trialId, logPath);
    },
  };
}
