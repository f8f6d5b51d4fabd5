/**
 * Gives back the room of working copies that hold nothing but their snapshot. A trial that runs again gets a new one.
 *
 * Never touched: a trial that has not ended, a directory that is the user's own (--in-place), and a copy with a file that is new or
 * changed since the snapshot, whatever the ignore files say of it: somebody may want it. Those are named instead. Parameters that
 * Switchyard wrote into the copy, and nobody changed since, are written anew.
 *
 * A copy is renamed in the turn in which its trial was seen to be done, and removed afterwards: a retry finds all of it or none. What a
 * crash leaves under the second name is removed by the next round.
 */
import { existsSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { FreedDisk, OwnWork } from '../../contract/disk.ts';
import type { Snapshots } from '../../ports/snapshots.ts';
import type { Store } from '../../store/database.ts';
import { getExperiment } from '../../store/experiments.ts';
import { getTrialRow, type TrialRow } from '../../store/trials.ts';
import { directoryBytes, namesIn } from '../files/directory-bytes.ts';
import { hostWorkDir, trialDirectories } from '../files/directories.ts';
import { countAsWritten } from '../files/written-parameters.ts';
import { hideLinks } from '../attempts/show-links.ts';
import { removeTree } from './remove-tree.ts';

/** So many are told by name. */
const NAMED = 50;
/** So many trials share a line in the history, because each transaction waits for the disk. */
const NOTED_AT_ONCE = 50;
/** So many trials are looked at before others get their turn. */
const ROWS_A_TURN = 100;

export interface WorkFreer {
  /** Looks at every ended trial, also at those that were found to have files of their own before. */
  freeAll(): Promise<FreedDisk>;
  /** Those that ended before `untilMs`, and were not looked at since; for a regular round. */
  freeOld(untilMs: number): Promise<void>;
  /** What was kept in earlier rounds, as far as it is still there. */
  kept(): readonly OwnWork[];
}

export interface WorkFreerDeps {
  readonly store: Store;
  readonly trialsDir: string;
  readonly beyond: Snapshots['beyond'];
  readonly onError: (text: string, error: unknown) => void;
}

export function createWorkFreer(deps: WorkFreerDeps): WorkFreer {
  const { store, trialsDir } = deps;
  /** By trial: for which attempt it was looked at, and what it holds; null = it could not be looked through. */
  const known = new Map<number, { readonly attempt: number; readonly own: OwnWork | null }>();
  let last: Promise<unknown> = Promise.resolve();

  /** One round after the other. */
  function inTurn<T>(round: () => Promise<T>): Promise<T> {
    const turn = last.then(round, round);
    last = turn.catch(() => undefined);
    return turn;
  }

  async function free(wanted: (trial: TrialRow) => boolean): Promise<FreedDisk> {
    const kept: OwnWork[] = [];
    const unreadable: FreedDisk['unreadable'] = [];
    const freed: number[] = [];
    let freedBytes = 0;
    for (const [at, name] of (await namesIn(trialsDir)).entries()) {
      if (at % ROWS_A_TURN === 0) await setImmediate();
      const id = Number(name);
      if (!Number.isSafeInteger(id)) continue;
      const dirs = trialDirectories(trialsDir, id);
      const { root, work } = dirs;
      const doomed = `${work}.freed`;
      const trial = getTrialRow(store.db, id);
      if (trial?.state !== 'done' || !wanted(trial)) continue;
      try {
        if (existsSync(doomed)) await removeTree(doomed);
        const experiment = getExperiment(store.db, trial.experimentId);
        if (!existsSync(work) || experiment === null || hostWorkDir(dirs, experiment) !== work) continue;
        await hideLinks(work, trial.spec.links ?? []);
        const { files, bytes, examples } = await deps.beyond(experiment.snapshot, work);
        if (files > (trial.spec.params === undefined ? 0 : await countAsWritten(work))) {
          const own: OwnWork = { trialId: id, name: trial.name, files, bytes, examples: [...examples] };
          known.set(id, { attempt: trial.attempt, own });
          kept.push(own);
          continue;
        }
        known.delete(id);
        const takes = await directoryBytes(work);
        const now = getTrialRow(store.db, id);
        if (now?.state !== 'done' || now.attempt !== trial.attempt) continue;
        renameSync(work, doomed);
        await rm(path.join(root, 'work.boot'), { force: true });
        await removeTree(doomed);
        freedBytes += takes;
        freed.push(id);
      } catch (error) {
        known.set(id, { attempt: trial.attempt, own: null });
        unreadable.push({ trialId: id, problem: error instanceof Error ? error.message : String(error) });
      }
    }
    note(freed);
    const bySize = kept.toSorted((a, b) => b.bytes - a.bytes);
    return {
      freedBytes,
      freedTrials: freed.length,
      kept: bySize.slice(0, NAMED),
      keptTrials: kept.length,
      unreadable: unreadable.slice(0, NAMED),
    };
  }

  /** The history of each trial says where its copy went. */
  function note(freed: readonly number[]): void {
    for (let from = 0; from < freed.length; from += NOTED_AT_ONCE) {
      const text = 'Its working copy was removed: it held nothing beyond the snapshot. A retry makes it anew.';
      try {
        store.transact('note freed working copies', (tx) => {
          for (const trialId of freed.slice(from, from + NOTED_AT_ONCE))
            if (getTrialRow(tx.db, trialId) !== null) tx.emit({ type: 'trial.work_freed', trialId, text });
        });
      } catch (error) {
        deps.onError('freed working copies could not be noted', error);
      }
    }
  }

  return {
    freeAll: () => inTurn(() => free(() => true)),
    freeOld: (untilMs) =>
      inTurn(async () => {
        const { unreadable } = await free(
          (trial) =>
            trial.endedAtMs !== null && trial.endedAtMs < untilMs && known.get(trial.id)?.attempt !== trial.attempt,
        );
        for (const { trialId, problem } of unreadable)
          deps.onError(`the working copy of #${trialId} could not be looked through`, problem);
      }),
    kept() {
      const found: OwnWork[] = [];
      for (const [id, { own }] of known) {
        if (getTrialRow(store.db, id)?.state !== 'done') known.delete(id);
        else if (own !== null) found.push(own);
      }
      return found.toSorted((a, b) => b.bytes - a.bytes).slice(0, NAMED);
    },
  };
}
