/**
 * Runs attempts as containers of a Docker-compatible engine, through dockerode.
 *
 * The container's name is the attempt id and its labels say whose it is; besides there are the notes of launch-notes.ts and the entry's
 * files (entry.ts) in the attempt's state directory. Where there is no entry for the processor, or directories are shared with a virtual
 * machine, the output is fetched from the engine's log instead (follow-attempt.ts), with a cursor (log-sink.ts). Invariants:
 * - at most once: the engine refuses a second container of the same name, and only who took the claim starts it;
 * - `absent` means that the claim is taken and no container is left;
 * - a container is touched only if its labels name this attempt, or, in a sweep, this engine: never by name alone;
 * - when a connection breaks in the middle of create or start, launch waits until it knows what became of it: a launch that failed has
 *   not started anything.
 */
import { readdir, rmdir, unlink } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { LaunchError } from '../../electron/ports/trial-runtime.ts';
import type {
  Attachment,
  AttemptHandle,
  ExitInfo,
  LaunchMount,
  LaunchSpec,
  Recovered,
  TrialRuntime,
} from '../../electron/ports/trial-runtime.ts';
import type { Clock } from '../../electron/ports/clock.ts';
import { checkMounts } from './check-mounts.ts';
import type { CheckedMounts, MountGuard } from './check-mounts.ts';
import { QUICK_MS, SLOW_MS, createConnection } from './connection.ts';
import { ATTEMPT_LABEL, ENGINE_LABEL } from './container-options.ts';
import { readState } from './container-state.ts';
import type { Outage } from './container-state.ts';
import { ENTRY_FILES, prepareEntry, readEntryNote } from './entry.ts';
import { EngineDown, sentenceOf, statusOf } from './engine-error.ts';
import { createEngineInspector } from './engine-status.ts';
import type { EngineFacts } from './engine-status.ts';
import { findContainer } from './find-container.ts';
import type { SearchPlace } from './find-engine.ts';
import { followAttempt } from './follow-attempt.ts';
import { layOutContainer } from './container-layout.ts';
import { collectEnd, followEntry } from './follow-entry.ts';
import { parseImageReference } from './image-reference.ts';
import { createImageStore, malformedImage } from './image-store.ts';
import { givenUp, launchContainer } from './launch-container.ts';
import { cancelled, toLaunchError } from './launch-errors.ts';
import { NOTE_FILES, claim, noteAsked, noteBoot, readClaim, wasRebooted } from './launch-notes.ts';
import { CURSOR_FILE, prepareLog } from './log-sink.ts';
import { PODMAN_HAS_NO_GPUS, refuseWish } from './refuse-wish.ts';
import { watchEngine } from './watch-engine.ts';

const REMOVAL_MS = 30_000;
const LOOK_AGAIN_MS = 200;
const DETACH_MS = 2_000;

