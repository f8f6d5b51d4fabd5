/** What does not belong into a snapshot: the rules of .gitignore, .switchyardignore and .detignore files, nested ones too. Pure. */
import ignore from 'ignore';
import type { Ignore } from 'ignore';

/** Read in this order in every directory; a later rule wins over an earlier one, and a deeper file over one above it. */
export const IGNORE_FILES = ['.gitignore', '.switchyardignore', '.detignore'] as const;

/** Version control itself: never part of a snapshot, whatever the rules say. */
const NEVER: ReadonlySet<string> = new Set(['.git', '.hg', '.svn']);

/** Left out unless a rule asks for them ("!__pycache__/"). */
const DEFAULT_RULES = [
  '__pycache__/',
  '*.py[co]',
  '*$py.class',
  '.mypy_cache/',
  '.pytest_cache/',
  '.ruff_cache/',
  '.ipynb_checkpoints/',
  '.idea/',
  '.vscode/',
  '.DS_Store',
];

/** Left out too unless a rule asks for them, and told to the user: installed packages and the records of tracking tools. */
const TOLD_RULES = ['node_modules/', '/wandb/', '/mlruns/'];

interface Layer {
  /** Directory the rules belong to: '' or 'a/b/', relative to the root. */
  readonly prefix: string;
  readonly rules: Ignore;
  /** Our own rules, not the user's; what `told` ones leave out is told. */
  readonly own?: 'quiet' | 'told';
}

/** The rules that hold in one directory, outermost first. */
export type IgnoreRules = readonly Layer[];

export const ROOT_RULES: IgnoreRules = [
  { prefix: '', rules: ignore().add(DEFAULT_RULES), own: 'quiet' },
  { prefix: '', rules: ignore().add(TOLD_RULES), own: 'told' },
];

/** `asked for`: a rule of the user's says that it belongs into the snapshot ("!venv/"). `told`: left out by us, and the user should know. */
export type Verdict = 'kept' | 'asked for' | 'ignored' | 'told';

/**
 * @param dir directory the files were found in: '' or 'a/b', relative to the root, with slashes
 * @param texts contents of its ignore files, in the order of IGNORE_FILES
 */
export function withRules(rules: IgnoreRules, dir: string, texts: readonly string[]): IgnoreRules {
  if (texts.length === 0) return rules;
  return [
    ...rules,
    { prefix: dir === '' ? '' : `${dir}/`, rules: ignore().add(texts.flatMap((text) => text.split(/\r?\n/))) },
  ];
}

/** Inside a directory that was asked for, our own rules begin anew; they would go on to leave out all below it. */
export function withinAskedFor(rules: IgnoreRules, dir: string): IgnoreRules {
  return rules.map((layer) => (layer.own === undefined ? layer : { ...layer, prefix: `${dir}/` }));
}

/**
 * @param path relative to the root, with slashes; its parents are not ignored (an ignored directory is not entered)
 */
export function judgePath(rules: IgnoreRules, path: string, isDirectory: boolean): Verdict {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (NEVER.has(name)) return 'ignored';
  for (const layer of rules.toReversed()) {
    const result = layer.rules.test(path.slice(layer.prefix.length) + (isDirectory ? '/' : ''));
    if (result.ignored) return layer.own === 'told' ? 'told' : 'ignored';
    if (result.unignored) return 'asked for';
  }
  return 'kept';
}

/** @returns whether the names in a directory are those of a virtual environment or of a conda environment */
export function isPythonEnvironment(names: ReadonlySet<string>): boolean {
  return names.has('pyvenv.cfg') || names.has('conda-meta');
}
