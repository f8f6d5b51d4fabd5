/** What each word of an argument vector is to the program before it, as far as shells are concerned. Pure. */

/** word: reaches a program as it is. line: a shell reads it. unclear: a shell may read it, in a way that is not followed. */
export type WordRole = 'word' | 'line' | 'unclear';

const SHELLS: ReadonlySet<string> = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'ash']);
/** They put their words together to a line, or read them once more. */
const READ_AGAIN: ReadonlySet<string> = new Set(['ssh', 'su', 'eval']);
/** Options of a shell that the next word belongs to. */
const WITH_WORD = /^(?:[-+][oO]|--rcfile|--init-file)$/;

/** A shell may stand behind other programs (env, timeout, nice), and -c among other letters (-lc). */
export function wordRoles(words: readonly string[]): readonly WordRole[] {
  const roles: WordRole[] = words.map(() => 'word');
  for (const [at, word] of words.entries()) {
    const name = word.split('/').at(-1) ?? '';
    if (READ_AGAIN.has(name)) return roles.fill('unclear', at + 1);
    if (!SHELLS.has(name)) continue;
    let option = at + 1;
    while (/^[-+]/.test(words[option] ?? '') && !isLineOption(words[option] ?? ''))
      option += WITH_WORD.test(words[option] ?? '') ? 2 : 1;
    const letters = words[option] ?? '';
    if (!isLineOption(letters)) continue;
    if (/o/i.test(letters) || /^[-+]/.test(words[option + 1] ?? '')) return roles.fill('unclear', option + 1);
    roles[option + 1] = 'line';
    return roles;
  }
  return roles;
}

const isLineOption = (word: string): boolean => /^[-+][a-zA-Z]*c[a-zA-Z]*$/.test(word);
