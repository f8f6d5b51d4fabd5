/**
 * A sweep is moved, paused, capped and canceled as one: an action on an experiment is the same action on those of its trials that it fits,
 * and its search makes trials accordingly.
 */
import { SwitchyardError } from '../contract/errors.ts';
import type { ExperimentAction } from '../contract/experiments.ts';
import type { TrialAction, TrialActionResult } from '../contract/trials.ts';
import type { Database } from 'better-sqlite3';
import { getExperiment, type ExperimentRow } from '../store/experiments.ts';
import { getSearch, updateSearch } from '../store/searches.ts';
import { listTrialsOf, updateTrialTerms, type TrialRow } from '../store/trials.ts';
import { actOnManyTrials } from '../trials/act-on-many.ts';
import type { ActionContext } from '../trials/actions.ts';
import { extendSearch, type SearchState } from './searchers/search.ts';
import type { StoredSearcher } from './searchers/searcher-config.ts';
import { addTrial, searchOf } from './run-searches.ts';

export type ExperimentActionContext = ActionContext & { readonly db: Database };

/** @throws SwitchyardError not_found, illegal_state, and what its trials refuse with */
export async function actOnExperiment(
  context: ExperimentActionContext,
  id: number,
  action: ExperimentAction,
): Promise<TrialActionResult> {
  const experiment = requireExperiment(context.db, id);
  if (action.action === 'cap') return capExperiment(context, experiment, action.maxSlots);
  if (action.action === 'more') return continueSearch(context, experiment, action.trials);
  const rows = listTrialsOf(context.db, id);
  const turned = turnSearch(context, id, action.action);
  const trialIds = rows.filter((row) => fits(row, action.action)).map((row) => row.id);
  if (trialIds.length === 0) {
    if (turned)
      return { trialIds: [], undoId: null, message: `${TURNED[action.action] ?? 'Changed'} ${experiment.name}` };
    throw new SwitchyardError(
      'illegal_state',
      `None of the ${rows.length} trials of ${experiment.name} ${NONE[action.action]}.`,
    );
  }
  const result = await actOnManyTrials(context, { ...action, trialIds } as TrialAction);
  // Trials could come back, the search that was given up with them would not.
  const undoId = turned && action.action !== 'pause' && action.action !== 'resume' ? null : result.undoId;
  return { ...result, undoId, message: `${result.message} of ${experiment.name}` };
}

type Plain = Exclude<ExperimentAction['action'], 'cap' | 'more'>;

const TURNED: Partial<Record<Plain, string>> = {
  pause: 'Paused',
  resume: 'Resumed',
  cancel: 'Canceled',
  kill: 'Canceled',
};
const NONE: Readonly<Record<Plain, string>> = {
  move: 'waits, so none can be moved',
  priority: 'is still to run',
  pool: 'is still to run',
  pause: 'runs or waits',
  resume: 'is paused',
  cancel: 'is still to run',
  kill: 'is still to run',
  archive: 'has ended and is not archived',
  unarchive: 'is archived',
  delete: 'is there',
};

function fits({ state, archived, stop, frozen }: TrialRow, action: Plain): boolean {
  switch (action) {
    case 'move':
      return state === 'queued' || state === 'paused';
    case 'pause':
      return state === 'queued' || state === 'starting' || state === 'running';
    case 'resume':
      return state === 'paused' || frozen || (state === 'stopping' && stop?.kind === 'pause');
    case 'archive':
      return state === 'done' && !archived;
    case 'unarchive':
      return archived;
    case 'delete':
      return true;
    case 'priority':
    case 'pool':
    case 'cancel':
    case 'kill':
      return state !== 'done';
  }
}

/** Tells the search first: what becomes of its trials must not make it try others. @returns whether that changed anything */
function turnSearch(context: ExperimentActionContext, id: number, action: Plain): boolean {
  const phase = { pause: 'paused', resume: 'active', cancel: 'over', kill: 'over' }[action as string] as
    'paused' | 'active' | 'over' | undefined;
  const search = phase === undefined ? null : getSearch(context.db, id);
  if (phase === undefined || search === null || search.phase === phase || search.phase === 'over') return false;
  context.changeTrials(`a search is ${phase}`, ({ tx }) => {
    const row = getSearch(tx.db, id);
    if (row !== null && row.phase !== 'over') updateSearch(tx.db, id, { ...row, phase });
  });
  return true;
}

function capExperiment(
  context: ExperimentActionContext,
  experiment: ExperimentRow,
  maxSlots: number | null,
): TrialActionResult {
  return context.changeTrials('cap an experiment', ({ tx }) => {
    const live = listTrialsOf(tx.db, experiment.id).filter(({ state }) => state !== 'done');
    const most = Math.max(0, ...live.map(({ spec }) => spec.ask.slots));
    if (maxSlots !== null && maxSlots < most)
      throw new SwitchyardError(
        'invalid_slots',
        `A trial of ${experiment.name} needs ${most} GPUs, so with at most ${maxSlots} none could start.`,
        { path: 'maxSlots', remedy: 'Pause the sweep to hold it back.' },
      );
    const text = maxSlots === null ? 'No cap on its sweep' : `Its sweep holds at most ${maxSlots} GPUs`;
    for (const row of live) {
      updateTrialTerms(tx.db, row.id, { ...row.spec.terms, maxSlots });
      tx.emit({ type: 'trial.capped', trialId: row.id, text });
    }
    const said =
      maxSlots === null ? 'no cap any more' : `at most ${maxSlots} ${maxSlots === 1 ? 'GPU' : 'GPUs'} at once`;
    return { trialIds: live.map(({ id }) => id), undoId: null, message: `${experiment.name}: ${said}` };
  });
}

/** A search that is over goes on where it ended: the same random numbers, the same rungs. */
function continueSearch(context: ExperimentActionContext, experiment: ExperimentRow, more: number): TrialActionResult {
  return context.changeTrials('continue a search', (change) => {
    const row = getSearch<StoredSearcher, SearchState>(change.tx.db, experiment.id);
    if (row === null)
      throw new SwitchyardError('illegal_state', `${experiment.name} is no search: nothing makes more trials of it.`, {
        remedy: 'Submit it with other values of -S, or with a searcher.',
      });
    if (row.config.name === 'grid')
      throw new SwitchyardError('illegal_state', 'A grid has no more points than it had.', {
        remedy: 'Submit another grid.',
      });
    const { state, actions } = extendSearch(searchOf(row.config), row.state, more);
    updateSearch(change.tx.db, experiment.id, { config: row.config, state, phase: 'active' });
    const trialIds = actions.flatMap((action) =>
      action.kind === 'create' ? (addTrial(change, experiment, action, false) ?? []) : [],
    );
    return {
      trialIds,
      undoId: null,
      message: `${experiment.name} tries ${more} more ${more === 1 ? 'trial' : 'trials'}`,
    };
  });
}

export function requireExperiment(db: Database, id: number): ExperimentRow {
  const experiment = getExperiment(db, id);
  if (experiment !== null) return experiment;
  throw new SwitchyardError('not_found', `There is no experiment ${id}.`, {
    remedy: 'List them with: switchyard exp ls',
  });
}
