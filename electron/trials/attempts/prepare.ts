/**
 * Gets the files of an attempt ready: directories, the working copy, hyperparameters; then composes the launch.
 * Nearly all of it at once and beside the engine's own thread: a free slot waits for it, and on some file systems each new name costs
 * a good part of a millisecond.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import type { RuntimeKind } from '../../contract/states.ts';
import { LaunchError } from '../../ports/trial-runtime.ts';
import type { LaunchSpec, TrialRuntime } from '../../ports/trial-runtime.ts';
import type { SecretBox } from '../../ports/secret-box.ts';
import { listAttempts, type AttemptRow } from '../../store/attempts.ts';
import type { Store } from '../../store/database.ts';
import { getExperiment } from '../../store/experiments.ts';
import type { ParameterChange } from '../../store/trial-spec.ts';
import type { TrialRow } from '../../store/trials.ts';
import { pickLatestCheckpoint } from '../files/checkpoints.ts';
import { makeFirstDirectory } from '../removal/set-aside-leftovers.ts';
import { bringCheckpoint } from './bring-checkpoint.ts';
import { showLinks } from './show-links.ts';
import { ensureWorkingCopy } from './working-copy.ts';
import { composeLaunch } from './compose-launch.ts';
import { asksForStop } from '../files/stop-asked.ts';
import { writeRegular } from '../files/open-regular.ts';
import { attemptFiles, hostWorkDir, trialDirectories } from '../files/directories.ts';
import { noteWritten, type WrittenFiles } from '../files/written-parameters.ts';
import type { AttemptTokens } from './tokens.ts';

export interface Preparation {
  /** @throws Error with the file system's code (ENOSPC...) */
  prepare(trial: TrialRow, attempt: AttemptRow): Promise<LaunchSpec>;
  /** Tells the trial through a file that it should stop; the helper's should_stop() sees it. */
  wishStop(trialId: number, attempt: number): Promise<void>;
  /** Whether the program asks for that wish; the signal can wait then. */
  asksForStop(trialId: number, attempt: number): boolean;
}

export interface PreparationDeps {
  readonly store: Store;
  readonly trialsDir: string;
  readonly engineId: string;
  readonly helperDir: string;
  readonly secrets: SecretBox;
  readonly user: LaunchSpec['user'];
  /** Asked where a trial finds its directories. */
  readonly runtimes: ReadonlyMap<RuntimeKind, Pick<TrialRuntime, 'layOut'>>;
  readonly apiUrl: (runtime: RuntimeKind) => Promise<string | null>;
  /** Changes with every start of the machine; null when unknown. */
  readonly bootId: string | null;
  readonly materialize: (snapshot: string, workDir: string) => Promise<void>;
  /** Carries what a trial changes of its parameters into the files of a fresh copy. @throws LaunchError */
  readonly setParameters: (dir: string, changes: readonly ParameterChange[]) => Promise<WrittenFiles>;
  readonly tokens: Pick<AttemptTokens, 'take'>;
}

const DIRECTORY_MODE = 0o700;

export function createPreparation(deps: PreparationDeps): Preparation {
  return {
    async prepare(trial, attempt) {
      const experiment = getExperiment(deps.store.db, trial.experimentId);
      const dirs = trialDirectories(deps.trialsDir, trial.id);
      const files = attemptFiles(deps.trialsDir, trial.id, attempt.number);
      const work = hostWorkDir(dirs, experiment);
      const layout = deps.runtimes.get(attempt.runtime)?.layOut({
        work,
        inPlace: work !== dirs.work,
        checkpoints: dirs.checkpoints,
        output: dirs.output,
        exchange: files.exchange,
        helper: deps.helperDir,
      });
      if (layout === undefined) throw new Error(`no ${attempt.runtime} runtime`);
      // Before its first attempt nothing ran, and its directory is new.
      const isFirst = attempt.number === 1;
      if (isFirst) makeFirstDirectory(deps.trialsDir, dirs.root);
      // What is above the others at once: beside this thread each of its parents would take a turn of the event loop.
      mkdirSync(files.dir, { recursive: true, mode: DIRECTORY_MODE });
      const { links = [], startFrom } = trial.spec;
      const hasRun = !isFirst && listAttempts(deps.store.db, trial.id).some(({ startedAtMs }) => startedAtMs !== null);
      await Promise.all([
        makeDirectory(files.exchange).then(() => writeHparams(files.hparams, JSON.stringify(trial.hparams), isFirst)),
        makeDirectory(dirs.checkpoints).then(async () => {
          if (startFrom !== undefined) await bringCheckpoint(deps.trialsDir, dirs.checkpoints, startFrom);
        }),
        makeDirectory(dirs.output),
        work === dirs.work
          ? ensureWorkingCopy({
              work,
              snapshot: experiment?.snapshot ?? null,
              hasRun,
              bootId: deps.bootId,
              // A copy that is made anew after others ran (a freed one) would show what the snapshot has at the place of a link.
              materialize: async (snapshot, draft) => {
                await deps.materialize(snapshot, draft);
                await noteWritten(work, await deps.setParameters(draft, trial.spec.params ?? []));
                await showLinks(draft, links, attempt.runtime, true);
              },
            }).then(() => showLinks(work, links, attempt.runtime, !hasRun))
          : checkStillThere(work),
      ]);

      const openVariables = (sealed: string): Record<string, string> =>
        JSON.parse(deps.secrets.open(sealed)) as Record<string, string>;
      return composeLaunch({
        trial,
        layout,
        files,
        attemptKey: attempt.key,
        engineId: deps.engineId,
        slotUuids: attempt.slots,
        userEnv: experiment?.sealedEnv == null ? {} : openVariables(experiment.sealedEnv),
        shellEnv: experiment?.sealedShell == null ? null : openVariables(experiment.sealedShell),
        runtime: attempt.runtime,
        latestCheckpoint:
          isFirst && startFrom === undefined ? null : ((await pickLatestCheckpoint(dirs.checkpoints))?.name ?? null),
        token: deps.tokens.take(trial.id, attempt.number),
        apiUrl: await deps.apiUrl(attempt.runtime),
        user: deps.user,
      });
    },

    asksForStop: (trialId, attempt) => asksForStop(deps.trialsDir, trialId, attempt),

    wishStop: (trialId, attempt) => leaveStopWish(attemptFiles(deps.trialsDir, trialId, attempt).stopWish),
  };
}

/**
 * Never rejects: where no file can be made (no space, nothing prepared yet), the signal that follows says the same.
 * The trial can write there too: a link of its making is not followed ("wx": a container would empty files of the machine with it)
 * and a pipe is not waited for; whatever has this name already says "stop" just as well.
 */
export async function leaveStopWish(file: string): Promise<void> {
  await writeFile(file, '', { mode: 0o600, flag: 'wx' }).catch(() => undefined);
}

/** A trial that ran before may have put something in its place. */
async function writeHparams(file: string, text: string, isFirst: boolean): Promise<void> {
  if (isFirst) writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
  else await writeRegular(file, text);
}

async function makeDirectory(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: DIRECTORY_MODE });
}

async function checkStillThere(work: string): Promise<void> {
  if (
    await stat(work).then(
      (found) => found.isDirectory(),
      () => false,
    )
  )
    return;
  throw new LaunchError(
    'launch_failed',
    `The directory ${work}, in which the trial runs, is not there any more.`,
    'Bring it back and retry the trial, or submit it without --in-place, so that it gets a copy.',
  );
}
