/**
 * The trial state machine, pure: `next(trial, event)` gives the new trial and the effects, or says why the event is illegal.
 *
 *   queued -> starting -> running -> stopping -> done(completed | failed | canceled)
 *      ^          |          |          |
 *      |          +----------+----------+--> queued   (restart, preempted, lost, moved)
 *      +-- paused <----------------------+
 *
 * Invariants: starting, running and stopping hold the lease of attempt `trial.attempt`; every transition out of them
 * has `endAttempt` set, upon which the caller deletes the lease in the same transaction. `done` has an outcome, no other state has.
 * `stopping` knows why (stop.kind); a later, stronger wish replaces a weaker one (pause -> cancel -> kill).
 */
import type { StopKind } from '../../contract/states.ts';
import type { Outcome } from '../../contract/trials.ts';
import type { ExitInfo, LaunchErrorCode } from '../../ports/trial-runtime.ts';
import { frozenTime } from '../../store/frozen-time.ts';
import type { TrialRow } from '../../store/trials.ts';

export type TrialEvent =
  | {
      readonly type: 'start';
      /** It may run beyond this closing time of its pool, ms. */
      readonly beyondMs?: number;
    }
  | {
      readonly type: 'launched';
      /** Where it was found running, or ended, only later: when it was launched, ms. */
      readonly atMs?: number;
    }
  | {
      readonly type: 'launch_failed';
      readonly code: LaunchErrorCode;
      readonly message: string;
      readonly remedy: string | null;
      readonly transient: boolean;
    }
  /** The image it needs cannot be had: it never got as far as an attempt. */
  | { readonly type: 'image_refused'; readonly message: string; readonly remedy: string | null }
  | { readonly type: 'exited'; readonly exit: ExitInfo }
  /** The attempt vanished and can never run again (crash between intent and launch, container removed by somebody). */
  | { readonly type: 'vanished'; readonly message: string }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  /** `outside`: somebody else has done it already. */
  | { readonly type: 'freeze'; readonly outside?: true }
  | { readonly type: 'unfreeze'; readonly outside?: true }
  | { readonly type: 'cancel' }
  | { readonly type: 'kill' }
  | { readonly type: 'preempt'; readonly forTrial: number }
  | { readonly type: 'move_pool'; readonly poolId: string; readonly rank: string }
  | { readonly type: 'time_limit' }
  /** Its search has seen enough of it. `gently`: it ran as long as it was to, and may be about to end by itself. */
  | { readonly type: 'search_stop'; readonly note: string; readonly gently: boolean }
  | { readonly type: 'grace_over' }
  | { readonly type: 'retry'; readonly rank: string };

/** What the caller does after the commit. All of them can be repeated safely after a crash. */
export type Effect = 'launch' | 'terminate' | 'terminate_later' | 'kill' | 'freeze' | 'unfreeze' | 'abort_launch';

export interface AttemptEnd {
  readonly kind:
    | 'exit'
    | 'paused'
    | 'preempted'
    | 'moved'
    | 'canceled'
    | 'killed'
    | 'time_limit'
    | 'search'
    | 'lost'
    | 'launch_failed';
  readonly exitCode: number | null;
  readonly message: string | null;
}

export type Transition =
  | {
      readonly ok: true;
      readonly trial: TrialRow;
      readonly effects: readonly Effect[];
      readonly endAttempt: AttemptEnd | null;
      readonly text: string;
    }
  | { readonly ok: false; readonly reason: string };

/** Programs that cannot have run: repeating them gives the same. */
const NOT_FOUND_EXIT_CODES = new Set([126, 127]);
/** How a program of a sweep says that its hyperparameters do not go together: EX_CONFIG of sysexits.h, invalid_hparams() of the helper. */
const IMPOSSIBLE_EXIT_CODE = 78;
const RESTART_PAUSE_MS = { first: 1_000, most: 60_000 };
/**
 * File systems stamp with the clock of the last timer tick, up to 10 ms late: a program that answers SIGTERM at once seems to have
 * ended before it was asked. In doubt it was the wish: pausing what had finished costs a look, completing what had not costs the run.
 */
const CLOCK_GRAIN_MS = 20;
/** A queue must not spin on a machine that refuses to launch, nor fill the disk with attempts while nobody looks. */
const LAUNCH_PAUSE_MS = { first: 5_000, most: 300_000 };
/** Launches that failed in a row up to which the trial keeps its GPUs for the next try: then others may have them meanwhile. */
const LAUNCHES_WITH_CLAIM = 2;

