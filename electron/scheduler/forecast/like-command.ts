/**
 * What a trial runs, apart from with which parameters: runs of one program are compared by their parameters, wherever
 * those stand (in the hyperparameters, or as flags of the command). Pure.
 */

/** Parameter name -> value as text. */
export type Params = Readonly<Record<string, string>>;

/** Which runs a trial can be compared with. */
export interface LikeKey {
  /** Hash of the program, the directory it comes from, its image and its number of slots. */
  readonly estimateKey: string;
  readonly params: Params;
}

const NONE: Params = {};
/** A word, or one with quoted parts. */
const WORD = /(?:[^\s"']+|"[^"]*"|'[^']*')+/g;

/**
 * @param command as a person would type it
 * @returns the words that name the program, and its flags: `--lr 0.1`, `--lr=0.1`, `lr=0.1`; a flag alone has the value "true"
 */
export function splitCommand(command: string): { readonly program: readonly string[]; readonly params: Params } {
  const program: string[] = [];
  const params: Record<string, string> = {};
  const words = command.match(WORD) ?? [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    const pair = /^(?:--?)?([A-Za-z_][\w.-]*)=(.*)$/s.exec(word);
    if (pair !== null && program.length > 0) {
      params[pair[1] as string] = pair[2] as string;
    } else if (/^--[A-Za-z]/.test(word)) {
      const next = words[i + 1];
      const hasValue = next !== undefined && (!next.startsWith('-') || /^-[\d.]/.test(next));
      params[word.slice(2)] = hasValue ? next : 'true';
      if (hasValue) i++;
    } else program.push(word);
  }
  return { program, params };
}

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
