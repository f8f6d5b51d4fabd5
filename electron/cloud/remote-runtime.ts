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
import { ProviderError } from '../ports/provider.ts';
import type {
  Attachment,
  AttemptHandle,
  ExitInfo,
  HostPlaces,
  Recovered,
  TrialLayout,
  TrialPlaces,
  TrialRuntime,
} from '../ports/trial-runtime.ts';
import { PLACE, PLACE_NAMES, prefixOf, type Beat, type Verb } from './agent-protocol.ts';
import type { Destination } from './destination.ts';
import { exitOf, exitWithoutStart, lostExit } from './explain-result.ts';
import { followRemote, readResult, type Pace } from './follow-remote.ts';
import { createRemoteLaunch } from './launch-remote.ts';
import { openJournal } from './remote-journal.ts';
import { endMachine, isPassing, putWish, readBeats, wait, withMailbox, type OpenProvider } from './talk-to-machine.ts';

export interface RemoteDeps {
  readonly clock: Clock;
  readonly archives: Archives;
  /** @throws LaunchError where it goes nowhere */
  readonly destinationOf: (trialId: number) => Promise<Destination>;
  readonly openProvider: OpenProvider;
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
  const launchOnce = createRemoteLaunch({
    ...deps,
    pace,
    bringHome: (handle) => (followed.get(handle.attemptId) ?? startFollowing(handle)).ended,
  });

  /** @returns null where it never began, has ended, or cannot be told now */
  async function wish(handle: AttemptHandle, verb: Verb): Promise<number | null> {
    const journal = openJournal(handle.stateDir);
    const intent = await journal.intent();
    if (intent === null || (await journal.exit()) !== null) return null;
    try {
      const seq = await putWish(deps.openProvider, intent, verb);
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
      const latest = await withMailbox(deps.openProvider, intent, (mailbox) =>
        readBeats(mailbox, intent.request.prefix, from),
      );
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
    return withMailbox(deps.openProvider, intent, async (mailbox, provider): Promise<Recovered> => {
      const { request } = intent;
      const result = await readResult(mailbox, request.prefix, clock.nowMs());
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
          await putWish(deps.openProvider, intent, verb);
        },
        payOwed: async () => {
          const verb = owed.get(handle.attemptId);
          if (verb === undefined) return;
          await putWish(deps.openProvider, intent, verb);
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
      if (intent !== null) await endMachine(deps.openProvider, intent);
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
