/**
 * Carries out what the state machine decided: launches attempts, signals them, waits for their exits, and takes up after a crash
 * what was running. Every fact goes back into the state machine (save-facts), and what time alone brings comes from deadlines.
 *
 * Per active trial there is one `LiveAttempt`, whose phase says what is going on with it; it is forgotten when the trial is no longer
 * active. Effects may be repeated: launching is at-most-once in the runtime, signals to something gone are no errors.
 */
import { SwitchyardError } from '../../contract/errors.ts';
import type { RuntimeKind } from '../../contract/states.ts';
import type { ExitInfo, TrialRuntime } from '../../ports/trial-runtime.ts';
import type { Clock } from '../../ports/clock.ts';
import { LaunchError } from '../../ports/trial-runtime.ts';
import { getAttempt, markLaunched, type AttemptRow } from '../../store/attempts.ts';
import type { Store } from '../../store/database.ts';
import { getExperiment } from '../../store/experiments.ts';
import { getTrialRow, listActiveTrials, type TrialRow } from '../../store/trials.ts';
import type { PendingEffect } from '../life/apply.ts';
import type { ChangeTrials } from '../life/change-trials.ts';
import { attemptFiles, trialDirectories } from '../files/directories.ts';
import { lastWords, readLogEnd } from '../log/last-words.ts';
import type { ReportIntake, ReportWatch } from '../reports/report-intake.ts';
import type { ImageSupply } from '../../scheduler/image-supply.ts';
import type { LaunchHolds, LaunchKind } from '../../scheduler/launch-holds.ts';
import { createEnders } from './ask-to-end.ts';
import { createDeadlines } from './deadlines.ts';
import { explainEnd, type EndPlaces } from './explain-end.ts';
import { abortLaunch, enter, type LiveAttempt, type Phase } from './live-attempt.ts';
import type { Preparation } from './prepare.ts';
import { createFactSaver, type Fact } from './save-facts.ts';

/** While a runtime cannot be asked (daemon down) its attempts are looked at again at this pace. */
const RECOVER_AGAIN_MS = 3_000;

export interface RunnerDeps {
  readonly store: Store;
  readonly changeTrials: ChangeTrials;
  readonly clock: Clock;
  readonly trialsDir: string;
  readonly runtimes: ReadonlyMap<RuntimeKind, TrialRuntime>;
  /** Makes directories and the launch description of a starting trial. */
  readonly preparation: Preparation;
  readonly log: { info(text: string): void; error(text: string, error?: unknown): void };
  /** "waiting for the Docker daemon to come back": for the screen only. */
  readonly onActivity: (trialId: number, text: string | null) => void;
  /** Launches that failed for the place's sake hold up others. */
  readonly launchHolds: Pick<LaunchHolds, 'failed' | 'succeeded'>;
  /** Of launches that found their image gone. */
  readonly images: Pick<ImageSupply, 'forget'>;
  readonly reports: Pick<ReportIntake, 'watch'>;
  /** The last byte of an attempt's log is written. */
  readonly onLogComplete: (trialId: number, logPath: string) => void;
}

export interface AttemptRunner {
  /** Performs effects after their commit; returns at once, failures come back as events. */
  perform(effects: readonly PendingEffect[]): void;
  /** Takes up every active attempt of the database; settles when each was asked once. */
  recover(): Promise<void>;
  /** What runs on this runtime cannot be seen for now, or can be again. @param problem null = it answers */
  runtimeChanged(kind: RuntimeKind, problem: string | null): void;
  /** Which trial each of these attempts' processes belongs to (host pids). */
  ownPids(): Promise<Map<number, number>>;
  attempts(): readonly { readonly trialId: number; readonly attempt: number; readonly logPath: string }[];
  /** Stops watching; the attempts run on. */
  close(): Promise<void>;
}

