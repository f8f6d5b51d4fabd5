/**
 * Carries out what the state machine decided: launches attempts, signals them, waits for their exits, and takes up after a crash
 * what was running. Every fact goes back into the state machine through `feed`, in a transaction with those of the same moment.
 *
 * Per active trial there is one `Live` in memory:
 *   preparing -> (launch) -> attached -> (exit) -> gone
 * `Live` is a cache of wishes and timers only; the database is the truth, and `recover` rebuilds it from there.
 * Effects may be repeated: launching is at-most-once in the runtime, signals to something gone are no errors.
 */
import type { SwitchyardError } from '../../contract/errors.ts';
import type { RuntimeKind } from '../../contract/states.ts';
import type { AttemptHandle, Attachment, ExitInfo, TrialRuntime } from '../../ports/trial-runtime.ts';
import type { Clock } from '../../ports/clock.ts';
import { LaunchError } from '../../ports/trial-runtime.ts';
import { getAttempt, markLaunched, type AttemptRow } from '../../store/attempts.ts';
import type { Store } from '../../store/database.ts';
import { getTrialRow, listActiveTrials, type TrialRow } from '../../store/trials.ts';
import type { PendingEffect } from '../life/apply.ts';
import type { ChangeTrials } from '../life/change-trials.ts';
import { attemptFiles } from '../files/directories.ts';
import { readLastWords } from '../log/last-words.ts';
import type { Preparation } from './prepare.ts';
import { watchReports, type ReportWatch } from '../reports/report-intake.ts';
import type { LaunchHolds, LaunchKind } from '../../scheduler/launch-holds.ts';
import type { TrialEvent } from '../life/transitions.ts';

/** A killed program that does not die (a hung driver call) is killed again at this pace. */
const KILL_AGAIN_MS = 10_000;
/** While a fact cannot be saved (disk full, database locked) it is tried again at this pace; nothing is dropped. */
const SAVE_AGAIN_MS = 2_000;
/** While a runtime cannot be asked (daemon down) its attempts are looked at again at this pace. */
const RECOVER_AGAIN_MS = 3_000;
/** setTimeout fires at once beyond this. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface RunnerDeps {
  readonly store: Store;
  readonly changeTrials: ChangeTrials;
  readonly clock: Clock;
  readonly trialsDir: string;
  readonly runtimes: ReadonlyMap<RuntimeKind, TrialRuntime>;
  /** Makes directories and the launch description of a starting trial. */
  readonly preparation: Preparation;
  readonly log: { info(text: string): void; error(text: string, error?: unknown): void };
  /** "pulling image 43 %": for the screen only. */
  readonly onActivity: (trialId: number, text: string | null) => void;
  /** Launches that failed for the place's sake hold up others. */
  readonly launchHolds: Pick<LaunchHolds, 'failed' | 'succeeded'>;
  readonly onMetrics: (trialId: number, points: readonly { name: string; step: number; value: number }[]) => void;
  readonly onProgress: (trialId: number) => void;
  /** The last byte of an attempt's log is written. */
  readonly onLogComplete: (trialId: number, logPath: string) => void;
}

interface Live {
  readonly trialId: number;
  readonly attempt: number;
  readonly runtime: TrialRuntime;
  readonly abort: AbortController;
  handle: AttemptHandle;
  attachment: Attachment | null;
  reports: ReportWatch | null;
  timer: NodeJS.Timeout | null;
  /** SIGTERM that waits, for a program that was asked another way. */
  signalTimer: NodeJS.Timeout | null;
  deadline: { readonly event: Deadline['event']; readonly atMonotonicMs: number } | null;
}

/** What happens to an active trial with time alone. */
interface Deadline {
  readonly event: 'time_limit' | 'grace_over';
  readonly atMs: number;
  readonly longestMs: number;
}

