/**
 * Runs attempts on machines elsewhere: one more runtime to the engine, made of a provider (who has machines) and a mailbox (through which
 * the agent there is talked to). It writes the same local files as the others do, so nobody else knows.
 *
 * An attempt is: nothing yet -> intended (remote.json: where it goes and what was sent) -> provisioned (the machine was asked for; the
 * agent starts the program at most once) -> ended (exit.json: everything of it is at home); or nothing yet -> absent. All of it is on
 * the disk (remote-journal.ts). Invariants: the intent is kept before anything is made there; the same request is made again after a crash,
 * never another one; an attempt that cannot be looked at is never called absent or ended.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { PoolTarget } from '../contract/targets.ts';
import type { Archives } from '../ports/archives.ts';
import type { Clock } from '../ports/clock.ts';
import { MailboxError, type Mailbox } from '../ports/mailbox.ts';
import { ProviderError, type MachineChoice, type MachineWish, type Provider } from '../ports/provider.ts';
import {
  LaunchError,
  type Attachment,
  type AttemptHandle,
  type ExitInfo,
  type HostPlaces,
  type LaunchSpec,
  type Recovered,
  type TrialLayout,
  type TrialPlaces,
  type TrialRuntime,
} from '../ports/trial-runtime.ts';
import {
  Beat,
  ctlKey,
  ctlPrefix,
  PLACE,
  PLACE_NAMES,
  prefixOf,
  readUpKey,
  upKeyAfter,
  upPrefix,
  type AgentSpec,
  type Verb,
} from './agent-protocol.ts';
import { asLaunchError, exitOf, exitWithoutStart, launchErrorOf, lostExit } from './explain-result.ts';
import { followRemote, readResult, type Pace } from './follow-remote.ts';
import { openJournal, type Intent, type Journal } from './remote-journal.ts';
import { ownDirs, sendAttempt } from './send-attempt.ts';

/** Where a trial goes now, by its pool. */
export interface Destination {
  readonly poolId: string;
  readonly target: PoolTarget;
  /** In order of preference; the next one is tried where one has no capacity. */
  readonly choices: readonly MachineChoice[];
  readonly machine: MachineWish | null;
  /** How long the machine may live; null = it is not rented. */
  readonly lifeMs: number | null;
  /** What prepares the environment of a process there. */
  readonly setup: AgentSpec['setup'];
  readonly graceMs: number;
  /** How long the program may run; null = no limit. */
  readonly timeLimitMs: number | null;
}

export interface RemoteDeps {
  readonly clock: Clock;
  readonly archives: Archives;
  /** @throws LaunchError where it goes nowhere */
  readonly destinationOf: (trialId: number) => Promise<Destination>;
  /** Made per use. @throws ProviderError */
  readonly openProvider: (target: PoolTarget) => Promise<Provider>;
  /** Every place where machines of this engine may be. */
  readonly everyPlace: () => readonly { readonly target: PoolTarget; readonly region: string }[];
  readonly entryDir: string;
  /** What its agent does now. */
  readonly onPhase?: (attemptId: string, phase: Beat['phase']) => void;
  readonly report: (text: string, error: unknown) => void;
  /** For tests. */
  readonly pace?: Pace;
}

const PACE: Pace = { lookMs: 1_000, againMs: 15_000, quietMs: 45_000 };
/** A cloud does not see at once what it has just made. */
const UNSEEN_MS = 120_000;
/** How long a freeze may take to be confirmed from there. */
const CONFIRM_MS = 60_000;
const IN_THERE = Object.fromEntries(PLACE_NAMES.map((name) => [name, `${PLACE}${name}`])) as unknown as TrialPlaces;

