/**
 * The composition root: opens the parts of the engine one on the other, connects them, and hands out their face.
 *
 * Each part knows those opened before it; what hears of something that comes later is connected in one list at the end.
 * What runs when the engine closes or dies runs on, and is taken up by the next start.
 */
import os from 'node:os';
import { SwitchyardError } from '../contract/errors.ts';
import { dataPaths, type DataPaths } from '../ports/data-dir.ts';
import type { Engine } from '../ports/engine-api.ts';
import { giveFromReserve } from '../store/reserve.ts';
import { explainStartError } from '../store/start-errors.ts';
import { createClosers, type Closers } from './closers.ts';
import { connect } from './connect.ts';
import type { EngineOptions } from './engine-options.ts';
import { openFace } from './open-face.ts';
import { openGround } from './open-ground.ts';
import { openMachine } from './open-machine.ts';
import { openPlans } from './open-plans.ts';
import { openScreen } from './open-screen.ts';
import { openTrials } from './open-trials.ts';
import { takeUp } from './take-up.ts';

/**
 * Starts the engine on a data directory.
 * @throws SwitchyardError data_dir_locked, database_newer, database_corrupt, database_busy, database_read_only, disk_full, forbidden
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const paths = dataPaths(options.dataDir, process.platform, process.env['XDG_RUNTIME_DIR'] ?? os.tmpdir());
  for (;;) {
    const closers = createClosers();
    try {
      return await compose(options, paths, closers);
    } catch (error) {
      // Why it could not start is what counts; what follows from it does not.
      await closers.closeAll(() => undefined);
      const explained = explainStartError(error, paths.dir);
      // An engine that runs can be asked what may go; one that cannot start helps nobody to free some space.
      const isFull = explained instanceof SwitchyardError && explained.code === 'disk_full';
      if (!isFull || !giveFromReserve(paths.reserve)) throw explained;
    }
  }
}

async function compose(options: EngineOptions, paths: DataPaths, closers: Closers): Promise<Engine> {
  const ground = openGround(options, paths, closers);
  const machine = openMachine(options, ground);
  const screen = openScreen(ground, machine);
  const trials = await openTrials(ground, machine, screen);
  const plans = openPlans(ground, machine, screen, trials);
  const parts = { ground, machine, screen, trials, plans };
  const follower = connect(parts);
  await takeUp(parts, follower);
  ground.log.info('engine started', { version: options.version, dataDir: paths.dir });
  return openFace(options, parts);
}
