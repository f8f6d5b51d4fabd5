/** A fork begins with a checkpoint of another trial: a copy of it lies among its own before it starts. */
import { constants } from 'node:fs';
import { cp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { LaunchError } from '../../ports/trial-runtime.ts';
import type { StartPoint } from '../../store/trial-spec.ts';
import { listFinishedCheckpoints } from '../files/checkpoints.ts';
import { trialDirectories } from '../files/directories.ts';

/**
 * Does nothing where the trial has checkpoints already. A copy appears under its name only when it is complete.
 * @param into the checkpoint directory of the new trial, which is there
 * @throws LaunchError when the old trial has none any more
 */
export async function bringCheckpoint(trialsDir: string, into: string, from: StartPoint): Promise<void> {
  if ((await listFinishedCheckpoints(into)).length > 0) return;
  const there = await listFinishedCheckpoints(trialDirectories(trialsDir, from.trialId).checkpoints);
  // The one that was the newest may have made room for newer ones since.
  const found = there.find(({ name }) => name === from.checkpoint) ?? there[0];
  if (found === undefined)
    throw new LaunchError(
      'launch_failed',
      `The checkpoint ${from.checkpoint} of #${from.trialId}, with which this trial begins, is gone.`,
      'Fork another trial, or duplicate this one to begin at the beginning.',
    );
  const draft = path.join(into, `.${found.name}.draft`);
  await rm(draft, { recursive: true, force: true });
  await cp(found.path, draft, {
    recursive: true,
    verbatimSymlinks: true,
    preserveTimestamps: true,
    mode: constants.COPYFILE_FICLONE,
  });
  await rename(draft, path.join(into, found.name));
}