/** Losses this soon after the start, one after the other, are somebody's doing. */
export const SHORT_LIFE_MS = 600_000;
/** The first loss is followed by the next attempt at once; then pauses double. */
const LOSS_PAUSE_MS = { first: 5_000, most: 60_000 };
const MOST_LOSSES = 8;

const STRENGTH: Record<StopKind, number> = {
  preempt: 0,
  move: 1,
  pause: 2,
  search: 3,
  time_limit: 4,
  cancel: 5,
  kill: 6,
};

const refuse = (reason: string): Transition => ({ ok: false, reason });

function accept(
  trial: TrialRow,
  text: string,
  effects: readonly Effect[] = [],
  endAttempt: AttemptEnd | null = null,
): Transition {
  return { ok: true, trial, effects, endAttempt, text };
}

/**
 * @param trial the row as it is in the database
 * @param nowMs wall-clock time of the event
 * @param lossesBefore how many attempts right before this one were lost within SHORT_LIFE_MS
 */
export function next(trial: TrialRow, event: TrialEvent, nowMs: number, lossesBefore = 0): Transition {
  switch (event.type) {
    case 'start':
      if (trial.state !== 'queued') return refuse(notPossible(trial, 'started'));
      return accept(
        {
          ...trial,
          state: 'starting',
          attempt: trial.attempt + 1,
          notBeforeMs: null,
          ...NOT_FROZEN,
          frozenMs: 0,
          progressWorkedMs: null,
          startedAtMs: null,
          endedAtMs: null,
        },
        `Attempt ${trial.attempt + 1} starts${event.beyondMs === undefined ? '' : `; it may run on after ${clockTime(event.beyondMs)}, when its pool closes`}`,
        ['launch'],
      );

    case 'launched': {
      const startedAtMs = Math.min(event.atMs ?? nowMs, nowMs);
      if (trial.state === 'starting')
        return accept({ ...trial, state: 'running', startedAtMs, launchFailures: 0 }, 'Running');
      // Asked to stop while it was being launched: the wish is carried out now.
      if (trial.state === 'stopping')
        return accept({ ...trial, startedAtMs }, 'Launched, and asked to stop', [
          trial.stop?.kind === 'kill' ? 'kill' : 'terminate',
        ]);
      return refuse(`trial ${trial.id} is ${trial.state}, not starting`);
    }

    case 'launch_failed':
      return launchFailed(trial, event, nowMs);

    case 'image_refused': {
      if (trial.state !== 'queued') return refuse(`trial ${trial.id} is ${trial.state}, not queued`);
      const { message, remedy } = event;
      const outcome: Outcome = { kind: 'failed', exitCode: null, code: 'image_missing', message, remedy };
      return accept(done(trial, outcome, nowMs), message);
    }

    case 'exited':
      // An exit collected late (after a restart of the engine) happened when it happened; a clock that jumped cannot put it into the future.
      return exited(trial, event.exit, Math.min(event.exit.endedAtMs, nowMs), lossesBefore);

    case 'vanished': {
      const end: AttemptEnd = { kind: 'lost', exitCode: null, message: event.message };
      if (trial.state === 'starting' || trial.state === 'running')
        return accept(requeued(trial), `Lost: ${event.message}; queued again`, [], end);
      if (trial.state === 'stopping')
        return afterStop(trial, { ...end, kind: endKindOf(trial.stop?.kind ?? 'preempt') }, nowMs);
      return refuse(`trial ${trial.id} has no attempt to lose`);
    }

    case 'pause':
      if (trial.state === 'queued') return accept({ ...trial, state: 'paused', notBeforeMs: null }, 'Paused');
      if (trial.state === 'paused') return refuse('it is paused already');
      return stop(trial, 'pause', nowMs);

    case 'resume':
      if (trial.state === 'paused') return accept({ ...trial, state: 'queued' }, 'Resumed');
      if (trial.state === 'stopping' && trial.stop?.kind === 'pause') {
        return accept(
          { ...trial, stop: { ...trial.stop, kind: 'preempt' } },
          'Resumed: goes back to the queue once it has stopped',
        );
      }
      if (trial.frozen && trial.state === 'running') return next(trial, { type: 'unfreeze' }, nowMs);
      return refuse(trial.state === 'done' ? 'it has ended; retry it instead' : 'it is not paused');

    case 'freeze':
      if (trial.state !== 'running') return refuse(`only a running trial can be frozen; it is ${describe(trial)}`);
      if (trial.frozen) return refuse('it is frozen already');
      return event.outside === true
        ? accept({ ...trial, frozen: true, frozenSinceMs: nowMs }, 'Paused from outside: frozen until it is unfrozen')
        : accept({ ...trial, frozen: true, frozenSinceMs: nowMs }, 'Frozen: it keeps its GPU memory', ['freeze']);

    case 'unfreeze':
      if (trial.state !== 'running' || !trial.frozen) return refuse('it is not frozen');
      return event.outside === true
        ? accept({ ...trial, ...thawed(trial, nowMs) }, 'Goes on: unpaused from outside')
        : accept({ ...trial, ...thawed(trial, nowMs) }, 'Unfrozen', ['unfreeze']);

    case 'cancel':
      if (trial.state === 'queued' || trial.state === 'paused')
        return accept(done(trial, canceled('canceled', 'Canceled before it ran on.'), nowMs), 'Canceled');
      return stop(trial, 'cancel', nowMs);

    case 'kill':
      if (trial.state === 'queued' || trial.state === 'paused')
        return accept(done(trial, canceled('killed', 'Canceled before it ran on.'), nowMs), 'Canceled');
      return stop(trial, 'kill', nowMs);

    case 'preempt':
      if (trial.state !== 'starting' && trial.state !== 'running') return refuse(notPossible(trial, 'preempted'));
      return stop(trial, 'preempt', nowMs, `Preempted for #${event.forTrial}`);

    case 'move_pool': {
      const moved: TrialRow = { ...trial, poolId: event.poolId, rank: event.rank };
      if (trial.state === 'queued' || trial.state === 'paused') return accept(moved, `Moved to pool ${event.poolId}`);
      if (trial.state === 'stopping') return accept(moved, `Moved to pool ${event.poolId}`);
      return trial.state === 'done'
        ? refuse('it has ended; retry it first')
        : stop(moved, 'move', nowMs, `Moves to pool ${event.poolId}: asked to stop`);
    }

    case 'time_limit':
      if (trial.state !== 'running') return refuse(notPossible(trial, 'stopped by its time limit'));
      return stop(
        trial,
        'time_limit',
        nowMs,
        `Ran for its time limit of ${trial.spec.timeLimitS ?? 0} s: asked to stop`,
      );

    case 'search_stop': {
      const { note, gently } = event;
      if (trial.state === 'queued' || trial.state === 'paused')
        return accept(done(trial, enough(note, null), nowMs), note);
      const stopped = stop(trial, 'search', nowMs, note);
      if (!stopped.ok || stopped.trial.stop === null) return stopped;
      return {
        ...stopped,
        trial: { ...stopped.trial, stop: { ...stopped.trial.stop, note } },
        effects: gently
          ? stopped.effects.map((effect) => (effect === 'terminate' ? 'terminate_later' : effect))
          : stopped.effects,
      };
    }

    case 'grace_over':
      if (trial.state !== 'stopping' || trial.stop === null || trial.stop.kind === 'kill')
        return refuse('it is not waiting for its grace period');
      return accept(
        { ...trial, stop: { ...trial.stop, killAtMs: null } },
        `Did not stop within ${trial.spec.graceS} s: killed`,
        ['kill'],
      );

    case 'retry':
      if (trial.state !== 'done') return refuse(`it is ${describe(trial)}; only an ended trial can be retried`);
      return accept(
        {
          ...trial,
          state: 'queued',
          rank: event.rank,
          outcome: null,
          restarts: 0,
          launchFailures: 0,
          endedAtMs: null,
          notBeforeMs: null,
          archived: false,
          progress: null,
        },
        'Queued again',
      );
  }
}

