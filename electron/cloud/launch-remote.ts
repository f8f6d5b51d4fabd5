/**
 * Starts an attempt elsewhere: sends what it needs, notes what is asked for, asks for it, and waits until its program runs or cannot.
 * A crash anywhere in between leaves an intent with which the next engine asks for the same again, or nothing at all.
 */
import type { Archives } from '../ports/archives.ts';
import type { Clock } from '../ports/clock.ts';
import { ProviderError, type MachineChoice } from '../ports/provider.ts';
import { LaunchError, type AttemptHandle, type LaunchSpec } from '../ports/trial-runtime.ts';
import { prefixOf, type Beat } from './agent-protocol.ts';
import type { Destination } from './destination.ts';
import { asLaunchError, launchErrorOf } from './explain-result.ts';
import { readResult, type Pace } from './follow-remote.ts';
import { openJournal, type Intent, type Journal } from './remote-journal.ts';
import { ownDirs, sendAttempt } from './send-attempt.ts';
import { endMachine, isPassing, putWish, readBeats, wait, withMailbox, type OpenProvider } from './talk-to-machine.ts';

/** A cloud does not see at once what it has just made. */
const UNSEEN_MS = 120_000;

export interface LaunchDeps {
  readonly clock: Clock;
  readonly archives: Archives;
  readonly destinationOf: (trialId: number) => Promise<Destination>;
  readonly openProvider: OpenProvider;
  readonly entryDir: string;
  /** What its agent does now. */
  readonly onPhase?: (attemptId: string, phase: Beat['phase']) => void;
  readonly pace: Pace;
  /** Takes home what an attempt left that ended before its program had begun. */
  readonly bringHome: (handle: AttemptHandle) => Promise<unknown>;
  readonly report: (text: string, error: unknown) => void;
}

export type LaunchOnce = (
  spec: LaunchSpec,
  onActivity: (text: string) => void,
  signal: AbortSignal,
) => Promise<{ readonly ref: string }>;

