/** The code of one trial beside that of another, or beside its directory as it is now. */
import { SwitchyardError } from '../contract/errors.ts';
import type { CodeDiff } from '../contract/snapshots.ts';
import type { Snapshots, TreeRef } from '../ports/snapshots.ts';
import type { Store } from '../store/database.ts';
import { getExperiment } from '../store/experiments.ts';
import { requireTrial } from '../trials/require-trial.ts';

interface Side {
  readonly ref: TreeRef;
  readonly name: string;
  readonly sourceDir: string | null;
  /** What its trial sees without a copy. */
  readonly without: readonly string[];
}

/**
 * @param to another trial; null = the directory that was submitted, as it is now
 * @throws SwitchyardError not_found, illegal_state for a trial without code, and what the snapshots throw
 */
export async function compareCode(
  deps: { readonly store: Store; readonly snapshots: Snapshots },
  from: number,
  to: number | null,
): Promise<CodeDiff> {
  const before = codeOf(deps.store, from);
  const after = to === null ? directoryOf(before, from) : codeOf(deps.store, to);
  return { from: before.name, to: after.name, ...(await deps.snapshots.compare(before.ref, after.ref)) };
}

function codeOf(store: Store, trialId: number): Side {
  const trial = requireTrial(store.db, trialId);
  const experiment = getExperiment(store.db, trial.experimentId);
  const sourceDir = experiment?.sourceDir ?? null;
  const without = (trial.spec.links ?? []).map(({ at }) => at);
  if (experiment?.snapshot != null)
    return { ref: { kind: 'snapshot', id: experiment.snapshot }, name: `#${trialId}`, sourceDir, without };
  if (experiment?.inPlace === true && sourceDir !== null)
    return {
      ref: { kind: 'directory', path: sourceDir },
      name: `#${trialId}, in ${sourceDir} itself`,
      sourceDir,
      without,
    };
  throw new SwitchyardError(
    'illegal_state',
    `#${trialId} was submitted without a directory: it has no code to compare.`,
  );
}

function directoryOf({ sourceDir, without }: Side, trialId: number): Side {
  if (sourceDir === null)
    throw new SwitchyardError('illegal_state', `It is not known from which directory #${trialId} was submitted.`, {
      remedy: 'Name a second trial to compare it with.',
    });
  return { ref: { kind: 'directory', path: sourceDir, without }, name: `${sourceDir} now`, sourceDir, without };
}
