/**
 * Runs attempts as process groups of the engine's own user; needs no Docker. Linux and macOS.
 *
 * An attempt is: nothing yet -> claimed (a supervisor runs the program) -> exited (exit file) or dead (no supervisor, no exit
 * file); or nothing yet -> absent (given up in recovery). All of it is on disk (supervisor.ts), so every engine after this one
 * sees the same. Invariants: the claim is taken once, therefore a program runs at most once per attempt id; no signal is sent to a
 * pid whose start time was not compared; what an attempt started does not outlive it (on macOS a child that leaves the process group and
 * clears its environment as well is not found).
 *
 * Ends without an exit file: after a reboot the attempt is lost (does not count as a restart). Without a reboot somebody killed the
 * supervisor, alone or with its group (kill -9 by hand, the out-of-memory killer, a logout): what survives is killed, for nobody
 * would ever learn how it ends, and it counts as killed by SIGKILL, not as lost: it may have been the program's own fault.
 * An exit by a terminating signal that was recorded before a reboot is the shutdown's doing: lost as well.
 *
 * limits, mounts, image and user of a LaunchSpec do not apply here: the program is the engine's user's own process.
 */
import { access } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { DoctorCheck } from '../../electron/contract/settings.ts';
import { LaunchError } from '../../electron/ports/trial-runtime.ts';
import type {
  Attachment,
  AttemptHandle,
  ExitInfo,
  LaunchSpec,
  Recovered,
  RuntimeStatus,
  TrialRuntime,
} from '../../electron/ports/trial-runtime.ts';
import type { Clock } from '../../electron/ports/clock.ts';
import { readBootId } from '../boot-id.ts';
import { claimAsAbsent, hasCode, readClaim, readExit, removeAttemptFiles } from './attempt-files.ts';
import { describeExit, describeUnreadable, describeVanished } from './describe-exit.ts';
import { createLauncher } from './launcher.ts';
import type { Launched, Launcher, SupervisorEnd } from './launcher.ts';
import { createLinuxTable, membersOf } from './process-table.ts';
import type { ProcessEntry, ProcessTable, SupervisorId } from './process-table.ts';
import { createPsTable } from './ps-table.ts';
import { CLAIM_FILE } from './supervisor.ts';
import { startSupervisor, throwIfAborted } from './start-supervisor.ts';
import { findProgram } from './resolve-command.ts';
import { passedOn } from './trial-env.ts';
import { waitForChange } from './wait-for-change.ts';
import { whoIsAsked } from './who-is-asked.ts';

/** A scan of the process table answers all pids() calls within this time. */
const PIDS_MAX_AGE_MS = 1_000;
/** Killing is repeated until nothing is left, because a process may fork between the look and the kill; then it is stuck in the kernel. */
const KILL_ROUNDS = 100;
const KILL_ROUND_MS = 5;
/** Who could not be asked to end at once is looked at again after this long, then more and more seldom. */
const ASK_AGAIN_MS = 20;
const MAX_ASK_AGAIN_MS = 1_000;
const FOLLOW_PACE_MS = 20;
/** Between its exit file and its end a supervisor has one system call to make. */
const LAST_BREATH_MS = 1_000;
/** Exit code of a program that SIGKILL ended, as the supervisor notes it. */
const SIGKILL_CODE = 128 + 9;

export interface ProcessRuntimeOptions {
  readonly clock: Clock;
  /** For tests; default: the running machine's. */
  readonly table?: ProcessTable;
  /** Default: one that has no starter. */
  readonly launcher?: Launcher;
}

type Found =
  | { readonly kind: 'running'; readonly pid: number; readonly frozen: boolean }
  | { readonly kind: 'exited'; readonly exit: ExitInfo }
  | { readonly kind: 'absent' | 'unclaimed' };