/** @returns a launch as TrialRuntime.launch, for one at a time of each attempt */
export function createRemoteLaunch(deps: LaunchDeps): LaunchOnce {
  const { clock, pace } = deps;

  async function launchOnce(
    spec: LaunchSpec,
    onActivity: (text: string) => void,
    signal: AbortSignal,
  ): Promise<{ readonly ref: string }> {
    const journal = openJournal(spec.stateDir);
    if (await journal.isAbsent())
      throw new LaunchError(
        'launch_failed',
        'This attempt was given up in recovery and cannot be started any more.',
        null,
        true,
      );
    const known = await journal.intent();
    if (known?.ref != null) return { ref: known.ref };
    if (signal.aborted) throw cancelled();
    try {
      const provisioned = await provisionSomewhere(spec, journal, known, onActivity, signal);
      const { logPath, stateDir, attemptId } = spec;
      await awaitStart(provisioned, { attemptId, ref: provisioned.ref, logPath, stateDir }, onActivity, signal);
      return { ref: provisioned.ref ?? '' };
    } catch (error) {
      if (signal.aborted) {
        await giveUp(spec, journal);
        throw cancelled();
      }
      throw asLaunchError(error);
    }
  }

  /** Where one place of the pool surely has nothing to give, the next one is asked. */
  async function provisionSomewhere(
    spec: LaunchSpec,
    journal: Journal,
    known: Intent | null,
    onActivity: (text: string) => void,
    signal: AbortSignal,
  ): Promise<Intent> {
    const destination = await deps.destinationOf(spec.trialId);
    const [first] = destination.choices;
    if (first === undefined) throw new LaunchError('launch_failed', 'Its pool names no machine.', 'Edit the pool.');
    let intent = known ?? (await intend(spec, journal, destination, first, onActivity, signal));
    for (;;) {
      try {
        return await provision(intent, journal, onActivity, signal);
      } catch (error) {
        const next = choiceAfter(destination.choices, intent.request.choice);
        if (next === null || !isExhausted(error)) throw error;
        onActivity(`nothing to be had in ${intent.request.choice.region}: trying ${next.region}`);
        const { prefix } = intent.request;
        await withMailbox(deps.openProvider, intent, (mailbox) => mailbox.remove(prefix)).catch((left: unknown) => {
          deps.report(`what was sent for ${spec.attemptId} is left over there`, left);
        });
        intent = await intend(spec, journal, destination, next, onActivity, signal);
      }
    }
  }

  /** Sends everything and notes what is going to be asked for. */
  async function intend(
    spec: LaunchSpec,
    journal: Journal,
    destination: Destination,
    choice: MachineChoice,
    onActivity: (text: string) => void,
    signal: AbortSignal,
  ): Promise<Intent> {
    const nowMs = clock.nowMs();
    const intent: Intent = {
      poolId: destination.poolId,
      target: destination.target,
      request: {
        attemptId: spec.attemptId,
        engineId: spec.engineId,
        choice,
        machine: destination.machine,
        requestedAtMs: nowMs,
        deadlineMs: destination.lifeMs === null ? null : nowMs + destination.lifeMs,
        prefix: prefixOf(spec.attemptId),
        specSha256: '',
        reads: [],
      },
      dirs: ownDirs(spec.mounts),
      ref: null,
    };
    const sent = await withMailbox(deps.openProvider, intent, (mailbox) =>
      sendAttempt(deps.archives, mailbox, {
        spec,
        dirs: intent.dirs,
        prefix: intent.request.prefix,
        graceMs: destination.graceMs,
        timeLimitMs: destination.timeLimitMs,
        setup: destination.setup,
        entryDir: deps.entryDir,
        onActivity,
        signal,
      }),
    );
    const kept: Intent = { ...intent, request: { ...intent.request, ...sent } };
    await journal.keepIntent(kept);
    return kept;
  }

  async function provision(
    intent: Intent,
    journal: Journal,
    onActivity: (text: string) => void,
    signal: AbortSignal,
  ): Promise<Intent> {
    signal.throwIfAborted();
    onActivity('starting it there');
    for (;;) {
      const provider = await deps.openProvider(intent.target);
      try {
        const { ref } = await provider.provision(intent.request);
        const provisioned: Intent = { ...intent, ref };
        await journal.keepIntent(provisioned);
        return provisioned;
      } catch (error) {
        // It may have begun there: the same is asked for again until the answer comes, and nothing else.
        if (!(error instanceof ProviderError) || !error.outcomeUnknown) throw error;
        onActivity(`no answer yet: ${error.message}`);
      } finally {
        await provider.close();
      }
      await wait(pace.againMs, signal);
      signal.throwIfAborted();
    }
  }

  /** Until the program runs or cannot: what keeps it from starting is the launch's failure, not the program's. */
  async function awaitStart(
    intent: Intent,
    handle: AttemptHandle,
    onActivity: (text: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { request } = intent;
    let seq = 0;
    let said: string | null = null;
    let goneSinceMs: number | null = null;
    for (;;) {
      if (signal.aborted) throw cancelled();
      const state = await withMailbox(deps.openProvider, intent, async (mailbox, provider) => {
        const latest = await readBeats(mailbox, request.prefix, seq);
        ({ seq } = latest);
        const result = latest.hasEnded ? await readResult(mailbox, request.prefix, clock.nowMs()) : null;
        const machine = latest.beat === null && result === null ? await provider.observe(request) : null;
        return { ...latest, result, machine };
      }).catch((error: unknown) => {
        // It was asked for: it may well be starting there now.
        if (isPassing(error)) return null;
        throw error;
      });
      if (state === null) onActivity('not reachable at the moment; it starts there');
      else {
        if (state.result !== null && !state.result.started) {
          // What was printed on the way says more than the failure.
          await deps.bringHome(handle);
          throw launchErrorOf(state.result);
        }
        if (state.result !== null || state.beat?.begun === true) return;
        goneSinceMs = state.machine?.state === 'gone' ? (goneSinceMs ?? clock.monotonicMs()) : null;
        const patienceMs = request.deadlineMs === null || state.machine?.startedAtMs != null ? 0 : UNSEEN_MS;
        if (goneSinceMs !== null && clock.monotonicMs() - goneSinceMs >= patienceMs) {
          const result = await withMailbox(deps.openProvider, intent, (mailbox) =>
            readResult(mailbox, request.prefix, clock.nowMs()),
          );
          if (result === null)
            throw new LaunchError(
              'launch_failed',
              'The machine went away before the trial had begun there.',
              null,
              true,
            );
        }
        if (state.beat !== null) deps.onPhase?.(request.attemptId, state.beat.phase);
        const doing = state.beat?.doing ?? null;
        if (doing !== null && doing !== said) onActivity(doing);
        said = doing ?? said;
      }
      await wait(Math.min(pace.lookMs, 500), signal);
    }
  }

  /** A launch that is not wanted any more: whatever was made there ends, and it can never start. */
  async function giveUp(spec: LaunchSpec, journal: Journal): Promise<void> {
    const intent = await journal.intent();
    if (intent !== null) {
      await putWish(deps.openProvider, intent, 'kill').catch(() => undefined);
      await endMachine(deps.openProvider, intent).catch((error: unknown) => {
        deps.report(`${spec.attemptId} could not be ended there`, error);
      });
    }
    await journal.markAbsent();
  }

  return launchOnce;
}

/** Nothing was made there, and nothing will be for a while. */
function isExhausted(error: unknown): boolean {
  return (
    error instanceof ProviderError && !error.outcomeUnknown && (error.code === 'capacity' || error.code === 'quota')
  );
}

function choiceAfter(choices: readonly MachineChoice[], last: MachineChoice): MachineChoice | null {
  const at = choices.findIndex(
    ({ region, machineType, spot }) => region === last.region && machineType === last.machineType && spot === last.spot,
  );
  return at < 0 ? null : (choices[at + 1] ?? null);
}

const cancelled = (): LaunchError => new LaunchError('launch_failed', 'The start was cancelled.', null, true);
