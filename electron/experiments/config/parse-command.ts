/** What of a command can be told without running it: its program, and the script an interpreter is given. Pure. */

/** Words that the shell itself knows: no program of that name need be there. */
const OF_SHELL = new Set(
  (
    '! . : [ [[ { alias bg break builtin case cd command continue declare do done echo else esac eval exit export false fc fg fi for ' +
    'function getopts hash if jobs kill let local popd printf pushd pwd read readonly return select set shift shopt source test then time ' +
    'times trap true type typeset ulimit umask unalias unset until wait while'
  ).split(' '),
);
/** A word that means itself: bare, or quoted without anything in it that is replaced. */
const WORD = /(?:[\w@%+=:,./-]|'[^'\n]*'|"[^"$`\\\n]*")+(?=[\s|<>;&]|$)/y;
/** After the first command: what runs whether or not it can be started. */
const GOES_ON_ANYWAY = /\|\||;|\n|(?<![>&])&(?![>&])/;

/**
 * @param entrypoint an argument vector, or a line for the shell
 * @returns the words of the command it begins with, as far as they mean themselves; [] where only the shell can tell
 */
export function readCommandWords(entrypoint: string | readonly string[]): readonly string[] {
  if (typeof entrypoint !== 'string') return entrypoint;
  const line = entrypoint.trim();
  const words: string[] = [];
  let at = 0;
  for (;;) {
    WORD.lastIndex = at;
    const word = WORD.exec(line)?.[0];
    if (word === undefined) break;
    words.push(word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'));
    at += word.length;
    at += /^[ \t]*/.exec(line.slice(at))?.[0].length ?? 0;
  }
  if (GOES_ON_ANYWAY.test(line.slice(at))) return [];
  let first = 0;
  for (; /^[A-Za-z_]\w*=/.test(words[first] ?? ''); first++) if (words[first]?.startsWith('PATH=') === true) return [];
  if (words[first] === 'exec') first++;
  return OF_SHELL.has(words[first] ?? '') ? [] : words.slice(first);
}

const PYTHON = /^(?:python|pypy)[\d.]*$/;
const SHELL = /^(?:sh|bash|dash|zsh|ksh)$/;
/** Interpreters whose first word, where it is no option, is their script. */
const OTHERS = /^(?:node|Rscript|julia|perl|ruby|bun|deno)$/;
const SCRIPT_NAME = /[.](?:sh|bash|zsh|js|mjs|cjs|ts|mts|R|r|jl|pl|rb)$/;

/**
 * @param words of a command
 * @returns the file that its interpreter will read as the program, as written; null when it is given none, or it cannot be told
 */
export function scriptOf(words: readonly string[]): string | null {
  const program = words[0]?.split('/').at(-1) ?? '';
  if (PYTHON.test(program)) return pythonScript(words.slice(1));
  if (!SHELL.test(program) && !OTHERS.test(program)) return null;
  const script = words.slice(1).find((word) => !/^-[euxv]+$/.test(word)) ?? '';
  // Others find a name without an ending in places of their own.
  return SCRIPT_NAME.test(script) && !script.startsWith('-') ? script : null;
}

function pythonScript(words: readonly string[]): string | null {
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (!word.startsWith('-')) return word === '' ? null : word;
    // A module, a program in the command itself, standard input, or an option with words of its own.
    if (/^-[A-Za-z]*[cm]/.test(word) || word === '-' || word.startsWith('--')) return null;
    if (word === '-W' || word === '-X') at++;
  }
  return null;
}
