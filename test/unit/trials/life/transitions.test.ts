import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { frozenTime } from '../../../../electron/store/frozen-time.ts';
import type { TrialRow } from '../../../../electron/store/trials.ts';
import {
  holdLeftMs,
  keepsClaim,
  next,
  type Transition,
  type TrialEvent,
} from '../../../../electron/trials/life/transitions.ts';
import { makeTrialRow } from '../../../fakes/rows.ts';

const T0 = 1_700_000_000_000;
const exit = (exitCode: number | null, more: object = {}): TrialEvent => ({
  type: 'exited',
  exit: { exitCode, signal: null, oomKilled: false, lost: false, endedAtMs: T0 + 5000, message: null, ...more },
});

function step(trial: TrialRow, event: TrialEvent, nowMs = T0): Extract<Transition, { ok: true }> {
  const result = next(trial, event, nowMs);
  if (!result.ok) throw new Error(result.reason);
  return result;
}

const running = (spec: object = {}): TrialRow => {
  const queued = makeTrialRow({ spec: { ...makeTrialRow().spec, ...spec } });
  return step(step(queued, { type: 'start' }).trial, { type: 'launched' }).trial;
};

describe('a trial that its search stops', () => {
  const stop = (gently: boolean): TrialEvent => ({
    type: 'search_stop',
    note: 'Stopped at rung 2: 14th of 16',
    gently,
  });

  test('completes with what its search said, whatever its program made of the signal', () => {
    const stopping = step(running(), stop(false));
    expect(stopping).toMatchObject({ effects: ['terminate'], trial: { state: 'stopping', stop: { kind: 'search' } } });
    const ended = step({ ...stopping.trial, progress: 0.4 }, exit(143));
    expect(ended.trial).toMatchObject({
      state: 'done',
      progress: 0.4,
      outcome: { kind: 'completed', code: 'search', exitCode: 143, message: 'Stopped at rung 2: 14th of 16.' },
    });
    expect(ended.endAttempt?.kind).toBe('search');
  });

  test('with impossible hyperparameters is not started again; elsewhere the exit code means nothing special', () => {
    const inSweep = step(running({ inSweep: 't1', maxRestarts: 3 }), exit(78));
    expect(inSweep.trial).toMatchObject({ state: 'done', outcome: { kind: 'failed', code: 'invalid' } });
    expect(step(running({ maxRestarts: 3 }), exit(78)).trial.state).toBe('queued');
  });

  test('may end by itself first where it ran as long as it was to', () => {
    expect(step(running(), stop(true)).effects).toEqual(['terminate_later']);
  });

  test('completes at once where it only waits, and a cancel is stronger', () => {
    expect(step(makeTrialRow({ state: 'paused' }), stop(false)).trial.outcome?.code).toBe('search');
    const canceled = step(step(running(), stop(false)).trial, { type: 'cancel' }).trial;
    expect(step(canceled, exit(143)).trial.outcome?.kind).toBe('canceled');
    expect(next(step(running(), stop(false)).trial, { type: 'pause' }, T0).ok).toBe(false);
    expect(next(step(running(), exit(0)).trial, stop(false), T0).ok).toBe(false);
  });
});

