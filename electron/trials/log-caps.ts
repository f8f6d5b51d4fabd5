/** Keeps the logs of running attempts within their cap; says so in the history the first time, and where it cannot. */
import type { AttemptRunner } from './attempt-runner.ts';
import { enforceLogCap, type PunchHole } from './log-cap.ts';

/**
 * @param capBytes the cap of one log
 * @param unsupported attempts whose log cannot be shortened: reported once each
 */
export async function capLogs(runner: Pick<AttemptRunner, 'attempts'>, capBytes: number, punchHole: PunchHole, unsupported: Set<string>, onUnsupported: (trialId: number, reason: string) => void): Promise<void> {
  for (const { trialId, logPath } of runner.attempts()) {
    if (unsupported.has(logPath)) continue;
    const result = await enforceLogCap(logPath, capBytes, punchHole);
    if (result.supported) continue;
    unsupported.add(logPath);
    onUnsupported(trialId, result.reason);
  }
}