export interface DockerRuntimeOptions {
  readonly clock: Clock;
  /** Of the events watched for changes of the engine. */
  readonly engineId: string;
  /** unix:///path or tcp://127.0.0.1:port; default: as the docker command line finds it (find-engine.ts). */
  readonly dockerHost?: string;
  /** Directory of the container entries (resources/container); null = Docker's own init program and log. */
  readonly entryDir?: string | null;
  /** Switchyard's own directories: no trial may see them. */
  readonly privateDirs?: readonly string[];
  /** For tests; default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Contacts no engine before it is asked to. */
export function createDockerRuntime({
  clock,
  engineId,
  dockerHost,
  entryDir = null,
  privateDirs = [],
  env = process.env,
}: DockerRuntimeOptions): TrialRuntime {
  const place: SearchPlace = {
    env,
    home: env['HOME'] ?? os.homedir(),
    platform: process.platform,
    dockerHost: dockerHost ?? null,
  };
  const connection = createConnection(place);
  const inspector = createEngineInspector(connection);
  /** One log has one writer: whoever attaches to an attempt that is followed already waits for that one to end. */
  const following = new Map<string, Promise<ExitInfo | null>>();
  const launching = new Map<string, Promise<{ readonly ref: string }>>();
  const listeners = new Set<() => void>();
  const freezeListeners = new Set<(attemptId: string) => void>();
  /** Attempts found in recovery, with the time in which nobody watched them: whoever ended them by force then, it was not the program. */
  const unwatched = new Map<string, Outage>();
  const closed = new AbortController();
  let watching = false;

  const onEngineChange = (): void => {
    for (const listener of listeners) listener();
  };
  const followDeps = {
    connection,
    clock,
    onEngineChange,
    find: (handle: AttemptHandle) => findContainer(connection, handle),
    containersGoOn: async () => (await inspector.facts()).liveRestore,
  };

  const guard = (): MountGuard => ({ engineSocket: connection.address()?.socketPath ?? null, privateDirs });

  async function launch(
    spec: LaunchSpec,
    onActivity: (text: string) => void,
    signal: AbortSignal,
  ): Promise<{ readonly ref: string }> {
    if (signal.aborted) throw cancelled();
    if (!/^[a-z0-9][a-z0-9-]{0,200}$/.test(spec.attemptId))
      throw new LaunchError('launch_failed', 'The attempt id is malformed.', null);
    const argv0 = spec.argv[0] ?? '';
    if (argv0 === '' && spec.ofImage?.includes('entrypoint') !== true)
      throw new LaunchError(
        'command_missing',
        'The command is empty.',
        'Give the program to run, for example: python train.py',
      );
    const image = parseImageReference(spec.image ?? '');
    if (image === null) throw malformedImage(spec.image ?? '');
    let facts: EngineFacts;
    let mounts: CheckedMounts;
    let entry: readonly LaunchMount[] | null;
    try {
      facts = await inspector.facts();
      mounts = await checkMounts(spec.mounts, guard());
      if (spec.slotUuids.length > 0 && facts.product === 'podman')
        throw new LaunchError('no_gpu_runtime', PODMAN_HAS_NO_GPUS.message, PODMAN_HAS_NO_GPUS.remedy, true, 'gpus');
      if ((await readClaim(spec.stateDir)) === 'absent') throw givenUp();
      await noteBoot(spec.stateDir);
      // Docker Desktop's virtual machine shares directories, but not the meaning of their users and bytes.
      entry =
        entryDir === null || facts.product === 'docker-desktop'
          ? null
          : await prepareEntry(entryDir, facts.architecture, spec);
      if (entry === null) await prepareLog(spec.logPath, spec.stateDir);
    } catch (error) {
      throw toLaunchError(error, spec.image ?? '', argv0);
    }
    try {
      const ref = await launchContainer({
        connection,
        spec,
        image,
        mapping: facts,
        mounts,
        entry,
        onActivity,
        signal,
      });
      if (spec.slotUuids.length > 0) await inspector.noteGpuLaunch(true);
      return { ref };
    } catch (error) {
      if (error instanceof LaunchError && error.code === 'no_gpu_runtime') {
        await inspector.noteGpuLaunch(false);
        onEngineChange();
      }
      throw error;
    }
  }

  /** @returns null when there is none. @throws LaunchError runtime_down */
  async function inspect(handle: AttemptHandle): Promise<Dockerode.ContainerInspectInfo | null> {
    try {
      return await findContainer(connection, handle);
    } catch (error) {
      throw asDown(error);
    }
  }

  /** Kills and removes; settles when it is gone. */
  async function removeById(id: string): Promise<void> {
    const deadline = performance.now() + REMOVAL_MS;
    for (;;) {
      try {
        await connection.call(SLOW_MS, (engine) => engine.getContainer(id).remove({ force: true, v: true }));
        return;
      } catch (error) {
        if (statusOf(error) === 404) return;
        // 409: somebody else's removal is in progress. 500: the storage driver was busy for a moment.
        if ((statusOf(error) !== 409 && statusOf(error) !== 500) || performance.now() > deadline) throw asDown(error);
        await delay(LOOK_AGAIN_MS);
      }
    }
  }

  /** Runs a verb on the attempt's container; one that is gone or not in a state for it is fine. */
  async function act(handle: AttemptHandle, verb: (container: Dockerode.Container) => Promise<unknown>): Promise<void> {
    const found = await inspect(handle);
    if (found === null) return;
    try {
      await connection.call(QUICK_MS, (engine) => verb(engine.getContainer(found.Id)));
    } catch (error) {
      const status = statusOf(error);
      if (
        status === 404 ||
        status === 409 ||
        status === 304 ||
        (status === 500 && /not running|not paused|already paused|is paused/i.test(sentenceOf(error)))
      )
        return;
      throw asDown(error);
    }
  }

  return {
    kind: 'docker',
    layOut: layOutContainer,
    status: () => inspector.status(),
    diagnose: () => inspector.diagnose(),

    // The bridge has its address also while no container runs and the system does not list it.
    hostAddress: async () => {
      try {
        const facts = await inspector.facts();
        if (facts.product !== 'docker' || facts.rootless) return null;
        const bridge = (await connection.call(QUICK_MS, (engine) => engine.getNetwork('bridge').inspect())) as unknown;
        return readGateway(bridge);
      } catch {
        return null;
      }
    },
    images: createImageStore(connection, place),
    refuse: (wish) => refuseWish(wish, { facts: () => inspector.facts(), guard }),

    onStatusChange(listener) {
      listeners.add(listener);
      if (!watching) {
        watching = true;
        const onFreeze = (attemptId: string): void => {
          for (const one of freezeListeners) one(attemptId);
        };
        void watchEngine(connection, engineId, { onChange: onEngineChange, onFreeze }, closed.signal);
      }
      return () => void listeners.delete(listener);
    },

    launch(spec, onActivity, signal) {
      const running = launching.get(spec.attemptId);
      if (running !== undefined) return running;
      const started = launch(spec, onActivity, signal);
      launching.set(spec.attemptId, started);
      const forget = (): void => void launching.delete(spec.attemptId);
      started.then(forget, forget);
      return started;
    },

    async recover(handle): Promise<Recovered> {
      const absence: Outage = { fromMs: 0, untilMs: clock.nowMs(), containersGoOn: true };
      unwatched.set(handle.attemptId, absence);
      for (;;) {
        const note = await readEntryNote(handle.stateDir);
        const found = await inspect(handle).catch((error: unknown) => {
          if (note?.kind === 'ended') return null;
          throw error;
        });
        if (note !== null) {
          const exit = await collectEnd(clock, handle, found, note);
          if (exit !== null) return { kind: 'exited', exit };
        }
        const state = found === null ? null : readState(found, await wasRebooted(handle.stateDir), absence);
        if (found !== null && state?.kind === 'running')
          return { kind: 'running', ref: found.Id, frozen: state.frozen };
        if (state?.kind === 'exited') return { kind: 'exited', exit: state.exit };
        const decided = await claim(handle.stateDir, 'absent');
        // A launch took the claim and did not come to start it, or is about to: without a container it fails.
        if (found !== null) await removeById(found.Id);
        else if (decided.mine || decided.claim === 'absent' || (await inspect(handle)) === null)
          return { kind: 'absent' };
      }
    },

    attach(handle): Attachment {
      const stop = new AbortController();
      const signal = AbortSignal.any([stop.signal, closed.signal]);
      const follow = (): Promise<ExitInfo | null> =>
        followEntry(followDeps, handle, signal).then((ended) =>
          ended === 'no entry'
            ? followAttempt(followDeps, handle, unwatched.get(handle.attemptId) ?? null, signal)
            : ended,
        );
      const followed = following.get(handle.attemptId)?.then(follow) ?? follow();
      following.set(handle.attemptId, followed);
      const exit = new Promise<ExitInfo>((resolve) => {
        void followed.then((info) => {
          if (following.get(handle.attemptId) === followed) following.delete(handle.attemptId);
          if (info !== null && !signal.aborted) resolve(info);
        });
      });
      return {
        exit,
        async detach() {
          stop.abort();
          // A daemon that hangs may keep one request open for long.
          await Promise.race([followed, delay(DETACH_MS, undefined, { ref: false })]);
        },
      };
    },

    async terminate(handle) {
      await noteAsked(handle.stateDir);
      await act(handle, (container) => container.kill({ signal: 'SIGTERM' }));
      // A frozen program acts on the signal only when it goes on.
      if ((await inspect(handle))?.State.Paused === true) await act(handle, (container) => container.unpause());
    },

    async kill(handle) {
      await noteAsked(handle.stateDir);
      await act(handle, (container) => container.kill({ signal: 'SIGKILL' }));
      if ((await inspect(handle))?.State.Paused === true) await act(handle, (container) => container.unpause());
    },

    onFreeze(listener) {
      freezeListeners.add(listener);
      return () => void freezeListeners.delete(listener);
    },
    async isFrozen(handle) {
      const state = (await inspect(handle))?.State;
      return state?.Running === true ? state.Paused : null;
    },
    freeze: (handle) => act(handle, (container) => container.pause()),
    unfreeze: (handle) => act(handle, (container) => container.unpause()),

    async pids(handle) {
      let pids: readonly number[] = [];
      await act(handle, async (container) => {
        pids = readTop((await container.top()) as unknown);
      });
      return pids;
    },

    async remove(handle) {
      unwatched.delete(handle.attemptId);
      const found = await inspect(handle);
      if (found !== null) await removeById(found.Id);
      await removeNotes(handle.stateDir);
    },

    async sweep(ownEngineId, keep) {
      const found = await connection
        .call(QUICK_MS, (engine) =>
          engine.listContainers({ all: true, filters: { label: [`${ENGINE_LABEL}=${ownEngineId}`] } }),
        )
        .catch((error: unknown) => {
          throw asDown(error);
        });
      const swept: string[] = [];
      for (const container of found) {
        const attemptId = container.Labels[ATTEMPT_LABEL];
        // Labels again: not every engine's filter is to be trusted with a removal.
        if (
          attemptId === undefined ||
          container.Labels[ENGINE_LABEL] !== ownEngineId ||
          keep.has(attemptId) ||
          launching.has(attemptId)
        )
          continue;
        await removeById(container.Id);
        swept.push(attemptId);
      }
      return swept;
    },

    close() {
      closed.abort();
      listeners.clear();
      freezeListeners.clear();
      return Promise.resolve();
    },
  };
}

/** @returns the IPv4 address of the machine in an inspected network */
function readGateway(network: unknown): string | null {
  const configs = (network as { readonly IPAM?: { readonly Config?: readonly { readonly Gateway?: string }[] | null } })
    .IPAM?.Config;
  return (configs ?? []).find(({ Gateway: gateway }) => isIPv4(gateway ?? ''))?.Gateway ?? null;
}

/** The engine's answer to "top": column titles and rows of text. The pids are the host's. */
function readTop(answer: unknown): readonly number[] {
  const { Titles: titles, Processes: rows } = answer as {
    readonly Titles?: readonly string[];
    readonly Processes?: readonly (readonly string[])[] | null;
  };
  const column = (titles ?? []).indexOf('PID');
  return (rows ?? []).map((row) => Number(row[column])).filter((pid) => Number.isInteger(pid) && pid > 0);
}

async function removeNotes(stateDir: string): Promise<void> {
  const ours: ReadonlySet<string> = new Set([...NOTE_FILES, ...ENTRY_FILES, CURSOR_FILE, `${CURSOR_FILE}.tmp`]);
  const names = await readdir(stateDir).catch(() => []);
  for (const name of names) if (ours.has(name)) await unlink(path.join(stateDir, name)).catch(() => undefined);
  // Something else in it, or gone already.
  await rmdir(stateDir).catch(() => undefined);
}

function asDown(error: unknown): unknown {
  return error instanceof EngineDown ? new LaunchError('runtime_down', error.message, error.remedy, true) : error;
}
