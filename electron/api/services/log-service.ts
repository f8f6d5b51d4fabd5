/** Logs of attempts. */
import type { LogFacts, LogInfo } from '../../contract/trials.ts';
import type { Store } from '../../store/database.ts';
import type { LogReader } from '../../trials/log/read-log-facts.ts';
import { describeLog, findLog } from '../../trials/log/find-log.ts';

export interface LogService {
  /** Path of the log file, and a signal that fires when its attempt has ended and the last byte is in the file. @throws not_found */
  log(id: number, attempt: number): { readonly path: string; readonly ended: AbortSignal };
  logInfo(id: number, attempt: number): Promise<LogInfo>;
  /** What the latest log tells by itself. @throws not_found */
  logFacts(id: number): Promise<LogFacts>;
  /** Switches on and off that metrics are taken from the logs. @throws not_found */
  takeLogMetrics(id: number, takes: boolean): Promise<LogFacts>;
}

export function createLogService(deps: {
  readonly store: Store;
  readonly trialsDir: string;
  readonly logReader: LogReader;
  readonly attemptEnded: (trialId: number, attempt: number) => AbortSignal;
}): LogService {
  const find = (id: number, attempt: number): string => findLog(deps.store.db, deps.trialsDir, id, attempt);
  return {
    log: (id, attempt) => ({ path: find(id, attempt), ended: deps.attemptEnded(id, attempt) }),
    logFacts: (id) => deps.logReader.facts(id),
    takeLogMetrics: (id, takes) => deps.logReader.takeMetrics(id, takes),
    logInfo: async (id, attempt) =>
      describeLog(find(id, attempt), attempt, () => !deps.attemptEnded(id, attempt).aborted),
  };
}