function stop(trial: TrialRow, kind: StopKind, nowMs: number, text = STOP_TEXT[kind]): Transition {
  if (trial.state === 'done') return refuse('it has ended already');
  if (trial.state === 'stopping') {
    const current = trial.stop?.kind ?? 'preempt';
    if (STRENGTH[kind] <= STRENGTH[current])
      return refuse(`it is being stopped already (${current.replace('_', ' ')})`);
    if (kind === 'kill')
      return accept({ ...trial, stop: { kind, askedAtMs: nowMs, killAtMs: null } }, text, ['abort_launch', 'kill']);
    return accept(
      { ...trial, stop: { kind, askedAtMs: trial.stop?.askedAtMs ?? nowMs, killAtMs: trial.stop?.killAtMs ?? null } },
      text,
    );
  }
  const killAtMs = kind === 'kill' ? null : nowMs + trial.spec.graceS * 1000;
  const effects: Effect[] = trial.state === 'starting' ? ['abort_launch'] : [];
  // A frozen program cannot react to SIGTERM.
  if (trial.frozen) effects.push('unfreeze');
  effects.push(kind === 'kill' ? 'kill' : 'terminate');
  return accept(
    { ...trial, state: 'stopping', ...thawed(trial, nowMs), stop: { kind, askedAtMs: nowMs, killAtMs } },
    text,
    effects,
  );
}

