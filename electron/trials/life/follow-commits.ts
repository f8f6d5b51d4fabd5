/**
 * What happens after a commit: the queue in memory, the estimates, the wake-ups, the readings, the next plan and the screen follow it.
 * What a change means is decided in change-meaning; here it is brought to those it concerns, the scheduler first: a screen
 * that fails must not hold up the queue.
 *
 * Keeps one thing: the state in which each live trial was last seen. Invariant: ended and deleted trials are not kept.
 */
import type { FeedFrame } from '../../ports/engine-api.ts';
import type { Commit } from '../../store/database.ts';
import type { TrialRow } from '../../store/trials.ts';
import { meaningOfChange, replanAfter, type ChangeMeaning } from './change-meaning.ts';

export interface CommitListeners {
  readonly readTrial: (id: number) => TrialRow | null;
  /** The trials that wait for this one to end. */
  readonly dependentsOf: (id: number) => readonly number[];
  /** The mirror of the queue. */
  readonly index: { update(id: number, row: TrialRow | null): void };
  /** Remembered run times. */
  readonly likeRuns: { forget(row: TrialRow): void; forgetAll(): void };
  readonly reestimation: { soon(estimateKey: string): void };
  readonly waker: { watch(id: number, row: TrialRow | null): void };
  readonly monitor: { nudge(): unknown };
  readonly loop: { nudge(urgent?: boolean): void };
  readonly feed: { committed(commit: Commit): void; publish(frame: FeedFrame): void };
  readonly endedSignals: { check(trialId: number): void };
  /** There may be work now, or none any more: the pace of the readings follows. */
  readonly setPace: () => void;
}

export interface CommitFollower {
  /** To be called with every commit, in order. */
  follow(commit: Commit): void;
  /** The live trials as they were found at the start. */
  takeUp(rows: readonly TrialRow[]): void;
}

export function createCommitFollower(to: CommitListeners): CommitFollower {
  const states = new Map<number, TrialRow['state']>();

  function remember(id: number, row: TrialRow | null): void {
    to.index.update(id, row);
    to.waker.watch(id, row);
    if (row === null || row.state === 'done') states.delete(id);
    else states.set(id, row.state);
  }

  function changed(id: number): ChangeMeaning {
    const row = to.readTrial(id);
    const meaning = meaningOfChange(id, states.get(id), row);
    if (row !== null && meaning.changesEstimates) {
      if (row.state === 'done') to.reestimation.soon(row.estimateKey);
      else to.likeRuns.forget(row);
    }
    remember(id, row);
    return meaning;
  }

  /** Who waits for a trial learns what became of it. */
  function followDependencies({ trialIds, removedTrialIds }: Commit): void {
    for (const id of [...trialIds, ...removedTrialIds])
      for (const dependent of to.dependentsOf(id)) {
        const row = trialIds.has(dependent) ? null : to.readTrial(dependent);
        if (row !== null) to.index.update(dependent, row);
      }
  }

  return {
    follow(commit) {
      for (const id of commit.removedTrialIds) remember(id, null);
      if (commit.removedTrialIds.size > 0) to.likeRuns.forgetAll();
      const changes = [...commit.trialIds].map(changed);
      followDependencies(commit);
      if (changes.some(({ freedGpus }) => freedGpus)) void to.monitor.nudge();
      const replan = replanAfter(changes, commit.poolIds.size > 0 || commit.removedTrialIds.size > 0);
      if (replan !== 'not') to.loop.nudge(replan === 'at once');
      to.setPace();
      for (const id of commit.trialIds) to.endedSignals.check(id);
      for (const { finished } of changes) if (finished !== null) to.feed.publish({ event: 'finished', data: finished });
      to.feed.committed(commit);
    },
    takeUp(rows) {
      for (const row of rows) remember(row.id, row);
    },
  };
}
