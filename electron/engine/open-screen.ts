/** What those who look see: rows as the wire shows them, the feed, notices, and when an attempt's log is complete. */
import type { Trial } from '../contract/trials.ts';
import { createFeed, type Feed } from '../feed/change-feed.ts';
import { createEndedSignals, type EndedSignals } from '../feed/ended-signals.ts';
import { createCourier, type Courier } from '../feed/message-courier.ts';
import { createNotices, type Notices } from '../feed/notices.ts';
import { createRuntimeChooser, type RuntimeChooser } from '../queue/choose-runtime.ts';
import { createActiveEstimates, type EstimateActive } from '../scheduler/active-estimates.ts';
import { createLikeRuns, type LikeRuns } from '../scheduler/forecast/like-runs.ts';
import { getAttempt } from '../store/attempts.ts';
import { getPool } from '../store/pools.ts';
import { getTrialRow, type TrialRow } from '../store/trials.ts';
import { createActivities, type Activities } from '../trials/activity.ts';
import { asksForStop } from '../trials/files/stop-asked.ts';
import { toTrial } from '../trials/view.ts';
import type { Ground } from './open-ground.ts';
import type { Machine } from './open-machine.ts';

export interface Screen {
  readonly likeRuns: LikeRuns;
  readonly estimateActive: EstimateActive;
  readonly activities: Activities;
  readonly runtimeOf: RuntimeChooser;
  readonly view: (row: TrialRow) => Trial;
  readonly feed: Feed;
  readonly notices: Notices;
  readonly courier: Courier;
  readonly endedSignals: EndedSignals;
}

export function openScreen(ground: Ground, machine: Machine): Screen {
  const { store, clock, nowMs } = ground;
  const db = store.db;
  const likeRuns = createLikeRuns(db);
  const estimateActive = createActiveEstimates(db, clock, likeRuns);
  const activities = createActivities();
  const runtimeOf = createRuntimeChooser((poolId) => getPool(db, poolId));
  const view = (row: TrialRow): Trial =>
    toTrial(store, row, {
      activity: (id) => activities.of(id),
      remainingMs: (active) => estimateActive(active).remainingMs,
      runtime: runtimeOf,
      asksForStop: (id, attempt) => asksForStop(ground.paths.trials, id, attempt),
    });
  const feed = createFeed({
    readTrial: (id) => {
      const row = getTrialRow(db, id);
      return row === null ? null : view(row);
    },
    readPool: (id) => getPool(db, id),
  });
  ground.closers.add(() => {
    feed.close();
  });
  const notices = createNotices(nowMs, (list) => {
    feed.publish({ event: 'notices', data: list });
  });
  const courier = createCourier({
    store,
    secrets: ground.secrets,
    messenger: machine.messenger,
    clock,
    engineId: ground.engineId,
    notices,
    onError: ground.report,
  });
  ground.closers.add(() => {
    courier.close();
  });
  const endedSignals = createEndedSignals((trialId, attempt) => {
    const row = getAttempt(db, trialId, attempt);
    return row === null || row.endedAtMs !== null;
  });
  return { likeRuns, estimateActive, activities, runtimeOf, view, feed, notices, courier, endedSignals };
}