const STOP_TEXT: Record<StopKind, string> = {
  pause: 'Asked to pause',
  cancel: 'Asked to cancel',
  kill: 'Killed',
  preempt: 'Preempted',
  move: 'Asked to stop for a move',
  time_limit: 'Time limit reached',
  search: 'Stopped by its search',
};

function exited(trial: TrialRow, exit: ExitInfo, nowMs: number, lossesBefore: number): Transition {
  const end: AttemptEnd = { kind: 'exit', exitCode: exit.exitCode, message: exit.message };
  if (trial.state === 'stopping') {
    const asked = trial.stop?.askedAtMs ?? nowMs;
    // It ended by itself before the wish reached it: what it did counts, not what was asked.
    const finishedFirst =
      exit.exitCode === 0 && !exit.lost && (exit.endedAtMs < asked - CLOCK_GRAIN_MS || trial.progress === 1);
    if (finishedFirst) return accept(done(trial, completed(), nowMs), 'Completed', [], end);
    const kind = trial.stop?.kind ?? 'preempt';
    return afterStop(trial, { kind: endKindOf(kind), exitCode: exit.exitCode, message: exit.message }, nowMs);
  }
  if (trial.state !== 'running' && trial.state !== 'starting')
    return refuse(`trial ${trial.id} has no running attempt`);
  // It said how far it was, and that was not the end: it answered the shutdown of the machine by saving and leaving in order.
  if (exit.exitCode === 0 && exit.rebooted === true && trial.progress !== null && trial.progress < 1) {
    return accept(
      requeued(trial),
      `Ended with the machine at ${Math.floor(trial.progress * 100)} %; queued again`,
      [],
      { ...end, kind: 'lost' },
    );
  }
  if (exit.exitCode === 0 && !exit.lost) return accept(done(trial, completed(), nowMs), 'Completed', [], end);
  if (exit.lost) return lost(trial, exit, end, nowMs, lossesBefore);
  if (trial.spec.inSweep !== undefined && exit.exitCode === IMPOSSIBLE_EXIT_CODE)
    return accept(done(trial, impossible(), nowMs), impossible().message, [], end);
  const outcome = failure(exit);
  if (trial.restarts < trial.spec.maxRestarts && outcome.code !== 'command_missing') {
    const restarts = trial.restarts + 1;
    const backoffMs = growingPause(RESTART_PAUSE_MS, restarts);
    return accept(
      { ...requeued(trial), restarts, notBeforeMs: nowMs + backoffMs },
      `${outcome.message} Restart ${restarts} of ${trial.spec.maxRestarts}.`,
      [],
      end,
    );
  }
  return accept(done(trial, outcome, nowMs), outcome.message, [], end);
}

/**
 * What went away underneath counts against no restart. But what goes away again and again, each time soon after its start, is taken away
 * by somebody: pauses grow, and at last the trial stays down.
 */
function lost(trial: TrialRow, exit: ExitInfo, end: AttemptEnd, nowMs: number, lossesBefore: number): Transition {
  const what = exit.message ?? 'the machine or the container engine went away';
  const attempt: AttemptEnd = { ...end, kind: 'lost' };
  const ranMs = trial.startedAtMs === null ? 0 : nowMs - trial.startedAtMs;
  const before = exit.rebooted === true || ranMs >= SHORT_LIFE_MS ? 0 : lossesBefore;
  if (before + 1 >= MOST_LOSSES) {
    const outcome: Outcome = {
      kind: 'failed',
      exitCode: exit.exitCode,
      code: 'lost',
      message: `Lost ${MOST_LOSSES} times in a row, each time soon after its start. ${what}`,
      remedy:
        'Find out who ends it (a clean-up script, a watchdog?), then retry it: it goes on from its last checkpoint.',
    };
    return accept(done(trial, outcome, nowMs), outcome.message, [], attempt);
  }
  const pauseMs = before === 0 ? 0 : growingPause(LOSS_PAUSE_MS, before);
  return accept(
    { ...requeued(trial), notBeforeMs: pauseMs === 0 ? null : nowMs + pauseMs },
    `Lost: ${what}; queued again`,
    [],
    attempt,
  );
}