export function createRemoteRuntime(deps: RemoteDeps): TrialRuntime {
  const { clock } = deps;
  const pace = deps.pace ?? PACE;
  const listeners = new Set<(attemptId: string, text: string | null) => void>();
  const followed = new Map<string, Following>();
  const launching = new Map<string, Promise<{ readonly ref: string }>>();
  /** Wishes that could not be told: who follows the attempt tells them when it is reachable again. The last one counts. */
  const owed = new Map<string, Verb>();
  const closed = new AbortController();

  async function withMailbox<T>(intent: Intent, use: (mailbox: Mailbox, provider: Provider) => Promise<T>): Promise<T> {
    const provider = await deps.openProvider(intent.target);
    try {
      const mailbox = await provider.mailbox(intent.request.choice.region);
      try {
        return await use(mailbox, provider);
      } finally {
        await mailbox.close();
      }
    } finally {
      await provider.close();
    }
  }

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
      const provisioned = await provisionSomewhere(spec, known, journal, onActivity, signal);
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

  /** At the first choice of its pool that has a machine: the next one is asked only when one was refused for sure. */
  async function provisionSomewhere(
    spec: LaunchSpec,
    known: Intent | null,
    journal: Journal,
    onActivity: (text: string) => void,
    signal: AbortSignal,
  ): Promise<Intent> {
    let intent = known ?? (await intend(spec, 0, journal, onActivity, signal));
    for (;;)
      try {
        return await provision(intent, journal, onActivity, signal);
      } catch (error) {
        if (!(error instanceof ProviderError) || error.code !== 'capacity') throw error;
        const { choices } = await deps.destinationOf(spec.trialId);
        const { region } = intent.request.choice;
        const next = choices.findIndex((choice) => choice.region === region) + 1;
        if (next === 0 || next === choices.length) throw error;
        onActivity(`nothing to be had in ${region} now, trying ${choices[next]?.region ?? ''}`);
        const { prefix } = intent.request;
        await withMailbox(intent, (mailbox) => mailbox.remove(prefix));
        intent = await intend(spec, next, journal, onActivity, signal);
      }
  }

  /** Sends everything and notes what is going to be asked for. @param index of the pool's choices */
  async function intend(
    spec: LaunchSpec,
    index: number,
    journal: Journal,
    onActivity: (text: string) => void,
    signal: AbortSignal,
  ): Promise<Intent> {
    const destination = await deps.destinationOf(spec.trialId);
    const choice = destination.choices[index];
    if (choice === undefined) throw new LaunchError('launch_failed', 'Its pool names no machine.', 'Edit the pool.');
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
    const sent = await withMailbox(intent, (mailbox) =>
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
      const state = await withMailbox(intent, async (mailbox, provider) => {
        const latest = await readBeats(mailbox, request.prefix, seq);
        ({ seq } = latest);
        const result = latest.hasEnded ? await readResult(mailbox, request.prefix) : null;
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
          await (followed.get(handle.attemptId) ?? startFollowing(handle)).ended;
          throw launchErrorOf(state.result);
        }
        if (state.result !== null || state.beat?.begun === true) return;
        goneSinceMs = state.machine?.state === 'gone' ? (goneSinceMs ?? clock.monotonicMs()) : null;
        const patienceMs = request.deadlineMs === null || state.machine?.startedAtMs != null ? 0 : UNSEEN_MS;
        if (goneSinceMs !== null && clock.monotonicMs() - goneSinceMs >= patienceMs) {
          const result = await withMailbox(intent, (mailbox) => readResult(mailbox, request.prefix));
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
      await putWish(intent, 'kill').catch(() => undefined);
      await endMachine(intent).catch((error: unknown) => {
        deps.report(`${spec.attemptId} could not be ended there`, error);
      });
    }
    await journal.markAbsent();
  }

  async function endMachine(intent: Intent): Promise<void> {
    await withMailbox(intent, async (mailbox, provider) => {
      await provider.terminate(intent.request);
      const { state } = await provider.observe(intent.request);
      if (state === 'pending' || state === 'running')
        throw new ProviderError('unknown', `The machine of ${intent.request.attemptId} did not end.`);
      await mailbox.remove(intent.request.prefix);
    });
  }

  async function putWish(intent: Intent, verb: Verb): Promise<number> {
    return withMailbox(intent, async (mailbox) => {
      const { prefix } = intent.request;
      for (;;) {
        const { objects } = await mailbox.list(ctlPrefix(prefix));
        const last = objects.at(-1)?.key.slice(ctlPrefix(prefix).length) ?? '00000000-';
        const seq = Number(last.slice(0, 8));
        // Said already and nothing since: repeating it says nothing new.
        if (last.slice(9) === verb) return seq;
        if ((await mailbox.put(ctlKey(prefix, seq + 1, verb), new Uint8Array())) === 'stored') return seq + 1;
      }
    });
  }

  /** @returns null where it never began, has ended, or cannot be told now */
  async function wish(handle: AttemptHandle, verb: Verb): Promise<number | null> {
    const journal = openJournal(handle.stateDir);
    const intent = await journal.intent();
    if (intent === null || (await journal.exit()) !== null) return null;
    try {
      const seq = await putWish(intent, verb);
      owed.delete(handle.attemptId);
      return seq;
    } catch (error) {
      if (!isPassing(error)) throw error;
      owed.set(handle.attemptId, verb);
      return null;
    }
  }

  /** Until the agent says that it acted on the wish, or it has ended. */
  async function confirmed(handle: AttemptHandle, verb: Verb): Promise<void> {
    const seq = await wish(handle, verb);
    const journal = openJournal(handle.stateDir);
    const intent = await journal.intent();
    if (seq === null || intent === null) return;
    const deadline = clock.monotonicMs() + CONFIRM_MS;
    let { seq: from } = await journal.cursor();
    while (clock.monotonicMs() < deadline) {
      const latest = await withMailbox(intent, (mailbox) => readBeats(mailbox, intent.request.prefix, from));
      if (latest.hasEnded || (latest.beat !== null && latest.beat.ctl >= seq) || (await journal.exit()) !== null)
        return;
      from = latest.beat === null ? latest.seq : from;
      await wait(Math.min(pace.lookMs, 500), closed.signal);
    }
    throw new ProviderError('network', `The machine did not confirm to ${verb} within ${CONFIRM_MS / 1000} s.`);
  }

  async function recover(handle: AttemptHandle): Promise<Recovered> {
    const journal = openJournal(handle.stateDir);
    const exit = await journal.exit();
    if (exit !== null) return { kind: 'exited', exit };
    const intent = await journal.intent();
    if (intent === null || (await journal.isAbsent())) {
      // Nothing was asked for, and nothing will be.
      await journal.markAbsent();
      return { kind: 'absent' };
    }
    return withMailbox(intent, async (mailbox, provider): Promise<Recovered> => {
      const { request } = intent;
      const result = await readResult(mailbox, request.prefix);
      // What it left is brought home by who attaches.
      if (result !== null) return { kind: 'exited', exit: result.started ? exitOf(result) : exitWithoutStart(result) };
      const cursor = await journal.cursor();
      const latest = await readBeats(mailbox, request.prefix, cursor.seq);
      const beat = latest.beat ?? cursor.beat;
      const running = async (ref: string): Promise<Recovered> => {
        if (intent.ref === null) await journal.keepIntent({ ...intent, ref });
        return { kind: 'running', ref: intent.ref ?? ref, frozen: beat?.frozen ?? false };
      };
      // A rented machine may not be seen yet, and is not asked for twice: whoever attaches waits for it, or finds that it is lost.
      if (request.deadlineMs !== null) return running(request.attemptId);
      const machine = await provider.observe(request);
      const isKnown = beat !== null || intent.ref !== null;
      if (machine.state !== 'gone' || (provider.revive !== undefined && isKnown)) return running(machine.ref);
      if (isKnown) return { kind: 'exited', exit: lostExit(machine.preempted, clock.nowMs()) };
      // The engine died before it could ask.
      await journal.markAbsent();
      return { kind: 'absent' };
    });
  }

  /** One follows each attempt, however many watch it: two would write its log twice. */
  function attach(handle: AttemptHandle): Attachment {
    const found = followed.get(handle.attemptId);
    const following = found ?? startFollowing(handle);
    following.watchers++;
    let isWatching = true;
    const { promise: exit, resolve } = Promise.withResolvers<ExitInfo>();
    void following.ended.then((ended) => {
      if (ended !== null && isWatching) resolve(ended);
    });
    return {
      exit,
      async detach() {
        if (!isWatching) return;
        isWatching = false;
        following.watchers--;
        if (following.watchers > 0) return;
        following.stop.abort();
        await following.ended;
      },
    };
  }

  function startFollowing(handle: AttemptHandle): Following {
    const stop = new AbortController();
    const stopAll = (): void => {
      stop.abort();
    };
    closed.signal.addEventListener('abort', stopAll);
    const ended = follow(handle, stop.signal)
      .catch((error: unknown): ExitInfo => {
        deps.report(`${handle.attemptId} cannot be followed`, error);
        const message = `How it ended is not known: ${error instanceof Error ? error.message : String(error)}`;
        return { ...lostExit(false, clock.nowMs()), message };
      })
      .finally(() => {
        closed.signal.removeEventListener('abort', stopAll);
        if (followed.get(handle.attemptId) === following) followed.delete(handle.attemptId);
      });
    const following: Following = { ended, stop, watchers: 0 };
    followed.set(handle.attemptId, following);
    return following;
  }

  async function follow(handle: AttemptHandle, stop: AbortSignal): Promise<ExitInfo | null> {
    const journal = openJournal(handle.stateDir);
    const intent = await journal.intent();
    if (intent === null) return (await journal.exit()) ?? lostExit(false, clock.nowMs());
    const tell = (text: string | null): void => {
      for (const listener of listeners) listener(handle.attemptId, text);
    };
    return followRemote(
      {
        clock,
        archives: deps.archives,
        handle,
        intent,
        journal,
        pace,
        openProvider: () => deps.openProvider(intent.target),
        wish: async (verb) => {
          await putWish(intent, verb);
        },
        payOwed: async () => {
          const verb = owed.get(handle.attemptId);
          if (verb === undefined) return;
          await putWish(intent, verb);
          if (owed.get(handle.attemptId) === verb) owed.delete(handle.attemptId);
        },
        onActivity: tell,
        onBeat: ({ phase, doing }) => {
          deps.onPhase?.(handle.attemptId, phase);
          tell(phase === 'running' ? null : doing);
        },
        report: deps.report,
      },
      stop,
    );
  }

  return {
    kind: 'remote',
    layOut: (host: HostPlaces): TrialLayout => ({
      places: IN_THERE,
      paths: path.posix,
      mounts: PLACE_NAMES.map((name) => ({
        hostPath: host[name],
        containerPath: IN_THERE[name],
        readOnly: name === 'helper',
        role: name === 'work' && host.inPlace ? ('work' as const) : ('own' as const),
      })),
    }),
    // Each place answers for itself when something is started there.
    status: () => Promise.resolve({ available: true, version: null, gpuSupport: null, problem: null, remedy: null }),
    refuse: (wanted) =>
      Promise.resolve(
        wanted.inPlaceDir === null
          ? null
          : {
              code: 'mount_refused',
              path: 'in_place',
              message: 'A trial that works in your own directory cannot run on another machine.',
              remedy: 'Submit it without --in-place, so that it gets a copy.',
            },
      ),
    hostAddress: () => Promise.resolve(null),
    onStatusChange: () => () => undefined,
    onActivity(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async launch(spec, onActivity, signal) {
      const before = launching.get(spec.attemptId);
      if (before !== undefined) return before;
      const launch = launchOnce(spec, onActivity, signal).finally(() => launching.delete(spec.attemptId));
      launching.set(spec.attemptId, launch);
      return launch;
    },
    recover,
    attach,
    async terminate(handle) {
      await wish(handle, 'terminate');
    },
    async kill(handle) {
      await wish(handle, 'kill');
    },
    freeze: (handle) => confirmed(handle, 'freeze'),
    unfreeze: (handle) => confirmed(handle, 'unfreeze'),
    // They belong to another machine.
    pids: () => Promise.resolve([]),
    async remove(handle) {
      const intent = await openJournal(handle.stateDir).intent();
      if (intent !== null) await endMachine(intent);
      await rm(handle.stateDir, { recursive: true, force: true });
    },
    async sweep(engineId, keep) {
      const swept: string[] = [];
      for (const { target, region } of deps.everyPlace())
        try {
          const provider = await deps.openProvider(target);
          try {
            for (const machine of await provider.list(region)) {
              if (machine.engineId !== engineId || keep.has(machine.attemptId)) continue;
              const choice = { region: machine.region, machineType: '', spot: false };
              await provider.terminate({ attemptId: machine.attemptId, engineId, choice });
              const mailbox = await provider.mailbox(machine.region);
              try {
                await mailbox.remove(prefixOf(machine.attemptId));
              } finally {
                await mailbox.close();
              }
              swept.push(machine.attemptId);
            }
          } finally {
            await provider.close();
          }
        } catch (error) {
          // One that is not reachable now is swept by the next start; it keeps no other from being swept.
          if (!isPassing(error)) deps.report('the sweep of a machine elsewhere failed', error);
        }
      return swept;
    },
    diagnose: () => Promise.resolve([]),
    close() {
      closed.abort();
      return Promise.resolve();
    },
  };
}

interface Following {
  /** null = nobody watches any more. */
  readonly ended: Promise<ExitInfo | null>;
  readonly stop: AbortController;
  watchers: number;
}

/** The newest beat after a place in the stream. */
async function readBeats(
  mailbox: Mailbox,
  prefix: string,
  from: number,
): Promise<{ readonly seq: number; readonly beat: Beat | null; readonly hasEnded: boolean }> {
  let seq = from;
  let beatKey: string | null = null;
  let hasEnded = false;
  for (let more = true; more;) {
    const page = await mailbox.list(upPrefix(prefix), upKeyAfter(prefix, seq));
    ({ more } = page);
    for (const { key } of page.objects) {
      const word = readUpKey(key, prefix);
      if (word === null) continue;
      ({ seq } = word);
      if (word.kind === 'hb') beatKey = key;
      hasEnded ||= word.kind === 'end';
    }
  }
  const read =
    beatKey === null ? null : Beat.safeParse(JSON.parse(new TextDecoder().decode(await mailbox.read(beatKey))));
  return { seq, beat: read?.success === true ? read.data : null, hasEnded };
}

/** It cannot be reached now, and may be later. */
function isPassing(error: unknown): boolean {
  return (
    (error instanceof MailboxError && error.code === 'network') ||
    (error instanceof ProviderError && (error.code === 'network' || error.code === 'throttled'))
  );
}

const cancelled = (): LaunchError => new LaunchError('launch_failed', 'The start was cancelled.', null, true);

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    timer.unref();
    signal.addEventListener('abort', done);
  });
}