describe('the trial state machine', () => {
  test('a start that may outlast the hours of its pool says so', () => {
    const beyondMs = new Date(2024, 4, 2, 8, 5).getTime();
    expect(step(makeTrialRow(), { type: 'start', beyondMs }).text).toBe(
      'Attempt 1 starts; it may run on after 08:05, when its pool closes',
    );
    expect(step(makeTrialRow(), { type: 'start' }).text).toBe('Attempt 1 starts');
  });

  test('an attempt found later began when it was launched, never in the future', () => {
    const starting = step(makeTrialRow(), { type: 'start' }).trial;
    const startedAt = (atMs?: number): number | null =>
      step(starting, { type: 'launched', ...(atMs === undefined ? {} : { atMs }) }).trial.startedAtMs;
    expect([startedAt(), startedAt(T0 - 60_000), startedAt(T0 + 60_000)]).toEqual([T0, T0 - 60_000, T0]);
  });

  test('what somebody else froze is frozen, and nothing is done about it', () => {
    const frozen = step(running(), { type: 'freeze', outside: true }, T0 + 1000);
    expect(frozen).toMatchObject({ effects: [], trial: { frozen: true, frozenSinceMs: T0 + 1000 } });
    const goesOn = step(frozen.trial, { type: 'unfreeze', outside: true }, T0 + 4000);
    expect(goesOn).toMatchObject({ effects: [], trial: { frozen: false, frozenSinceMs: null, frozenMs: 3000 } });
    expect(step(frozen.trial, { type: 'unfreeze' }).effects).toEqual(['unfreeze']);
  });

  test('the signal of a kill is named', () => {
    const killed = { signal: 'SIGKILL' };
    expect(step(running(), exit(137, killed)).trial.outcome?.message).toBe('Failed with exit code 137 (SIGKILL).');
    expect(step(running(), exit(137, { ...killed, message: 'step 7' })).trial.outcome?.message).toBe(
      'Exit code 137 (SIGKILL): step 7',
    );
  });

  test('an image that cannot be had fails a queued trial without an attempt, and no other', () => {
    const refused = { type: 'image_refused', message: 'No such image.', remedy: 'Check the name.' } as const;
    const done = step(makeTrialRow({ attempt: 0 }), refused);
    expect(done).toMatchObject({ effects: [], endAttempt: null, text: 'No such image.' });
    expect(done.trial).toMatchObject({
      state: 'done',
      attempt: 0,
      endedAtMs: T0,
      outcome: { kind: 'failed', code: 'image_missing', message: 'No such image.', remedy: 'Check the name.' },
    });
    for (const state of ['starting', 'running', 'stopping', 'paused', 'done'] as const)
      expect(next(makeTrialRow({ state }), refused, T0).ok).toBe(false);
  });

  test('a program that ends well completes its trial', () => {
    const done = step(running(), exit(0), T0 + 5000);
    expect(done.trial).toMatchObject({
      state: 'done',
      outcome: { kind: 'completed', exitCode: 0 },
      progress: 1,
      stop: null,
    });
    expect(done.endAttempt).toMatchObject({ kind: 'exit', exitCode: 0 });
  });

  test('a failure is repeated max_restarts times, with a growing pause, and then fails', () => {
    let trial = running({ maxRestarts: 2 });
    const pauses: number[] = [];
    for (let i = 0; i < 2; i++) {
      trial = step(trial, exit(1), T0 + 5000).trial;
      expect(trial.state).toBe('queued');
      pauses.push((trial.notBeforeMs ?? 0) - (T0 + 5000));
      trial = step(step(trial, { type: 'start' }).trial, { type: 'launched' }).trial;
    }
    expect(pauses).toEqual([1000, 2000]);
    expect(step(trial, exit(1), T0 + 5000).trial).toMatchObject({
      state: 'done',
      restarts: 2,
      attempt: 3,
      outcome: { kind: 'failed', exitCode: 1 },
    });
  });

  test('a launch that fails for a reason that may pass is tried again after growing pauses, five minutes at most', () => {
    const failed = { type: 'launch_failed', code: 'runtime_down', message: 'no daemon', remedy: null } as const;
    let trial = makeTrialRow();
    const pausesS: number[] = [];
    for (let i = 0; i < 8; i++) {
      trial = step(step(trial, { type: 'start' }).trial, { ...failed, transient: true }).trial;
      pausesS.push(((trial.notBeforeMs ?? 0) - T0) / 1000);
      expect(holdLeftMs(trial, T0)).toBe((trial.notBeforeMs ?? 0) - T0);
    }
    expect(pausesS).toEqual([5, 10, 20, 40, 80, 160, 300, 300]);
    // Others may go ahead of one that fails again and again; what launched at last begins anew.
    expect(keepsClaim(trial)).toBe(false);
    const launched = step(step(trial, { type: 'start' }).trial, { type: 'launched' }).trial;
    expect(launched.launchFailures).toBe(0);
    expect(keepsClaim(launched)).toBe(true);
  });

  test('time in which it is frozen is kept apart', () => {
    const at = (seconds: number): number => T0 + seconds * 1000;
    let trial = step(running(), { type: 'freeze' }, at(10)).trial;
    expect(frozenTime(trial, at(15))).toBe(5000);
    trial = step(trial, { type: 'unfreeze' }, at(40)).trial;
    expect(frozenTime(trial, at(99))).toBe(30_000);
    trial = step(trial, { type: 'freeze' }, at(100)).trial;
    trial = step(trial, { type: 'pause' }, at(110)).trial;
    expect(trial).toMatchObject({ frozen: false, frozenSinceMs: null, frozenMs: 40_000 });
    trial = step(trial, exit(143), at(111)).trial;
    expect(step(step(trial, { type: 'resume' }).trial, { type: 'start' }).trial.frozenMs).toBe(0);
  });

  test('what is lost again and again soon after its start waits longer each time, and at last stays down', () => {
    const trial = running({ maxRestarts: 0 });
    const lost = exit(0, { lost: true, message: 'Gone.' });
    const pauseAfter = (before: number, event = lost, nowMs = T0 + 5000): number | null => {
      const result = next(trial, event, nowMs, before);
      if (!result.ok) throw new Error(result.reason);
      if (result.trial.state === 'done') expect(result.trial.outcome).toMatchObject({ kind: 'failed', code: 'lost' });
      return result.trial.state === 'done' ? null : (result.trial.notBeforeMs ?? nowMs) - nowMs;
    };
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((before) => pauseAfter(before))).toEqual([
      0,
      5000,
      10_000,
      20_000,
      40_000,
      60_000,
      60_000,
      null,
    ]);
    const late = exit(0, { lost: true, endedAtMs: T0 + 700_000 });
    expect(pauseAfter(7, late, T0 + 700_000)).toBe(0);
    expect(pauseAfter(7, exit(143, { lost: true, rebooted: true }))).toBe(0);
  });

  test('lost when we had asked it to stop is what was asked for, not completed', () => {
    const asked = step(running(), { type: 'pause' }, T0 + 9000).trial;
    expect(step(asked, exit(0, { lost: true }), T0 + 9500).trial.state).toBe('paused');
  });

  test('a lost machine, a pause, a preemption and a move do not count as restarts', () => {
    const trial = running({ maxRestarts: 1 });
    expect(step(trial, exit(null, { lost: true })).trial).toMatchObject({ state: 'queued', restarts: 0 });
    expect(step(step(trial, { type: 'pause' }).trial, exit(143)).trial).toMatchObject({ state: 'paused', restarts: 0 });
    expect(step(step(trial, { type: 'preempt', forTrial: 9 }).trial, exit(143)).trial).toMatchObject({
      state: 'queued',
      restarts: 0,
    });
    expect(step(step(trial, { type: 'move_pool', poolId: 'b', rank: 'a5' }).trial, exit(143)).trial).toMatchObject({
      state: 'queued',
      poolId: 'b',
      restarts: 0,
    });
  });

  test('an unfinished trial that left in order when the machine went down is not completed', () => {
    const half = { ...running(), progress: 0.5 };
    expect(step(half, exit(0, { rebooted: true })).trial).toMatchObject({ state: 'queued', restarts: 0 });
    expect(step({ ...half, progress: 1 }, exit(0, { rebooted: true })).trial).toMatchObject({
      state: 'done',
      outcome: { kind: 'completed' },
    });
    expect(step(half, exit(0)).trial).toMatchObject({ state: 'done', outcome: { kind: 'completed' } });
  });

  test('a command that does not exist is not tried again', () => {
    expect(step(running({ maxRestarts: 5 }), exit(127)).trial).toMatchObject({
      state: 'done',
      outcome: { code: 'command_missing' },
    });
  });

  test('pausing sends SIGTERM, and SIGKILL only when the grace period is over', () => {
    const asked = step(running({ graceS: 30 }), { type: 'pause' });
    expect(asked.effects).toEqual(['terminate']);
    expect(asked.trial.stop).toEqual({ kind: 'pause', askedAtMs: T0, killAtMs: T0 + 30_000 });
    const killed = step(asked.trial, { type: 'grace_over' });
    expect(killed.effects).toEqual(['kill']);
    expect(step(killed.trial, exit(137)).trial.state).toBe('paused');
  });

  test('a program that finished by itself before the wish reached it is completed, not paused', () => {
    const asked = step(running(), { type: 'pause' }, T0 + 9000).trial;
    expect(step(asked, exit(0)).trial).toMatchObject({ state: 'done', outcome: { kind: 'completed' } });
    // The stamp of a file may lie a timer tick before the wish that ended the program.
    expect(step(asked, exit(0, { endedAtMs: T0 + 8996 })).trial.state).toBe('paused');
    // It answered the signal with exit code 0: that is a pause.
    expect(step(asked, exit(0, { endedAtMs: T0 + 9500 })).trial.state).toBe('paused');
  });

  test('one that had reported its end is completed, however late it is seen to end', () => {
    const asked = step({ ...running(), progress: 1 }, { type: 'pause' }, T0 + 9000).trial;
    expect(step(asked, exit(0, { endedAtMs: T0 + 9500 })).trial.outcome?.kind).toBe('completed');
    expect(step(asked, exit(1, { endedAtMs: T0 + 9500 })).trial.state).toBe('paused');
  });

  test('a kill during the launch is a kill once it is launched', () => {
    const killed = step(step(makeTrialRow(), { type: 'start' }).trial, { type: 'kill' }).trial;
    expect(step(killed, { type: 'launched' }).effects).toEqual(['kill']);
  });

  test('a retry has all its restarts and tries again', () => {
    const failed = step({ ...running({ maxRestarts: 2 }), restarts: 2, launchFailures: 3 }, exit(1)).trial;
    expect(step(failed, { type: 'retry', rank: 'b' }).trial).toMatchObject({
      state: 'queued',
      restarts: 0,
      launchFailures: 0,
      outcome: null,
      endedAtMs: null,
      rank: 'b',
    });
  });

  test('a stronger wish replaces a weaker one, never the other way', () => {
    const pausing = step(running(), { type: 'pause' }).trial;
    const canceling = step(pausing, { type: 'cancel' });
    expect(canceling.trial.stop?.kind).toBe('cancel');
    expect(canceling.trial.stop?.killAtMs).toBe(pausing.stop?.killAtMs);
    expect(next(canceling.trial, { type: 'pause' }, T0).ok).toBe(false);
    const killing = step(canceling.trial, { type: 'kill' });
    expect(killing.effects).toContain('kill');
    expect(step(killing.trial, exit(null)).trial).toMatchObject({
      state: 'done',
      outcome: { kind: 'canceled', code: 'killed' },
    });
  });

  test('a stop during the launch is carried out as soon as it is launched', () => {
    const starting = step(makeTrialRow(), { type: 'start' }).trial;
    const stopping = step(starting, { type: 'cancel' });
    expect(stopping.effects).toEqual(['abort_launch', 'terminate']);
    expect(step(stopping.trial, { type: 'launched' }).effects).toEqual(['terminate']);
    expect(
      step(stopping.trial, {
        type: 'launch_failed',
        code: 'launch_failed',
        message: 'aborted',
        remedy: null,
        transient: false,
      }).trial,
    ).toMatchObject({ outcome: { kind: 'canceled' } });
  });

  test('resuming while it still stops for a pause puts it back into the queue afterwards', () => {
    const resumed = step(step(running(), { type: 'pause' }).trial, { type: 'resume' }).trial;
    expect(step(resumed, exit(143)).trial.state).toBe('queued');
  });

  test('a frozen trial is woken before it is asked to stop', () => {
    const frozen = step(running(), { type: 'freeze' }).trial;
    expect(step(frozen, { type: 'pause' }).effects).toEqual(['unfreeze', 'terminate']);
  });

  test('a launch that may work later goes back to the queue without a restart; one that cannot fails', () => {
    const starting = step(makeTrialRow(), { type: 'start' }).trial;
    const event = { type: 'launch_failed', code: 'runtime_down', message: 'no daemon', remedy: null } as const;
    expect(step(starting, { ...event, transient: true }).trial).toMatchObject({
      state: 'queued',
      restarts: 0,
      notBeforeMs: T0 + 5000,
    });
    expect(step(starting, { ...event, code: 'image_missing', transient: false }).trial).toMatchObject({
      state: 'done',
      outcome: { code: 'image_missing' },
    });
  });
});