/** Something that happened to an attempt. */
interface Fact {
  readonly trialId: number;
  readonly attempt: number;
  readonly event: TrialEvent;
  /** More rows of the same transaction. */
  readonly extra?: (db: Store['db']) => void;
  /** Called once, after the commit. */
  readonly saved?: () => void;
}

export interface AttemptRunner {
  /** Performs effects after their commit; returns at once, failures come back as events. */
  perform(effects: readonly PendingEffect[]): void;
  /** Takes up every active attempt of the database; settles when each was asked once. */
  recover(): Promise<void>;
  /** Which trial each of these attempts' processes belongs to (host pids). */
  ownPids(): Promise<Map<number, number>>;
  attempts(): readonly { readonly trialId: number; readonly attempt: number; readonly logPath: string }[];
  /** Stops watching; the attempts run on. */
  close(): Promise<void>;
}

export function createAttemptRunner(deps: RunnerDeps): AttemptRunner {
  const { store, clock } = deps;
  const live = new Map<number, Live>();
  const gathered: Fact[] = [];
  let closed = false;

  function runtimeOf(kind: RuntimeKind): TrialRuntime {
    const runtime = deps.runtimes.get(kind);
    if (runtime === undefined) throw new Error(`no ${kind} runtime`);
    return runtime;
  }

  function handleOf(trial: TrialRow, attempt: AttemptRow): AttemptHandle {
    const files = attemptFiles(deps.trialsDir, trial.id, attempt.number);
    return { attemptId: attempt.key, ref: attempt.ref, logPath: files.log, stateDir: files.state };
  }

  function track(trial: TrialRow, attempt: AttemptRow): Live {
    const entry: Live = {
      trialId: trial.id,
      attempt: attempt.number,
      runtime: runtimeOf(attempt.runtime),
      abort: new AbortController(),
      handle: handleOf(trial, attempt),
      attachment: null,
      reports: null,
      timer: null,
      signalTimer: null,
      deadline: null,
    };
    live.set(trial.id, entry);
    return entry;
  }

  function forget(entry: Live): void {
    if (entry.timer !== null) clearTimeout(entry.timer);
    if (entry.signalTimer !== null) clearTimeout(entry.signalTimer);
    entry.reports?.close();
    if (live.get(entry.trialId) === entry) live.delete(entry.trialId);
    deps.onActivity(entry.trialId, null);
  }

  function feed(trialId: number, attempt: number, event: TrialEvent, more: Pick<Fact, 'extra' | 'saved'> = {}): void {
    save([{ trialId, attempt, event, ...more }]);
  }

  /** For what comes in bursts: the facts of one turn of the event loop share a transaction, because each one waits for the disk. */
  function feedSoon(trialId: number, attempt: number, event: TrialEvent, more: Pick<Fact, 'extra' | 'saved'>): void {
    gathered.push({ trialId, attempt, event, ...more });
    if (gathered.length === 1)
      setImmediate(() => {
        save(gathered.splice(0));
      });
  }

  function save(facts: readonly Fact[]): void {
    if (closed) return;
    try {
      deps.changeTrials(`trial ${facts.map(({ event }) => event.type).join(', ')}`, ({ tx, fire, afterCommit }) => {
        for (const fact of facts) {
          const { trialId, attempt, event, extra } = fact;
          afterCommit(() => {
            settle(fact);
          });
          const trial = getTrialRow(tx.db, trialId);
          if (trial === null || trial.attempt !== attempt) continue;
          extra?.(tx.db);
          const fired = fire(trial, event);
          if ('refused' in fired) deps.log.info(`#${trialId} ${event.type}: ${fired.refused}`);
        }
      });
    } catch (error) {
      // Nothing of it was written; one of them must not hold up the others.
      if (facts.length > 1) {
        for (const fact of facts) save([fact]);
        return;
      }
      // The fact is true whether or not it can be saved now.
      deps.log.error(
        `${facts.map(({ trialId, event }) => `#${trialId}: could not save "${event.type}"`).join()}, trying again`,
        error,
      );
      setTimeout(() => {
        save(facts);
      }, SAVE_AGAIN_MS).unref();
    }
  }

  /** A fact is saved: what is held of its trial follows. */
  function settle({ trialId, attempt, saved }: Fact): void {
    const entry = live.get(trialId);
    if (entry !== undefined && entry.attempt === attempt) {
      const trial = getTrialRow(store.db, trialId);
      if (trial === null || (trial.state !== 'starting' && trial.state !== 'running' && trial.state !== 'stopping'))
        forget(entry);
      else arm(entry, trial);
    }
    saved?.();
  }

  /**
   * One timer per trial: the time limit while it runs, the end of the grace period while it stops. The wall clock is asked once per deadline,
   * from then on only the steady one counts: a clock that jumps ends nothing early and nothing late.
   */
  function arm(entry: Live, trial: TrialRow): void {
    if (entry.timer !== null) clearTimeout(entry.timer);
    entry.timer = null;
    const deadline = deadlineOf(trial);
    if (deadline === null) {
      entry.deadline = null;
      return;
    }
    const { event, atMs, longestMs } = deadline;
    if (entry.deadline?.event !== event) {
      entry.deadline = {
        event,
        atMonotonicMs: clock.monotonicMs() + Math.min(Math.max(atMs - clock.nowMs(), 0), longestMs),
      };
    }
    const leftMs = Math.max(entry.deadline.atMonotonicMs - clock.monotonicMs(), 0);
    entry.timer = setTimeout(
      () => {
        const current = leftMs > MAX_TIMER_MS ? getTrialRow(store.db, trial.id) : null;
        if (current === null) feed(trial.id, entry.attempt, { type: event });
        else arm(entry, current);
      },
      Math.min(leftMs, MAX_TIMER_MS),
    );
  }

  function perform(effects: readonly PendingEffect[]): void {
    for (const { trialId, attempt, effect } of effects) {
      if (effect === 'launch') {
        void launch(trialId, attempt);
        continue;
      }
      const entry = live.get(trialId);
      if (entry === undefined || entry.attempt !== attempt) continue;
      const trial = getTrialRow(store.db, trialId);
      if (trial !== null) arm(entry, trial);
      if (effect === 'abort_launch') entry.abort.abort();
      else if (effect === 'terminate')
        quietly(entry, 'terminate', async () => {
          await deps.preparation.wishStop(trialId, attempt);
          if (trial !== null && deps.preparation.asksForStop(trialId, attempt)) signalLater(entry, trial);
          else await entry.runtime.terminate(entry.handle);
        });
      else if (effect === 'kill') killUntilGone(entry);
      else quietly(entry, effect, () => entry.runtime[effect](entry.handle));
    }
  }

  function quietly(entry: Live, what: string, work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      deps.log.error(`#${entry.trialId}: ${what} failed`, error);
    });
  }

  /** A program that asks sees the wish by itself; the signal would only disturb its saving. It comes when half of its time is over. */
  function signalLater(entry: Live, trial: TrialRow): void {
    if (entry.signalTimer !== null) clearTimeout(entry.signalTimer);
    entry.signalTimer = setTimeout(
      () => {
        quietly(entry, 'terminate', () => entry.runtime.terminate(entry.handle));
      },
      Math.min((trial.spec.graceS * 1000) / 2, MAX_TIMER_MS),
    );
  }

  function killUntilGone(entry: Live): void {
    quietly(entry, 'kill', () => entry.runtime.kill(entry.handle));
    if (entry.timer !== null) clearTimeout(entry.timer);
    entry.timer = setTimeout(() => {
      if (live.get(entry.trialId) === entry) killUntilGone(entry);
    }, KILL_AGAIN_MS);
  }

  async function launch(trialId: number, attemptNumber: number): Promise<void> {
    const trial = getTrialRow(store.db, trialId);
    const attempt = getAttempt(store.db, trialId, attemptNumber);
    if (trial === null || attempt === null || trial.attempt !== attemptNumber || trial.state !== 'starting') return;
    const entry = track(trial, attempt);
    try {
      const spec = await deps.preparation.prepare(trial, attempt);
      const { ref } = await entry.runtime.launch(
        spec,
        (text) => {
          deps.onActivity(trialId, text);
        },
        entry.abort.signal,
      );
      if (closed) return;
      deps.launchHolds.succeeded(launchKind(trial, attempt));
      entry.handle = { ...entry.handle, ref };
      attach(entry);
      const startedAtMs = clock.nowMs();
      deps.onActivity(trialId, null);
      feedSoon(
        trialId,
        attemptNumber,
        { type: 'launched' },
        {
          extra: (db) => {
            markLaunched(db, trialId, attemptNumber, ref, startedAtMs);
          },
        },
      );
    } catch (error) {
      if (closed) return;
      const failure = asLaunchError(error);
      deps.launchHolds.failed(launchKind(trial, attempt), failure);
      if (failure.code === 'launch_failed' && !entry.abort.signal.aborted)
        deps.log.error(`#${trialId}: launch failed`, error);
      feed(
        trialId,
        attemptNumber,
        {
          type: 'launch_failed',
          code: failure.code,
          message: failure.message,
          remedy: failure.remedy,
          transient: failure.transient,
        },
        {
          saved: () => {
            entry.runtime.remove(entry.handle).catch(() => {
              /* The sweep at the next start takes it. */
            });
          },
        },
      );
    }
  }

  function attach(entry: Live): void {
    entry.reports = watchReports({
      store,
      trialsDir: deps.trialsDir,
      trialId: entry.trialId,
      attempt: entry.attempt,
      files: attemptFiles(deps.trialsDir, entry.trialId, entry.attempt),
      nowMs: () => clock.nowMs(),
      onMetrics: deps.onMetrics,
      onProgress: deps.onProgress,
      log: deps.log,
    });
    const attachment = entry.runtime.attach(entry.handle);
    entry.attachment = attachment;
    void attachment.exit.then((exit) => exited(entry, exit));
  }

  async function exited(entry: Live, exit: ExitInfo): Promise<void> {
    if (closed) return;
    await entry.reports?.drain();
    deps.onLogComplete(entry.trialId, entry.handle.logPath);
    // `launched` may still be waiting to be saved: the state machine accepts an exit from `starting` too. What the runtime knows of the
    // exit goes only when the exit is saved, or a crash in between would make a finished trial look lost.
    feedSoon(
      entry.trialId,
      entry.attempt,
      { type: 'exited', exit: await withLastWords(exit, entry.handle.logPath) },
      {
        saved: () => {
          entry.runtime.remove(entry.handle).catch((error: unknown) => {
            deps.log.error(`#${entry.trialId}: could not remove the ended attempt`, error);
          });
        },
      },
    );
  }

  async function recoverOne(trial: TrialRow): Promise<void> {
    if (closed) return;
    const attempt = getAttempt(store.db, trial.id, trial.attempt);
    if (attempt === null) {
      feed(trial.id, trial.attempt, { type: 'vanished', message: 'its attempt was never recorded' });
      return;
    }
    const entry = live.get(trial.id) ?? track(trial, attempt);
    try {
      const found = await entry.runtime.recover(entry.handle);
      if (closed) return;
      if (found.kind === 'absent') {
        feed(trial.id, attempt.number, {
          type: 'vanished',
          message: attempt.startedAtMs === null ? 'it had not started yet' : 'it was gone when Switchyard came back',
        });
        return;
      }
      if (found.kind === 'running') {
        entry.handle = { ...entry.handle, ref: found.ref };
        if (trial.state === 'starting') {
          const startedAtMs = clock.nowMs();
          feed(
            trial.id,
            attempt.number,
            { type: 'launched' },
            {
              extra: (db) => {
                markLaunched(db, trial.id, attempt.number, found.ref, startedAtMs);
              },
            },
          );
        }
      }
      // An attempt that ended meanwhile is attached too: that collects the rest of its log before it reports the exit.
      attach(entry);
      const current = getTrialRow(store.db, trial.id);
      if (current === null) return;
      arm(entry, current);
      if (current.state === 'stopping') {
        perform([
          {
            trialId: trial.id,
            attempt: attempt.number,
            effect: current.stop?.kind === 'kill' || current.stop?.killAtMs === null ? 'kill' : 'terminate',
          },
        ]);
      } else if (found.kind === 'running' && found.frozen !== current.frozen) {
        perform([{ trialId: trial.id, attempt: attempt.number, effect: current.frozen ? 'freeze' : 'unfreeze' }]);
      }
    } catch (error) {
      deps.log.error(`#${trial.id}: its runtime cannot be asked, trying again`, error);
      setTimeout(() => {
        const again = getTrialRow(store.db, trial.id);
        if (again !== null && again.attempt === trial.attempt) void recoverOne(again);
      }, RECOVER_AGAIN_MS).unref();
    }
  }

  return {
    perform,
    recover: async () => {
      await Promise.all(listActiveTrials(store.db).map(recoverOne));
    },
    async ownPids() {
      const owners = new Map<number, number>();
      await Promise.all(
        [...live.values()].map(async (entry) => {
          const pids = await entry.runtime.pids(entry.handle).catch(() => []);
          for (const pid of pids) owners.set(pid, entry.trialId);
        }),
      );
      return owners;
    },
    attempts: () =>
      [...live.values()].map((entry) => ({
        trialId: entry.trialId,
        attempt: entry.attempt,
        logPath: entry.handle.logPath,
      })),
    async close() {
      closed = true;
      await Promise.all(
        [...live.values()].map(async (entry) => {
          if (entry.timer !== null) clearTimeout(entry.timer);
          if (entry.signalTimer !== null) clearTimeout(entry.signalTimer);
          entry.reports?.close();
          await entry.attachment?.detach();
        }),
      );
    },
  };
}

