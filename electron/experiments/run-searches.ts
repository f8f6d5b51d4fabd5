/**
 * Carries searches on: takes in what their trials reported and became, makes the trials the searcher asks for and stops those it has seen
 * enough of.
 *
 * What happened is kept with a number, in the transaction in which it happened (store/searches.ts). Here, in one transaction, it is taken
 * out, the searcher goes from its old state to the new one, and its trials are written. So a crash at any moment leaves either the news or
 * what followed from it, and a search makes the same trials as without. The state of a search that is paused or over does not change.
 */
import type { SearchPhase } from '../contract/experiments.ts';
import { rankBetween } from '../queue/rank.ts';
import { getExperiment, type ExperimentRow } from '../store/experiments.ts';
import { findSearchWithNews, getSearch, takeSearchNews, updateSearch, type SearchNews } from '../store/searches.ts';
import type { Store } from '../store/database.ts';
import { adjacentRank, findInSweep, findSibling, hasLiveTrials, insertTrial } from '../store/trials.ts';
import type { ChangeTrials, TrialChange } from '../trials/life/change-trials.ts';
import { specInSweep } from './config/resolve-config.ts';
import { readHyperparameter } from './searchers/hyperparameters.ts';
import { advanceSearch, type Search, type SearchAction, type SearchState } from './searchers/search.ts';
import type { StoredSearcher } from './searchers/searcher-config.ts';

/** More news wait for the next turn: others want one too. */
const NEWS_AT_ONCE = 100;

export interface SearchRunner {
  /** There may be news. Cheap where there are none. */
  nudge(): void;
  close(): void;
}

export interface SearchRunnerDeps {
  readonly store: Store;
  readonly changeTrials: ChangeTrials;
  readonly onError: (text: string, error: unknown) => void;
}

export function createSearchRunner(deps: SearchRunnerDeps): SearchRunner {
  let timer: NodeJS.Immediate | null = null;
  let closed = false;

  function work(): void {
    timer = null;
    const experimentId = closed ? null : findSearchWithNews(deps.store.db);
    if (experimentId === null) return;
    try {
      takeNews(deps, experimentId);
      nudge();
    } catch (error) {
      // Nothing of it was written: the next commit brings the news again.
      deps.onError(`the search of experiment ${experimentId} could not go on`, error);
    }
  }

  function nudge(): void {
    if (timer !== null || closed || findSearchWithNews(deps.store.db) === null) return;
    timer = setImmediate(work);
  }

  return {
    nudge,
    close() {
      closed = true;
      if (timer !== null) clearImmediate(timer);
    },
  };
}

/** One transaction: the oldest news of a search, and all that follows from them. */
export function takeNews({ changeTrials }: Pick<SearchRunnerDeps, 'changeTrials'>, experimentId: number): void {
  changeTrials('a search goes on', (change) => {
    const { db } = change.tx;
    const news = takeSearchNews(db, experimentId, NEWS_AT_ONCE);
    const row = getSearch<StoredSearcher, SearchState>(db, experimentId);
    const experiment = getExperiment(db, experimentId);
    if (row === null || experiment === null || row.phase === 'over') return;
    if (isGivenUp(news) && !hasLiveTrials(db, experimentId)) {
      updateSearch(db, experimentId, { ...row, phase: 'over' });
      return;
    }
    const search = searchOf(row.config);
    let { state } = row;
    let phase: SearchPhase = row.phase;
    for (const one of news) {
      const step = advanceSearch(search, state, one);
      state = step.state;
      for (const action of step.actions) {
        if (action.kind === 'over') phase = 'over';
        else if (action.kind === 'stop') stopTrial(change, experimentId, action);
        else addTrial(change, experiment, action, phase === 'paused');
      }
    }
    updateSearch(db, experimentId, { config: row.config, state, phase });
  });
}

export function searchOf(config: StoredSearcher): Search {
  return { config, space: readHyperparameter(config.space, '') };
}

/** Somebody canceled several at once: where none is left, they do not want others in their place. */
function isGivenUp(news: readonly SearchNews[]): boolean {
  return news.filter((one) => one.kind === 'ended' && one.how === 'canceled').length > 1;
}

function stopTrial(change: TrialChange, experimentId: number, action: Extract<SearchAction, { kind: 'stop' }>): void {
  const trial = findInSweep(change.tx.db, experimentId, action.trial);
  if (trial === null) return;
  const { why, rung, place, of } = action;
  const note =
    why === 'finished'
      ? `Ran as long as its search lets any run; ${ordinal(place)} of ${of} that did`
      : `Stopped by its search at rung ${rung + 1}: ${ordinal(place)} of ${of}`;
  // One that has ended meanwhile needs no stop: that is among the news.
  change.fire(trial, { type: 'search_stop', note, gently: why === 'finished' });
}

/** @returns its number; null where all trials of the experiment were deleted */
export function addTrial(
  { tx }: TrialChange,
  experiment: ExperimentRow,
  action: Extract<SearchAction, { kind: 'create' }>,
  paused: boolean,
): number | null {
  // It goes where the others of its search are now: moved, given another priority or pool, they take it along.
  const like = findSibling(tx.db, experiment.id);
  if (like === null) return null;
  const { name, labels, poolId, priority, rank, estimateKey } = like;
  const member = { name: action.trial, hparams: action.hyperparameters, params: like.spec.params ?? [] };
  const id = insertTrial(tx.db, {
    experimentId: experiment.id,
    name,
    labels,
    poolId,
    state: paused ? 'paused' : 'queued',
    priority,
    rank: rankBetween(rank, adjacentRank(tx.db, poolId, rank, 'above')),
    spec: specInSweep(like.spec, experiment.config.entrypoint, member),
    estimateKey,
    hparams: member.hparams,
    submittedAtMs: tx.nowMs,
  });
  tx.emit({ type: 'trial.submitted', trialId: id, text: paused ? 'Made by its search, paused' : 'Made by its search' });
  return id;
}

export function ordinal(count: number): string {
  const tens = count % 100;
  const ending = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][count % 10] ?? 'th');
  return `${count}${ending}`;
}
