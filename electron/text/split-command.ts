/** The words of a command, told apart from the parameters among them. Pure. */

/** Parameter name -> value as text. */
export type Params = Readonly<Record<string, string>>;

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