/** @returns a runtime that holds no state of its own but the children it started: any number may work on the same attempts */
export function createProcessRuntime({
  clock,
  table: given,
  launcher = createLauncher(null),
}: ProcessRuntimeOptions): TrialRuntime {
  const supported = given !== undefined || process.platform === 'linux' || process.platform === 'darwin';
  const bootId = readBootId();
  const baseEnv = passedOn(process.env);
  let openTable: ProcessTable | undefined = given;
  const table = (): ProcessTable =>
    (openTable ??= process.platform === 'darwin' ? createPsTable() : createLinuxTable());
  const launching = new Map<string, Promise<{ readonly ref: string }>>();
  /** Exits of supervisors this instance started, until they settle. */
  const ownExits = new Map<string, Promise<ExitInfo | null>>();
  const closed = new AbortController();
  let lastScan: { readonly atMs: number; readonly entries: Promise<readonly ProcessEntry[]> } | undefined;

  async function launchOnce(spec: LaunchSpec, signal: AbortSignal): Promise<{ readonly ref: string }> {
    if (!supported) throw unsupported();
    if (!/^[a-z0-9][a-z0-9-]*$/.test(spec.attemptId))
      throw new LaunchError('launch_failed', 'The attempt id is malformed.', null);
    throwIfAborted(signal);
    const existing = await refOfClaim(spec.stateDir);
    if (existing !== null) return { ref: existing };
    const oomKillsBefore = table().oomKills();
    const started = await startSupervisor(spec, baseEnv, bootId, signal, launcher);
    if (!started.claimed) return { ref: await refAfterLostClaim(spec) };
    // Whatever goes wrong in telling how it ended: it has ended.
    const exit = settleOwn(spec, started, oomKillsBefore).catch((error: unknown) =>
      describeUnreadable(error, clock.nowMs()),
    );
    ownExits.set(spec.attemptId, exit);
    void exit.finally(() => ownExits.delete(spec.attemptId));
    return { ref: String(started.pid) };
  }

  async function refOfClaim(stateDir: string): Promise<string | null> {
    const claim = await readClaim(stateDir);
    if (claim === 'none') return null;
    if (claim !== 'unwritten' && claim.kind === 'supervisor') return String(claim.pid);
    throw new LaunchError(
      'launch_failed',
      'This attempt was given up in recovery and cannot be started any more.',
      null,
      true,
    );
  }

  async function refAfterLostClaim(spec: LaunchSpec): Promise<string> {
    const ref = await refOfClaim(spec.stateDir);
    if (ref !== null) return ref;
    throw new LaunchError(
      'launch_failed',
      `The attempt could not be noted in ${spec.stateDir}.`,
      'Check free space (also inodes) and permissions of the data directory.',
    );
  }

  /** @returns null when this instance was closed before the end could be learned */
  async function settleOwn(
    spec: LaunchSpec,
    { pid, ended }: Launched,
    oomKillsBefore: number | null,
  ): Promise<ExitInfo | null> {
    const end = await ended;
    if (end === 'unwatched') return followAdopted(handleOf(spec, pid), closed.signal);
    const exit = await patiently(() => readExit(spec.stateDir));
    if ('unreadable' in exit) {
      await killMembers(spec.attemptId, null);
      return describeUnreadable(exit.unreadable, clock.nowMs());
    }
    return settled(spec, pid, exit.value, end, oomKillsBefore);
  }

  async function settled(
    spec: LaunchSpec,
    pid: number,
    exit: ReturnType<typeof readExit>,
    end: SupervisorEnd,
    oomKillsBefore: number | null,
  ): Promise<ExitInfo> {
    // With an exit file the group is dead; what is left are processes that left it. Without one the group may live.
    if (exit === null) await killMembers(spec.attemptId, await supervisorOf(handleOf(spec, pid)));
    else if (!end.allGone) await killStrays(spec.attemptId, pid);
    if (exit === null) {
      return describeVanished({ lost: false, signal: end.signal ?? 'SIGKILL', endedAtMs: clock.nowMs() });
    }
    // The out-of-memory killer sends SIGKILL: any other end needs no look at what it did.
    const oomKills = exit.exitCode === SIGKILL_CODE ? table().oomKills() : null;
    return describeExit({
      ...exit,
      logPath: spec.logPath,
      rebooted: false,
      oomSeen: oomKills !== null && oomKillsBefore !== null && oomKills > oomKillsBefore,
    });
  }

  /** What the files say; where they cannot be read, what the processes say. */
  async function inspect(handle: AttemptHandle): Promise<Found> {
    const found = await patiently(() => inspectFiles(handle));
    if ('value' in found) return found.value;
    const members = membersOf(await table().scan(), handle.attemptId, null);
    const first = members[0];
    if (first === undefined) return { kind: 'exited', exit: describeUnreadable(found.unreadable, clock.nowMs()) };
    return {
      kind: 'running',
      pid: Number(handle.ref ?? first.pid),
      frozen: members.every(({ state }) => state === 'T'),
    };
  }

  async function inspectFiles(handle: AttemptHandle): Promise<Found> {
    const claim = await readClaim(handle.stateDir);
    if (claim === 'none') {
      // Once its launch was answered there was a claim: somebody took it away.
      if (handle.ref !== null) throw new Error(`there is no ${CLAIM_FILE} in it any more`);
      return { kind: 'unclaimed' };
    }
    if (claim === 'unwritten') {
      // Its owner died, or found the disk full, before it could run anything; make sure of the first.
      await killMembers(handle.attemptId, null);
      return { kind: 'absent' };
    }
    if (claim.kind === 'absent') return { kind: 'absent' };
    const rebooted = claim.bootId !== bootId;
    const alive = rebooted ? null : await findSupervisor(claim);
    // Only now the exit file: a supervisor that ended in between wrote it before.
    const exit = readExit(handle.stateDir);
    if (exit !== null) {
      if (!rebooted) {
        await waitUntilGone(claim);
        await killMembers(handle.attemptId, claim);
      }
      return {
        kind: 'exited',
        exit: await describeExit({ ...exit, logPath: handle.logPath, rebooted, oomSeen: false }),
      };
    }
    if (alive !== null) return { kind: 'running', pid: claim.pid, frozen: alive.state === 'T' };
    if (!rebooted) await killMembers(handle.attemptId, claim);
    return {
      kind: 'exited',
      exit: describeVanished({ lost: rebooted, signal: rebooted ? null : 'SIGKILL', endedAtMs: clock.nowMs() }),
    };
  }

  async function findSupervisor({ pid, startTime }: SupervisorId): Promise<{ readonly state: string } | null> {
    const found = await table().find(pid);
    return found !== null && found.startTime === startTime ? found : null;
  }

  async function waitUntilGone(supervisor: SupervisorId): Promise<void> {
    const deadline = performance.now() + LAST_BREATH_MS;
    while (performance.now() < deadline && (await findSupervisor(supervisor)) !== null) await delay(KILL_ROUND_MS);
  }

  /** @returns who had the claim in this boot, dead or alive; null when nobody ran anything, or when that cannot be told any more */
  async function supervisorOf(handle: AttemptHandle): Promise<SupervisorId | null> {
    const claim = await readClaim(handle.stateDir).catch(() => 'unreadable' as const);
    if (claim === 'unreadable') {
      const ref = (await table().scan()).find(({ pid }) => pid === Number(handle.ref));
      return ref?.attemptId === handle.attemptId ? ref : null;
    }
    if (claim === 'none' || claim === 'unwritten' || claim.kind === 'absent' || claim.bootId !== bootId) return null;
    return claim;
  }

  async function signalMembers(handle: AttemptHandle, name: NodeJS.Signals): Promise<void> {
    const supervisor = await supervisorOf(handle);
    const members = membersOf(await table().scan(), handle.attemptId, supervisor);
    // The group as a whole first: it leaves no gap for a fork.
    const inGroup = members.filter((member) => member.group === supervisor?.pid);
    if (supervisor !== null && inGroup.length > 0) sendSignal(-supervisor.pid, name);
    for (const member of members) if (member.group !== supervisor?.pid) sendSignal(member.pid, name);
  }

  /** @returns whether somebody remains to be asked later (who-is-asked.ts); adds to `asked` */
  async function askRound(handle: AttemptHandle, asked: ProcessEntry[]): Promise<boolean> {
    const supervisor = await supervisorOf(handle);
    if (supervisor === null || (await findSupervisor(supervisor)) === null) return false;
    const members = membersOf(await table().scan(), handle.attemptId, supervisor);
    const isFirst = asked.length === 0;
    const { ask, hold, again } = whoIsAsked(members, supervisor.pid, (pid) => table().traits(pid), asked);
    for (const entry of ask) sendSignal(entry.pid, 'SIGTERM');
    asked.push(...ask);
    // A stopped process, frozen or held, acts on a signal only when it goes on. Whether it is frozen is not asked: it may be about to stop.
    if (isFirst) await signalMembers(handle, 'SIGCONT');
    for (const entry of hold) sendSignal(entry.pid, 'SIGSTOP');
    for (const entry of ask) sendSignal(entry.pid, 'SIGCONT');
    return again;
  }

  /** Never rejects. Ends with the attempt, when everybody was asked, or with this instance: the next engine asks anew. */
  async function askLater(handle: AttemptHandle, asked: ProcessEntry[]): Promise<void> {
    try {
      for (let waitMs = ASK_AGAIN_MS; !closed.signal.aborted; waitMs = Math.min(waitMs * 1.5, MAX_ASK_AGAIN_MS)) {
        await delay(waitMs, undefined, { ref: false, signal: closed.signal });
        if (!(await askRound(handle, asked))) return;
      }
    } catch {
      // Closed, or its files cannot be read any more: the end of the grace period is for everybody.
    }
  }

  async function killMembers(attemptId: string, supervisor: SupervisorId | null): Promise<void> {
    for (let round = 0; round < KILL_ROUNDS; round++) {
      const members = membersOf(await table().scan(), attemptId, supervisor);
      if (members.length === 0) return;
      if (supervisor !== null && members.some((member) => member.group === supervisor.pid))
        sendSignal(-supervisor.pid, 'SIGKILL');
      for (const member of members) sendSignal(member.pid, 'SIGKILL');
      await delay(KILL_ROUND_MS);
    }
  }

  /** The cheap form for the normal end: looks only at processes younger than the supervisor. */
  async function killStrays(attemptId: string, supervisorPid: number): Promise<void> {
    const strays = membersOf(await table().scanSince(supervisorPid), attemptId, null);
    if (strays.length === 0) return;
    for (const stray of strays) sendSignal(stray.pid, 'SIGKILL');
    await killMembers(attemptId, null);
  }

  async function followAdopted(handle: AttemptHandle, stop: AbortSignal): Promise<ExitInfo | null> {
    while (!stop.aborted) {
      const change = waitForChange(handle.stateDir, stop);
      try {
        const found = await inspect(handle);
        if (found.kind === 'exited' || found.kind === 'absent') change.close();
        if (found.kind === 'exited') return found.exit;
        if (found.kind === 'absent') return describeVanished({ lost: true, signal: null, endedAtMs: clock.nowMs() });
      } catch {
        // Such as a process table that cannot be read for lack of descriptors: the next look may succeed.
      }
      await change.happened;
      change.close();
      // A program that touches these files all the time must not make us look all the time.
      await delay(FOLLOW_PACE_MS, undefined, { ref: false });
    }
    return null;
  }

  return {
    kind: 'process',
    // It sees what the engine's user sees.
    layOut: (places) => ({ places, paths: path, mounts: [] }),
    findProgram: (name, env) => findProgram(name, env['PATH'] ?? baseEnv['PATH'] ?? ''),

    status: (): Promise<RuntimeStatus> =>
      Promise.resolve(
        supported
          ? { available: true, version: null, gpuSupport: true, problem: null, remedy: null }
          : {
              available: false,
              version: null,
              gpuSupport: null,
              problem: unsupported().message,
              remedy: unsupported().remedy,
            },
      ),

    onStatusChange: () => () => undefined,

    launch(spec, _onActivity, signal) {
      const running = launching.get(spec.attemptId);
      if (running !== undefined) return running;
      const started = launchOnce(spec, signal);
      launching.set(spec.attemptId, started);
      const forget = (): void => void launching.delete(spec.attemptId);
      started.then(forget, forget);
      return started;
    },

    async recover(handle): Promise<Recovered> {
      let found = await inspect(handle);
      if (found.kind === 'unclaimed') {
        // Where no claim can be made, no supervisor can make one either.
        const isOurs = await claimAsAbsent(handle.stateDir).catch(() => true);
        if (isOurs) {
          // A program that took its claim away before its launch was saved.
          await killMembers(handle.attemptId, null);
          return { kind: 'absent' };
        }
        found = await inspect(handle);
      }
      if (found.kind === 'running') return { kind: 'running', ref: String(found.pid), frozen: found.frozen };
      return found.kind === 'exited' ? found : { kind: 'absent' };
    },

    attach(handle): Attachment {
      const stop = new AbortController();
      const signal = AbortSignal.any([stop.signal, closed.signal]);
      const exit = new Promise<ExitInfo>((resolve) => {
        const own = ownExits.get(handle.attemptId);
        void (own ?? followAdopted(handle, signal)).then((info) => {
          if (info !== null && !signal.aborted) resolve(info);
        });
      });
      return {
        exit,
        detach: () => {
          stop.abort();
          return Promise.resolve();
        },
      };
    },

    async terminate(handle) {
      const asked: ProcessEntry[] = [];
      // The first round is waited for; who could not be asked yet is asked in his time, which may be minutes away.
      if (await askRound(handle, asked)) void askLater(handle, asked);
    },

    kill: async (handle) => killMembers(handle.attemptId, await supervisorOf(handle)),

    async freeze(handle) {
      await signalMembers(handle, 'SIGSTOP');
      // Once more for children that left the group during the first round.
      await signalMembers(handle, 'SIGSTOP');
    },

    async unfreeze(handle) {
      await signalMembers(handle, 'SIGCONT');
    },

    async pids(handle) {
      const nowMs = performance.now();
      if (lastScan === undefined || nowMs - lastScan.atMs > PIDS_MAX_AGE_MS)
        lastScan = { atMs: nowMs, entries: table().scan() };
      const [entries, supervisor] = await Promise.all([lastScan.entries, supervisorOf(handle)]);
      return membersOf(entries, handle.attemptId, supervisor).map((member) => member.pid);
    },

    async remove(handle) {
      // With an exit file everything it started was killed already, when the exit was told.
      const exit = await patiently(() => readExit(handle.stateDir));
      if ('unreadable' in exit || exit.value === null) await killMembers(handle.attemptId, await supervisorOf(handle));
      await removeAttemptFiles(handle.stateDir);
    },

    async sweep(engineId, keep) {
      const swept = new Set<string>();
      for (const entry of await table().scan()) {
        if (entry.engineId === engineId && entry.attemptId !== null && !keep.has(entry.attemptId))
          swept.add(entry.attemptId);
      }
      for (const attemptId of swept) await killMembers(attemptId, null);
      return [...swept];
    },

    async diagnose(): Promise<readonly DoctorCheck[]> {
      const title = 'Process runtime';
      if (!supported)
        return [
          { id: 'process-runtime', title, status: 'info', found: unsupported().message, remedy: unsupported().remedy },
        ];
      const shell = await access('/bin/sh').then(
        () => true,
        () => false,
      );
      return [
        shell
          ? {
              id: 'process-runtime',
              title,
              status: 'ok',
              found: `Trials can run as plain processes of ${process.platform === 'darwin' ? 'macOS' : 'Linux'}.`,
              remedy: null,
            }
          : {
              id: 'process-runtime',
              title,
              status: 'error',
              found: 'There is no /bin/sh on this machine.',
              remedy: 'Install a POSIX shell at /bin/sh.',
            },
      ];
    },

    close() {
      closed.abort();
      launcher.close();
      return Promise.resolve();
    },
  };
}

function handleOf(spec: LaunchSpec, pid: number): AttemptHandle {
  return { attemptId: spec.attemptId, ref: String(pid), logPath: spec.logPath, stateDir: spec.stateDir };
}

/** What may be gone at the next look: a disk that is in trouble, too many open files. */
const PASSING = ['EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'ESTALE', 'ETIMEDOUT'] as const;
const PASSING_TRIES = 20;
const PASSING_WAIT_MS = 500;

/** @returns what `look` returns; what it throws, where that does not pass by itself within some seconds */
async function patiently<T>(
  look: () => T | Promise<T>,
): Promise<{ readonly value: T } | { readonly unreadable: unknown }> {
  for (let tries = 1; ; tries++) {
    try {
      return { value: await look() };
    } catch (error) {
      if (tries >= PASSING_TRIES || !hasCode(error, ...PASSING)) return { unreadable: error };
      await delay(PASSING_WAIT_MS);
    }
  }
}

function unsupported(): LaunchError {
  return new LaunchError(
    'runtime_down',
    'Plain processes are supported on Linux and macOS only.',
    'Use Docker on this machine.',
  );
}

/** A process that is gone by now is what the caller wanted; one of another user cannot be a member. */
function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // ESRCH, EPERM
  }
}
