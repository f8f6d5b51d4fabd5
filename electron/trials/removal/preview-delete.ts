/** What deleting trials would take, before it is done. */
import type { Database } from 'better-sqlite3';
import { listCheckpoints } from '../../store/reports.ts';
import { takeTurns } from '../../ports/turns.ts';
import { trialDirectories } from '../files/directories.ts';
import { requireTrial } from '../require-trial.ts';
import { directoryBytes } from '../files/directory-bytes.ts';

export interface DeletePreview {
  readonly freesBytes: number;
  readonly checkpoints: number;
  readonly trials: number;
}

/** @throws SwitchyardError not_found */
export async function previewDelete(db: Database, trialsDir: string, ids: readonly number[]): Promise<DeletePreview> {
  const pace = await takeTurns();
  let checkpoints = 0;
  for (const id of ids) {
    if (pace.isDue()) await pace.step();
    requireTrial(db, id);
    checkpoints += listCheckpoints(db, id).length;
  }
  return { freesBytes: await bytesOnDisk(trialsDir, ids), checkpoints, trials: ids.length };
}

/** Disk use of the directories of these trials, bytes. */
export async function bytesOnDisk(trialsDir: string, ids: readonly number[]): Promise<number> {
  let total = 0;
  for (const id of ids) total += await directoryBytes(trialDirectories(trialsDir, id).root);
  return total;
}