test('any sequence of events keeps the invariants', () => {
  const event: fc.Arbitrary<TrialEvent> = fc.oneof(
    fc.constantFrom<TrialEvent>(
      { type: 'start' },
      { type: 'launched' },
      { type: 'pause' },
      { type: 'resume' },
      { type: 'freeze' },
      { type: 'unfreeze' },
      { type: 'cancel' },
      { type: 'kill' },
      { type: 'preempt', forTrial: 7 },
      { type: 'move_pool', poolId: 'other', rank: 'a9' },
      { type: 'time_limit' },
      { type: 'grace_over' },
      { type: 'retry', rank: 'a8' },
      { type: 'vanished', message: 'gone' },
      { type: 'launch_failed', code: 'runtime_down', message: 'x', remedy: null, transient: true },
      { type: 'launch_failed', code: 'launch_failed', message: 'x', remedy: null, transient: false },
    ),
    fc
      .record({
        code: fc.constantFrom(0, 1, 127, 137, null),
        lost: fc.boolean(),
        at: fc.integer({ min: -5000, max: 20_000 }),
      })
      .map(({ code, lost, at }) => exit(code, { lost, endedAtMs: T0 + at })),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), fc.integer({ min: 0, max: 3 }), (events, maxRestarts) => {
      let trial = makeTrialRow({ spec: { ...makeTrialRow().spec, maxRestarts } });
      let nowMs = T0;
      for (const one of events) {
        nowMs += 1000;
        const wasActive = ['starting', 'running', 'stopping'].includes(trial.state);
        const result = next(trial, one, nowMs);
        if (!result.ok) continue;
        const isActive = ['starting', 'running', 'stopping'].includes(result.trial.state);
        // A lease ends exactly when an active state is left.
        expect(result.endAttempt !== null).toBe(wasActive && !isActive);
        expect(result.trial.outcome !== null).toBe(result.trial.state === 'done');
        expect(result.trial.stop !== null).toBe(result.trial.state === 'stopping');
        expect(result.trial.attempt - trial.attempt).toBe(one.type === 'start' ? 1 : 0);
        expect(result.trial.restarts).toBeLessThanOrEqual(maxRestarts);
        if (result.trial.frozen) expect(result.trial.state).toBe('running');
        trial = result.trial;
      }
    }),
  );
});
