/** Where the files of a trial live, below <data>/trials/<id>. Pure path arithmetic. */
import path from 'node:path';

export interface TrialDirectories {
  readonly root: string;
  /** Writable copy of the snapshot, the working directory; kept across attempts. */
  readonly work: string;
  readonly checkpoints: string;
  readonly output: string;
}

/**
 * Where a trial works, on the host: in its own copy, or in the submitted directory itself.
 * Only the first is the trial's own, to be made and deleted with it.
 */
export function hostWorkDir(
  dirs: TrialDirectories,
  experiment: { readonly inPlace: boolean; readonly sourceDir: string | null } | null,
): string {
  return experiment !== null && experiment.inPlace && experiment.sourceDir !== null ? experiment.sourceDir : dirs.work;
}

export function trialDirectories(trialsDir: string, trialId: number): TrialDirectories {
  const root = path.join(trialsDir, String(trialId));
  return {
    root,
    work: path.join(root, 'work'),
    checkpoints: path.join(root, 'checkpoints'),
    output: path.join(root, 'output'),
  };
}

export interface AttemptFiles {
  readonly dir: string;
  /** Raw combined output. */
  readonly log: string;
  /** The runtime's own files. */
  readonly state: string;
  /** Shared with the trial: reports out, the stop wish and hyperparameters in. */
  readonly exchange: string;
  readonly reports: string;
  readonly stopWish: string;
  /** There once the program has asked whether to stop: it will see the wish by itself. */
  readonly stopAsked: string;
  readonly hparams: string;
}

export function attemptFiles(trialsDir: string, trialId: number, attempt: number): AttemptFiles {
  const dir = path.join(trialsDir, String(trialId), 'attempts', String(attempt));
  const exchange = path.join(dir, 'exchange');
  return {
    dir,
    log: path.join(dir, 'log'),
    state: path.join(dir, 'state'),
    exchange,
    reports: path.join(exchange, 'reports.jsonl'),
    stopWish: path.join(exchange, 'stop'),
    stopAsked: path.join(exchange, 'stop.asked'),
    hparams: path.join(exchange, 'hparams.json'),
  };
}
