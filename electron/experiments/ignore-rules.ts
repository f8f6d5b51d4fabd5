/** What does not belong into a snapshot: the rules of .gitignore, .switchyardignore and .detignore files, nested ones too. Pure. */
import ignore from 'ignore';
import type { Ignore } from 'ignore';

/** Read in this order in every directory; a later rule wins over an earlier one, and a deeper file over one above it. */
export const IGNORE_FILES = ['.gitignore', '.switchyardignore', '.detignore'] as const;

/** Version control itself: never part of a snapshot, whatever the rules say. */
const NEVER: ReadonlySet<string> = new Set(['.git', '.hg', '.svn']);

/** Left out unless a rule asks for them ("!__pycache__/"). */
const DEFAULT_RULES = ['__pycache__/', '*.py[co]', '*$py.class', '.mypy_cache/', '.pytest_cache/', '.ruff_cache/', '.ipynb_checkpoints/', '.idea/', '.vscode/', '.DS_Store'];

interface Layer {
  /** Directory the rules belong to: '' or 'a/b/', relative to the root. */
  readonly prefix: string;
  readonly rules: Ignore;
}

/** The rules that hold in one directory, outermost first. */
export type IgnoreRules = readonly Layer[];

export const ROOT_RULES: IgnoreRules = [{ prefix: '', rules: ignore().add(DEFAULT_RULES) }];

/**
 * @param dir directory the files were found in: '' or 'a/b', relative to the root, with slashes
 * @param texts contents of its ignore files, in the order of IGNORE_FILES
 */
export function withRules(rules: IgnoreRules, dir: string, texts: readonly string[]): IgnoreRules {
  if (texts.length === 0) return rules;
  return [...rules, { prefix: dir === '' ? '' : `${dir}/`, rules: ignore().add(texts.flatMap((text) => text.split(/\r?\n/))) }];
}

/**
 * @param path relative to the root, with slashes; its parents are not ignored (an ignored directory is not entered)
 */
export function isIgnored(rules: IgnoreRules, path: string, isDirectory: boolean): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (NEVER.has(name)) return true;
  for (const layer of rules.toReversed()) {
    const result = layer.rules.test(path.slice(layer.prefix.length) + (isDirectory ? '/' : ''));
    if (result.ignored) return true;
    if (result.unignored) return false;
  }
  return false;
}
