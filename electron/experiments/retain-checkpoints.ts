/**
 * Removes checkpoints by Determined's three numbers, or tells which would go.
 *
 * What decides is the metric of the experiment's searcher, else each trial's main one: as the checkpoint carries it, else its last value up
 * to the checkpoint's step. Pinned ones stay, and of a trial that has not ended the one it would go on from and the one saved last.
 */
import type { Database } from 'better-sqlite3';
import type { RetentionBody, RetentionResult } from '../contract/retention.ts';
import { SwitchyardError } from '../contract/errors.ts';
import type { CheckpointView } from '../contract/trials.ts';
import { takeTurns } from '../ports/turns.ts';
import type { Store } from '../store/database.ts';
import { getExperiment, listExperimentIds, listTrialIdsOf } from '../store/experiments.ts';
import { deleteCheckpoints, listCheckpoints, metricAt } from '../store/reports.ts';
import { getTrialRow, type TrialRow } from '../store/trials.ts';
import { isLowerBetter } from '../text/main-metric.ts';
import { removeCheckpoints } from '../trials/files/prune-checkpoints.ts';
import { trialDirectories } from '../trials/files/directories.ts';
import { keptCheckpoints, type RankedCheckpoint } from '../trials/removal/retention.ts';

const MAX_NAMED = 1_000;

type Going = CheckpointView & { readonly metric: number | null };

/** @throws SwitchyardError not_found; the system's error where files belong to another user */
export async function retainCheckpoints(
  deps: { readonly store: Store; readonly trialsDir: string },
  body: RetentionBody,
): Promise<RetentionResult> {
  const { db } = deps.store;
  if (body.experimentId !== null && getExperiment(db, body.experimentId) === null)
    throw new SwitchyardError('not_found', `There is no experiment ${body.experimentId}.`, {
      remedy: 'List them: switchyard exp ls',
    });
  const pace = await takeTurns();
  const goes: Going[] = [];
  let stays = 0;
  for (const experimentId of body.experimentId === null ? listExperimentIds(db) : [body.experimentId]) {
    await pace.step();
    const found = judge(db, experimentId, body);
    goes.push(...found.goes);
    stays += found.stays;
  }
  if (body.remove) await removeAll(deps, goes);
  return {
    removed: body.remove,
    goes: goes
      .slice(0, MAX_NAMED)
      .map(({ id, trialId, path, step, metric, sizeBytes }) => ({ id, trialId, path, step, metric, sizeBytes })),
    count: goes.length,
    stays,
    freesBytes: goes.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0),
  };
}

function judge(
  db: Database,
  experimentId: number,
  body: RetentionBody,
): { readonly goes: readonly Going[]; readonly stays: number } {
  const searcher = getExperiment(db, experimentId)?.config.searcher;
  const trials = listTrialIdsOf(db, experimentId).flatMap((id) => getTrialRow(db, id) ?? []);
  const metric = searcher?.metric ?? trials.find((trial) => trial.metric !== null)?.metric?.name ?? null;
  // A searcher that does not say it means less: so Determined has it.
  const isLower =
    searcher === undefined ? metric === null || isLowerBetter(metric) : searcher.smaller_is_better !== false;
  const all = trials.flatMap((trial) => ranked(db, trial, metric));
  const kept = keptCheckpoints(
    all.map(({ rank }) => rank),
    { experimentBest: body.saveExperimentBest, trialBest: body.saveTrialBest, trialLatest: body.saveTrialLatest },
    isLower,
  );
  return {
    goes: all
      .filter(({ view }) => !kept.has(view.id))
      .map(({ view, rank }) => ({ ...view, metric: rank.metric }))
      .toSorted((a, b) => a.savedAtMs - b.savedAtMs || a.id - b.id),
    stays: kept.size,
  };
}

function ranked(
  db: Database,
  trial: TrialRow,
  metric: string | null,
): { readonly view: CheckpointView; readonly rank: RankedCheckpoint }[] {
  const views = listCheckpoints(db, trial.id);
  const lastSaved = views.at(-1)?.id;
  const furthest = views.toSorted(
    (a, b) => (b.step ?? -Infinity) - (a.step ?? -Infinity) || b.savedAtMs - a.savedAtMs,
  )[0]?.id;
  return views.map((view) => ({
    view,
    rank: {
      id: view.id,
      trialId: trial.id,
      metric:
        metric === null
          ? null
          : (view.metrics[metric] ?? (view.step === null ? null : metricAt(db, trial.id, metric, view.step))),
      savedAtMs: view.savedAtMs,
      mustStay: view.pinned || (trial.state !== 'done' && (view.id === lastSaved || view.id === furthest)),
    },
  }));
}

/** A trial at a time: what was removed of one is known before the next is begun. */
async function removeAll(
  { store, trialsDir }: { readonly store: Store; readonly trialsDir: string },
  goes: readonly Going[],
): Promise<void> {
  for (const trialId of new Set(goes.map((one) => one.trialId))) {
    const mine = goes.filter((one) => one.trialId === trialId);
    await removeCheckpoints(
      trialDirectories(trialsDir, trialId).checkpoints,
      mine.map(({ path }) => path),
    );
    store.transact('remove checkpoints', (tx) => {
      if (getTrialRow(tx.db, trialId) === null) return;
      deleteCheckpoints(
        tx.db,
        mine.map(({ id }) => id),
      );
      const text = `Removed ${mine.length} ${mine.length === 1 ? 'checkpoint' : 'checkpoints'}: neither among the best nor the latest`;
      tx.emit({ type: 'trial.checkpoints_removed', trialId, text });
    });
  }
}