export function createAttemptRunner(deps: RunnerDeps): AttemptRunner {
  const { store, clock } = deps;
  const live = new Map<number, LiveAttempt>();
  let closed = false;
  const facts = createFactSaver({
    changeTrials: deps.changeTrials,
    durable: () => store.durable(),
    log: deps.log,
    settle,
  });
  const deadlines = createDeadlines(clock, (trialId, attempt, event) => {
    facts.save({ trialId, attempt, event: { type: event } });
  });
  const enders = createEnders({
    stopWish: deps.preparation,
    onError: (entry, what, error) => {
      deps.log.error(`#${entry.trialId}: ${what} failed`, error);
    },
  });

  function track(trial: TrialRow, attempt: AttemptRow, phase: Phase): LiveAttempt {
    const runtime = deps.runtimes.get(attempt.runtime);
    if (runtime === undefined) throw new Error(`no ${attempt.runtime} runtime`);
    const before = live.get(trial.id);
    if (before !== undefined) forget(before);
    const files = attemptFiles(deps.trialsDir, trial.id, attempt.number);
    const entry: LiveAttempt = {
      trialId: trial.id,
      attempt: attempt.number,
      runtime,
      handle: { attemptId: attempt.key, ref: attempt.ref, logPath: files.log, stateDir: files.state },
      phase,
      freezes: 0,
    };
    live.set(trial.id, entry);
    return entry;
  }

  /** A fact is saved: an attempt whose trial is no longer active is forgotten, another gets the deadline of its new state. */
  function settle({ trialId, attempt }: Fact): void {
    const entry = live.get(trialId);
    if (entry?.attempt !== attempt) return;
    const trial = getTrialRow(store.db, trialId);
    if (trial !== null && (trial.state === 'starting' || trial.state === 'running' || trial.state === 'stopping'))
      deadlines.follow(trial);
    else forget(entry);
  }

  function forget(entry: LiveAttempt): void {
    enders.forget(entry);
    deadlines.forget(entry.trialId);
    if (entry.phase.name === 'attached') entry.phase.reports.close();
    live.delete(entry.trialId);
    deps.onActivity(entry.trialId, null);
  }

  function perform(effects: readonly PendingEffect[]): void {
    for (const { trialId, attempt, effect } of effects) {
      if (effect === 'launch') {
        launch(trialId, attempt).catch((error: unknown) => {
          deps.log.error(`#${trialId}: its start failed in a way that was not foreseen`, error);
        });
        continue;
      }
      const entry = live.get(trialId);
      const trial = getTrialRow(store.db, trialId);
      if (entry?.attempt !== attempt || trial === null) continue;
      deadlines.follow(trial);
      if (effect === 'abort_launch') abortLaunch(entry);
      else if (effect === 'terminate' || effect === 'terminate_later')
        enders.ask(entry, trial.spec.graceS * 1000, effect === 'terminate_later');
      else if (effect === 'kill') enders.kill(entry);
      else void freeze(entry, effect);
    }
  }

  async function freeze(entry: LiveAttempt, effect: 'freeze' | 'unfreeze'): Promise<void> {
    entry.freezes++;
    try {
      await entry.runtime[effect](entry.handle);
    } catch (error) {
      deps.log.error(`#${entry.trialId}: ${effect} failed`, error);
    } finally {
      entry.freezes++;
    }
  }

  /** Somebody froze it or let it go on: where that was not us, the trial says so. */
  async function followFreeze(attemptId: string): Promise<void> {
    const entry = [...live.values()].find(({ handle }) => handle.attemptId === attemptId);
    if (entry?.phase.name !== 'attached') return;
    const before = entry.freezes;
    const isFrozen = await entry.runtime.isFrozen?.(entry.handle).catch(() => null);
    const trial = getTrialRow(store.db, entry.trialId);
    // Our own wish is at work, or was meanwhile: then it is what counts, and its end is looked at again.
    if (closed || before % 2 === 1 || entry.freezes !== before || trial?.state !== 'running') return;
    if (live.get(entry.trialId) !== entry || typeof isFrozen !== 'boolean' || isFrozen === trial.frozen) return;
    const { trialId, attempt } = entry;
    facts.save({ trialId, attempt, event: { type: isFrozen ? 'freeze' : 'unfreeze', outside: true } });
  }

  for (const runtime of deps.runtimes.values())
    runtime.onFreeze?.((attemptId) => {
      followFreeze(attemptId).catch((error: unknown) => {
        deps.log.error(`what froze ${attemptId} could not be told`, error);
      });
    });

  for (const runtime of deps.runtimes.values())
    runtime.onActivity?.((attemptId, text) => {
      const entry = [...live.values()].find(({ handle }) => handle.attemptId === attemptId);
      if (entry?.phase.name === 'attached') deps.onActivity(entry.trialId, text);
    });

  async function launch(trialId: number, attemptNumber: number): Promise<void> {
    const trial = getTrialRow(store.db, trialId);
    const attempt = getAttempt(store.db, trialId, attemptNumber);
    if (trial === null || attempt === null || trial.attempt !== attemptNumber || trial.state !== 'starting') return;
    if (live.get(trialId)?.attempt === attemptNumber) return;
    const abort = new AbortController();
    const entry = track(trial, attempt, { name: 'preparing', abort });
    try {
      // Meanwhile the intent comes to the disk. It is there before anything runs: a power cut must not forget what it will find.
      const intent = store.durable();
      intent.catch(() => undefined);
      const spec = await deps.preparation.prepare(trial, attempt);
      await intent;
      enter(entry, { name: 'launching', abort });
      const { ref } = await entry.runtime.launch(
        spec,
        (text) => {
          deps.onActivity(trialId, text);
        },
        abort.signal,
      );
      if (closed) return;
      deps.launchHolds.succeeded(launchKind(trial, attempt));
      attach(entry, ref);
      deps.onActivity(trialId, null);
      facts.saveSoon(launched(entry, ref));
    } catch (error) {
      if (closed) return;
      const failure = asLaunchError(error);
      const { code, message, remedy, transient } = failure;
      deps.launchHolds.failed(launchKind(trial, attempt), failure);
      if (code === 'image_gone') deps.images.forget(launchKind(trial, attempt));
      if (code === 'launch_failed' && !abort.signal.aborted) deps.log.error(`#${trialId}: launch failed`, error);
      enter(entry, { name: 'ended' });
      facts.save({
        trialId,
        attempt: attemptNumber,
        event: { type: 'launch_failed', code, message, remedy, transient },
        saved: () => {
          entry.runtime.remove(entry.handle).catch(() => {
            /* The sweep at the next start takes it. */
          });
        },
      });
    }
  }

  /** @param ref null = the runtime named none: it had ended when it was found. @param startedAtMs about when, where it is found later */
  function launched({ trialId, attempt }: LiveAttempt, ref: string | null, startedAtMs = clock.nowMs()): Fact {
    return {
      trialId,
      attempt,
      event: { type: 'launched', atMs: startedAtMs },
      extra: (db) => {
        markLaunched(db, trialId, attempt, ref, startedAtMs);
      },
    };
  }

  /** @param ref null where the runtime named none: it ended while nobody watched */
  function attach(entry: LiveAttempt, ref: string | null): void {
    if (ref !== null) entry.handle = { ...entry.handle, ref };
    const reports = deps.reports.watch(
      { trialId: entry.trialId, attempt: entry.attempt },
      attemptFiles(deps.trialsDir, entry.trialId, entry.attempt).reports,
    );
    const attachment = entry.runtime.attach(entry.handle);
    enter(entry, { name: 'attached', attachment, reports });
    attachment.exit
      .then((exit) => exited(entry, reports, exit))
      .catch((error: unknown) => {
        deps.log.error(`#${entry.trialId}: its end could not be taken in`, error);
      });
  }

  async function exited(entry: LiveAttempt, reports: ReportWatch, exit: ExitInfo): Promise<void> {
    if (closed) return;
    const lateReports = await reports.finish();
    // The lease ends before a long drain. A kill ends the drain: what was not read stays in its file.
    if (lateReports !== null && getTrialRow(store.db, entry.trialId)?.stop?.kind !== 'kill') void lateReports();
    else reports.close();
    deps.onLogComplete(entry.trialId, entry.handle.logPath);
    const event = { type: 'exited' as const, exit: await withLastWords(exit, entry) };
    enter(entry, { name: 'ended' });
    // `launched` may still be waiting to be saved: the state machine accepts an exit from `starting` too. What the runtime knows of the
    // exit goes only when the exit is saved, or a crash in between would make a finished trial look lost.
    facts.saveSoon({
      trialId: entry.trialId,
      attempt: entry.attempt,
      event,
      saved: () => {
        entry.runtime.remove(entry.handle).catch((error: unknown) => {
          deps.log.error(`#${entry.trialId}: could not remove the ended attempt`, error);
        });
      },
    });
  }

  /** A failure is told with the last line of the log, and with what to do where that is known, unless the runtime knows better. */
  async function withLastWords(exit: ExitInfo, entry: LiveAttempt): Promise<ExitInfo> {
    if (exit.exitCode === null || exit.exitCode === 0 || exit.message !== null || exit.oomKilled) return exit;
    const end = await readLogEnd(entry.handle.logPath);
    const remedy = explainEnd(end, placesOf(entry));
    return { ...exit, message: lastWords(end), ...(remedy === null ? {} : { remedy }) };
  }

  /** @returns null where it worked in no copy of a directory */
  function placesOf({ trialId, runtime }: LiveAttempt): EndPlaces | null {
    const trial = getTrialRow(store.db, trialId);
    const experiment = trial === null ? null : getExperiment(store.db, trial.experimentId);
    if (experiment === null || experiment.snapshot === null || experiment.sourceDir === null) return null;
    const { work, checkpoints, output } = trialDirectories(deps.trialsDir, trialId);
    const seen = runtime.layOut({ work, checkpoints, output, exchange: output, helper: output, inPlace: false });
    const { sourceDir, snapshotInfo } = experiment;
    return { work, seenWork: seen.places.work, sourceDir, leftOut: snapshotInfo?.leftOut ?? [] };
  }

  async function takeUp(trial: TrialRow): Promise<void> {
    const attempt = getAttempt(store.db, trial.id, trial.attempt);
    if (attempt === null)
      facts.save({
        trialId: trial.id,
        attempt: trial.attempt,
        event: { type: 'vanished', message: 'its attempt was never recorded' },
      });
    else await recoverOne(track(trial, attempt, { name: 'recovering' }), attempt);
  }

  /** Asks the runtime what became of an attempt, until it answers. */
  async function recoverOne(entry: LiveAttempt, attempt: AttemptRow): Promise<void> {
    if (closed || live.get(entry.trialId) !== entry || entry.phase.name !== 'recovering') return;
    const { trialId } = entry;
    try {
      const wasStarting = getTrialRow(store.db, trialId)?.state === 'starting';
      const found = await entry.runtime.recover(entry.handle);
      if (closed) return;
      if (found.kind === 'absent') {
        const message =
          attempt.startedAtMs === null ? 'it had not started yet' : 'it was gone when Switchyard came back';
        enter(entry, { name: 'ended' });
        facts.save({ trialId, attempt: entry.attempt, event: { type: 'vanished', message } });
        return;
      }
      const isRunning = found.kind === 'running';
      // An attempt that ended meanwhile is attached too: that collects the rest of its log before it reports the exit.
      attach(entry, isRunning ? found.ref : null);
      // It was launched right after it was planned.
      if (wasStarting) facts.save(launched(entry, isRunning ? found.ref : null, attempt.createdAtMs));
      deps.onActivity(trialId, null);
      const trial = getTrialRow(store.db, trialId);
      if (trial === null) return;
      deadlines.follow(trial);
      if (trial.state === 'stopping') {
        const effect = trial.stop?.kind === 'kill' || trial.stop?.killAtMs === null ? 'kill' : 'terminate';
        perform([{ trialId, attempt: entry.attempt, effect }]);
      } else if (isRunning && found.frozen !== trial.frozen) {
        perform([{ trialId, attempt: entry.attempt, effect: trial.frozen ? 'freeze' : 'unfreeze' }]);
      }
    } catch (error) {
      deps.log.error(`#${trialId}: its runtime cannot be asked, trying again`, error);
      deps.onActivity(trialId, outOfSight(error instanceof Error ? error.message : null));
      setTimeout(() => void recoverOne(entry, attempt), RECOVER_AGAIN_MS).unref();
    }
  }

  return {
    perform,
    runtimeChanged(kind, problem) {
      for (const { trialId, runtime, phase } of live.values())
        if (runtime.kind === kind && phase.name === 'attached')
          deps.onActivity(trialId, problem === null ? null : outOfSight(problem));
    },
    recover: async () => {
      await Promise.all(listActiveTrials(store.db).map(takeUp));
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
      facts.close();
      deadlines.close();
      enders.close();
      await Promise.all(
        [...live.values()].map(async ({ phase }) => {
          if (phase.name !== 'attached') return;
          phase.reports.close();
          await phase.attachment.detach();
        }),
      );
    },
  };
}

function outOfSight(problem: string | null): string {
  return `out of sight: ${problem ?? 'its runtime does not answer'}`;
}

function launchKind({ spec }: TrialRow, { runtime }: AttemptRow): LaunchKind {
  return { runtime, slots: spec.ask.slots, image: spec.image };
}

/** Anything a preparation or a runtime throws, as a launch failure for people. */
function asLaunchError(error: unknown): LaunchError {
  if (error instanceof LaunchError) return error;
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === 'ENOSPC' || (error instanceof SwitchyardError && error.code === 'disk_full')) {
    return new LaunchError(
      'disk_full',
      'There was no space left on the disk to start it.',
      'Free some disk space.',
      true,
    );
  }
  // A snapshot that is gone or damaged says itself what to do.
  if (error instanceof SwitchyardError) return new LaunchError('launch_failed', error.message, error.remedy ?? null);
  return new LaunchError(
    'launch_failed',
    `It could not be started: ${error instanceof Error ? error.message : String(error)}`,
    'The engine log has the details.',
  );
}