function launchFailed(
  trial: TrialRow,
  event: Extract<TrialEvent, { type: 'launch_failed' }>,
  nowMs: number,
): Transition {
  const end: AttemptEnd = { kind: 'launch_failed', exitCode: null, message: event.message };
  if (trial.state === 'stopping')
    return afterStop(trial, { ...end, kind: endKindOf(trial.stop?.kind ?? 'preempt') }, nowMs);
  if (trial.state !== 'starting') return refuse(`trial ${trial.id} is ${trial.state}, not starting`);
  if (event.transient) {
    const launchFailures = trial.launchFailures + 1;
    return accept(
      { ...requeued(trial), launchFailures, notBeforeMs: nowMs + growingPause(LAUNCH_PAUSE_MS, launchFailures) },
      `Could not start: ${event.message} Tried again soon.`,
      [],
      end,
    );
  }
  const outcome: Outcome = {
    kind: 'failed',
    exitCode: null,
    code: event.code === 'image_invalid' ? 'image_missing' : event.code,
    message: event.message,
    remedy: event.remedy,
  };
  return accept(done(trial, outcome, nowMs), event.message, [], end);
}

/** Where a stopped trial goes, by the wish that stopped it. */
function afterStop(trial: TrialRow, end: AttemptEnd, nowMs: number): Transition {
  const exitText = end.exitCode === null ? '' : ` (exit code ${end.exitCode})`;
  switch (trial.stop?.kind ?? 'preempt') {
    case 'pause':
      return accept({ ...requeued(trial), state: 'paused' }, `Paused${exitText}`, [], end);
    case 'preempt':
      return accept(requeued(trial), `Preempted${exitText}; queued again`, [], end);
    case 'move':
      return accept(requeued(trial), `Stopped for the move${exitText}; queued in ${trial.poolId}`, [], end);
    case 'cancel':
      return accept(
        done(trial, { ...canceled('canceled', `Canceled${exitText}.`), exitCode: end.exitCode }, nowMs),
        'Canceled',
        [],
        end,
      );
    case 'kill':
      return accept(
        done(trial, { ...canceled('killed', `Killed${exitText}.`), exitCode: end.exitCode }, nowMs),
        'Killed',
        [],
        end,
      );
    case 'search': {
      const note = trial.stop?.note ?? STOP_TEXT.search;
      return accept(done(trial, enough(note, end.exitCode), nowMs), note, [], end);
    }
    case 'time_limit':
      return accept(
        done(
          trial,
          {
            kind: 'failed',
            exitCode: end.exitCode,
            code: 'time_limit',
            message: `Stopped at its time limit of ${trial.spec.timeLimitS ?? 0} s.`,
            remedy: 'Retry it with a longer time limit; it goes on from its last checkpoint.',
          },
          nowMs,
        ),
        'Stopped at its time limit',
        [],
        end,
      );
  }
}

function endKindOf(kind: StopKind): AttemptEnd['kind'] {
  return (
    {
      pause: 'paused',
      preempt: 'preempted',
      move: 'moved',
      cancel: 'canceled',
      kill: 'killed',
      time_limit: 'time_limit',
      search: 'search',
    } as const
  )[kind];
}

function requeued(trial: TrialRow): TrialRow {
  return { ...trial, state: 'queued', stop: null, ...NOT_FROZEN, notBeforeMs: null };
}

function done(trial: TrialRow, outcome: Outcome, nowMs: number): TrialRow {
  return {
    ...trial,
    state: 'done',
    stop: null,
    ...NOT_FROZEN,
    notBeforeMs: null,
    outcome,
    endedAtMs: nowMs,
    progress: outcome.kind === 'completed' && outcome.code !== SEARCH_CODE ? 1 : trial.progress,
  };
}

/** Of what a search ended before its time. */
const SEARCH_CODE = 'search';

const enough = (note: string, exitCode: number | null): Outcome => ({
  kind: 'completed',
  exitCode,
  code: SEARCH_CODE,
  message: `${note}.`,
  remedy: null,
});

