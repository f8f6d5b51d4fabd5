/** Takes up what was left: trials that ran on, pools that drained, what deleted trials and broken-off submits left behind. */
import { setTimeout as delay } from 'node:timers/promises';
import { collectAll, createBusyShare, createIdleCollector } from '../../native/host/idle-memory.ts';
import { createClockWatch } from '../feed/clock-watch.ts';
import { holdAfterReboot } from '../queue/hold-after-reboot.ts';
import { pauseDrainedPools } from '../queue/pause-drained.ts';
import { growReserve } from '../store/reserve.ts';
import { readSettings } from '../store/settings.ts';
import { listHeldTrials, readLiveTrials } from '../store/trials.ts';
import { leaveOutSleep } from '../trials/life/leave-out-sleep.ts';
import { leaveToOriginal } from '../trials/attempts/leave-to-original.ts';
import { sweepSnapshots } from '../trials/removal/sweep-snapshots.ts';
import { createTidyRounds } from '../trials/removal/tidy-rounds.ts';
import { setAsideLeftovers } from '../trials/removal/set-aside-leftovers.ts';
import type { CommitFollower } from '../trials/life/follow-commits.ts';
import { startBeat } from './beat.ts';
import type { Parts } from './parts.ts';

const DAY_MS = 24 * 3_600_000;

/** Runtimes that work answer in a fraction of it. */
const RUNTIME_PATIENCE_MS = 1_500;

/** Settles when `work` does, or when its time is over; then it goes on by itself. */
async function atMost(deadlineMs: number, work: Promise<unknown>): Promise<void> {
  const late = new AbortController();
  await Promise.race([work, delay(deadlineMs, undefined, { signal: late.signal }).catch(() => undefined)]);
  late.abort();
}

/** Settles when every active attempt was asked for once, or its runtime is slow to answer, and the scheduler runs. */
export async function takeUp(
  { ground, machine, screen, trials, plans }: Parts,
  follower: CommitFollower,
): Promise<void> {
  const { store, clock, paths, report } = ground;
  const { host, runtimes, runtimeWatch, snapshots } = machine;
  const { notices } = screen;
  const { runner, logCapper, logReader, collectGarbage, sweep, workFreer } = trials;
  const { index, disk, loop, monitor, setPace } = plans;
  leaveToOriginal(store, ground.changes.changeTrials, notices, ground);
  const leftovers = setAsideLeftovers(store, paths.trials);
  if (leftovers !== null)
    notices.raise({
      id: 'leftovers',
      level: 'warning',
      text:
        `The database does not know ${leftovers.ids.length === 1 ? 'a trial' : `${leftovers.ids.length} trials`} whose files were here ` +
        `(#${leftovers.ids.slice(0, 10).join(', #')}${leftovers.ids.length > 10 ? ', ...' : ''}). They were moved to ${leftovers.dir}.`,
      remedy: 'Take out of that directory what you need (checkpoints, output, logs), then delete it.',
    });
  for (const rows of readLiveTrials(store.db)) follower.takeUp(rows);
  screen.courier.nudge();
  // Statuses first, so that recovery knows whom it can ask. One that hangs comes later: it keeps nothing else from starting.
  await atMost(RUNTIME_PATIENCE_MS, runtimeWatch.refresh());
  await holdAfterReboot(store, host, notices);
  await atMost(RUNTIME_PATIENCE_MS, runner.recover());
  // One that does not answer now is swept when it does.
  for (const kind of runtimes.keys()) if (runtimeWatch.of(kind).available) sweep(kind);
  void machine.cloud.reconciler.round();
  void collectGarbage();
  void snapshots.tidy();
  sweepSnapshots({ store, snapshots, nowMs: ground.nowMs, onError: report }).catch((error: unknown) => {
    report('snapshots that nobody names could not be looked for', error);
  });
  setPace();
  loop.start();
  const active = (): ReturnType<typeof index.active> => index.active();
  const collectWhenIdle = createIdleCollector({
    activeCount: () => active().length,
    busyShare: createBusyShare(),
    collect: collectAll,
  });
  const lookAtClock = createClockWatch(clock, notices, (jumpMs) => {
    leaveOutSleep(store, jumpMs);
    // Their timers stood still with the machine.
    follower.takeUp(listHeldTrials(store.db));
    loop.nudge();
    // What was read before the sleep says nothing of now.
    void monitor.nudge();
  });
  const lookAtDisk = async (): Promise<void> => {
    if (await disk.look()) loop.nudge();
  };
  ground.closers.add(
    startBeat(
      [
        { name: 'the look at the clock', run: lookAtClock },
        { name: 'the look at the free disk space', run: lookAtDisk },
        {
          name: 'the reserve for a full disk',
          run: async () => growReserve(paths.reserve, await host.disk(paths.dir)),
        },
        {
          name: 'giving back working copies',
          run: createTidyRounds({
            clock,
            isFilling: () => disk.isFilling(),
            keepMs: () => readSettings(store.db).keepWorkDays * DAY_MS,
            freeOld: (untilMs) => workFreer.freeOld(untilMs),
            onError: report,
          }),
        },
        { name: 'the pace of the readings', run: setPace },
        { name: 'giving memory back', run: collectWhenIdle },
        {
          name: 'pausing drained pools',
          run: () => {
            pauseDrainedPools(store, (poolId) => active().some(({ row }) => row.poolId === poolId));
          },
        },
        { name: 'reading what the logs tell', run: () => logReader.look(runner.attempts()) },
        { name: 'reading files of metrics', run: trials.lookForMetrics },
        { name: 'capping the logs', run: () => logCapper.capAll(runner) },
      ],
      report,
    ),
  );
}
