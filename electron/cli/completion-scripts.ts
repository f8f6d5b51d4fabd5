/** Completion scripts made from the list of verbs. Pure. */

export interface CompletionVerb {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly string[];
  /** Words that may come first, for verbs with verbs of their own. */
  readonly words: readonly string[];
}

/** Single quotes for a POSIX shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

export function bashScript(verbs: readonly CompletionVerb[]): string {
  const cases = verbs.map((verb) => `    ${verb.name}) words=${quote([...verb.words, ...verb.flags].join(' '))} ;;`);
  return [
    '_switchyard() {',
    '  local current="${COMP_WORDS[COMP_CWORD]}" words=""',
    `  if [ "$COMP_CWORD" -eq 1 ]; then words=${quote(verbs.map((verb) => verb.name).join(' '))}`,
    '  else case "${COMP_WORDS[1]}" in',
    ...cases,
    '    esac',
    '  fi',
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '}',
    'complete -o default -F _switchyard switchyard',
  ].join('\n');
}

export function zshScript(verbs: readonly CompletionVerb[]): string {
  const escape = (text: string): string => text.replaceAll(':', '\\:');
  return [
    '#compdef switchyard',
    '_switchyard() {',
    '  local -a verbs',
    `  verbs=(${verbs.map((verb) => quote(`${verb.name}:${escape(verb.summary)}`)).join(' ')})`,
    '  if (( CURRENT == 2 )); then _describe verb verbs; return; fi',
    '  case "${words[2]}" in',
    ...verbs.map((verb) => `    ${verb.name}) compadd -- ${[...verb.words, ...verb.flags].map(quote).join(' ')} ;;`),
    '  esac',
    '  _files',
    '}',
    'if [ "$funcstack[1]" = "_switchyard" ]; then _switchyard "$@"; else compdef _switchyard switchyard; fi',
  ].join('\n');
}

export function fishScript(verbs: readonly CompletionVerb[]): string {
  const lines = ['complete -c switchyard -n __fish_use_subcommand -f'];
  for (const verb of verbs) {
    lines.push(`complete -c switchyard -n __fish_use_subcommand -f -a ${quote(verb.name)} -d ${quote(verb.summary)}`);
    for (const word of verb.words)
      lines.push(`complete -c switchyard -n ${quote(`__fish_seen_subcommand_from ${verb.name}`)} -f -a ${quote(word)}`);
    for (const flag of verb.flags)
      lines.push(
        `complete -c switchyard -n ${quote(`__fish_seen_subcommand_from ${verb.name}`)} -l ${quote(flag.replace(/^--/, ''))}`,
      );
  }
  return lines.join('\n');
}