const completed = (): Outcome => ({
  kind: 'completed',
  exitCode: 0,
  code: 'exit',
  message: 'Completed.',
  remedy: null,
});

const impossible = (): Outcome => ({
  kind: 'failed',
  exitCode: IMPOSSIBLE_EXIT_CODE,
  code: 'invalid',
  message: `Its program says that these hyperparameters are impossible (exit code ${IMPOSSIBLE_EXIT_CODE}).`,
  remedy: 'The log may say why. A search tries others in their place, which do not count as one more trial.',
});

const canceled = (code: string, message: string): Outcome => ({
  kind: 'canceled',
  exitCode: null,
  code,
  message,
  remedy: null,
});

/** An exit that was not asked for, in words. */
function failure(exit: ExitInfo): Outcome {
  const base = { kind: 'failed' as const, exitCode: exit.exitCode };
  if (exit.oomKilled) {
    return {
      ...base,
      code: 'out_of_memory',
      message: 'Ran out of memory (RAM) and was killed by the system.',
      remedy: 'Give it more with resources.memory, or make the batch or the data loader smaller.',
    };
  }
  if (exit.message !== null && /no space left/i.test(exit.message)) {
    return {
      ...base,
      code: 'disk_full',
      message: `Failed: ${exit.message}`,
      remedy: 'Free some disk space, then retry it.',
    };
  }
  if (exit.exitCode !== null && NOT_FOUND_EXIT_CODES.has(exit.exitCode)) {
    return {
      ...base,
      code: 'command_missing',
      message: `Exit code ${exit.exitCode}: the command was not found or is not executable.`,
      remedy: 'Look at the end of the log for its name, and correct the entrypoint.',
    };
  }
  if (exit.exitCode !== null)
    return {
      ...base,
      code: 'exit',
      message:
        exit.message === null
          ? `Failed with exit code ${exit.exitCode}${sayBySignal(exit)}.`
          : `Exit code ${exit.exitCode}${sayBySignal(exit)}: ${exit.message}`,
      remedy: exit.remedy ?? 'The end of the log usually says more.',
    };
  return {
    ...base,
    code: 'killed',
    message: `Ended without an exit code${exit.signal === null ? '' : ` (${exit.signal})`}.${exit.message === null ? '' : ` ${exit.message}`}`,
    remedy: 'Something outside Switchyard killed it; the system log (out of memory?) may say what.',
  };
}

function sayBySignal({ signal }: ExitInfo): string {
  return signal === null ? '' : ` (${signal})`;
}

/** How long a queued trial is still held back after a failure, ms. A hold longer than any we make comes from a clock that was set back: it counts as over. */
export function holdLeftMs(trial: Pick<TrialRow, 'notBeforeMs'>, nowMs: number): number {
  const leftMs = trial.notBeforeMs === null ? 0 : trial.notBeforeMs - nowMs;
  return leftMs > Math.max(RESTART_PAUSE_MS.most, LAUNCH_PAUSE_MS.most) ? 0 : Math.max(0, leftMs);
}

/** @param count how often it has failed, from 1. @returns twice as long each time, ms */
function growingPause(pause: { readonly first: number; readonly most: number }, count: number): number {
  return Math.min(pause.first * 2 ** (count - 1), pause.most);
}

/**
 * Whether a trial that is held back for a moment keeps the GPUs it needs: it goes on at once, and those behind it would
 * have them for days. One that cannot be launched time and again lets others go ahead meanwhile.
 */
export function keepsClaim(trial: Pick<TrialRow, 'launchFailures'>): boolean {
  return trial.launchFailures <= LAUNCHES_WITH_CLAIM;
}

function clockTime(atMs: number): string {
  const at = new Date(atMs);
  return `${String(at.getHours()).padStart(2, '0')}:${String(at.getMinutes()).padStart(2, '0')}`;
}

const NOT_FROZEN = { frozen: false, frozenSinceMs: null } as const;

function thawed(trial: TrialRow, nowMs: number): Pick<TrialRow, 'frozen' | 'frozenSinceMs' | 'frozenMs'> {
  return { ...NOT_FROZEN, frozenMs: frozenTime(trial, nowMs) };
}

/** The state of a trial in words for a refusal. */
export function describe(trial: TrialRow): string {
  if (trial.state === 'done') return trial.outcome?.kind ?? 'done';
  return trial.frozen ? 'frozen' : trial.state;
}

const notPossible = (trial: TrialRow, verb: string): string => `it is ${describe(trial)} and cannot be ${verb}`;