function deadlineOf(trial: TrialRow): Deadline | null {
  const limitMs = trial.spec.timeLimitS === null ? null : trial.spec.timeLimitS * 1000;
  if (trial.state === 'running' && limitMs !== null && trial.startedAtMs !== null)
    return { event: 'time_limit', atMs: trial.startedAtMs + limitMs, longestMs: limitMs };
  const killAtMs = trial.state === 'stopping' ? (trial.stop?.killAtMs ?? null) : null;
  return killAtMs === null ? null : { event: 'grace_over', atMs: killAtMs, longestMs: trial.spec.graceS * 1000 };
}

function launchKind({ spec }: TrialRow, { runtime }: AttemptRow): LaunchKind {
  return { runtime, slots: spec.ask.slots, image: spec.image };
}

/** A failure is told with the last line of the log, unless the runtime knows better. */
async function withLastWords(exit: ExitInfo, logPath: string): Promise<ExitInfo> {
  if (exit.exitCode === null || exit.exitCode === 0 || exit.message !== null || exit.oomKilled) return exit;
  return { ...exit, message: await readLastWords(logPath) };
}

/** Anything a preparation or a runtime throws, as a launch failure for people. */
function asLaunchError(error: unknown): LaunchError {
  if (error instanceof LaunchError) return error;
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === 'ENOSPC' || (error as SwitchyardError | null)?.code === 'disk_full') {
    return new LaunchError(
      'disk_full',
      'There was no space left on the disk to start it.',
      'Free some disk space.',
      true,
    );
  }
  return new LaunchError(
    'launch_failed',
    `It could not be started: ${error instanceof Error ? error.message : String(error)}`,
    'The engine log has the details.',
  );
}
