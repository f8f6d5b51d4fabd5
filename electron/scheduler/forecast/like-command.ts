/**
 * What a trial runs, apart from with which parameters: runs of one program are compared by their parameters, wherever
 * those stand (in the hyperparameters, or as flags of the command). Pure.
 */
import { splitCommand, type Params } from '../../text/split-command.ts';

/** Which runs a trial can be compared with. */
export interface LikeKey {
  /** Hash of the program, the directory it comes from, its image and its number of slots. */
  readonly estimateKey: string;
  readonly params: Params;
}

const NONE: Params = {};

/** @returns what the trial is compared by. */
export function likeKeyOf(row: {
  readonly estimateKey: string;
  readonly hparams: Readonly<Record<string, unknown>>;
  readonly spec: { readonly command: string };
}): LikeKey {
  const params: Record<string, string> = { ...splitCommand(row.spec.command).params };
  for (const [name, value] of Object.entries(row.hparams))
    params[name] = typeof value === 'string' ? value : JSON.stringify(value);
  return { estimateKey: row.estimateKey, params: Object.keys(params).length === 0 ? NONE : params };
}
