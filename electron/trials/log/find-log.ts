/** The log of an attempt: where it is, how long, and whether it grows. */
import type { Database } from 'better-sqlite3';
import { SwitchyardError } from '../../contract/errors.ts';
import type { LogInfo } from '../../contract/trials.ts';
import { getAttempt } from '../../store/attempts.ts';
import { attemptFiles } from '../files/directories.ts';
import { logFacts } from './log-store.ts';

/** @returns the path of the log file. @throws SwitchyardError not_found */
export function findLog(db: Database, trialsDir: string, trialId: number, attempt: number): string {
  if (getAttempt(db, trialId, attempt) === null)
    throw new SwitchyardError('not_found', `Trial #${trialId} has no attempt ${attempt}.`);
  return attemptFiles(trialsDir, trialId, attempt).log;
}

/** @param isLive whether the attempt may still write to it */
export async function describeLog(path: string, attempt: number, isLive: () => boolean): Promise<LogInfo> {
  const { totalBytes, dropped } = await logFacts(path);
  return { attempt, totalBytes, dropped: dropped.map(({ from, to }) => ({ from, to })), live: isLive() };
}
