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

/** Whether one of our own rules could speak of a name: most names are asked of the user's rules alone. */
const MAY_BE_OWN =
  /^(__pycache__|[.](mypy|pytest|ruff)_cache|[.]ipynb_checkpoints|[.]idea|[.]vscode|[.]DS_Store|node_modules|wandb|mlruns)$|[.]py[co]$|[$]py[.]class$/;

interface Layer {
  /** Directory the rules belong to: '' or 'a/b/', relative to the root. */
  readonly prefix: string;
  /** Where the root lies below the directory of the rules: '' or 'a/b/'. */
  readonly below: string;
  readonly rules: Ignore;
  /** The file they are written in, relative to the root; null for rules of our own. */
  readonly file: string | null;
  /** Whether the user is told of what they leave out. */
  readonly isTold: boolean;
}

/** The rules that hold in one directory, outermost first. */
export type IgnoreRules = readonly Layer[];

/** Git tells capital letters from small ones where the file system does. */
const rulesOf = (lines: readonly string[]): Ignore => ignore({ ignorecase: false }).add(lines);

export const ROOT_RULES: IgnoreRules = [
  { prefix: '', below: '', rules: rulesOf(DEFAULT_RULES), file: null, isTold: false },
  { prefix: '', below: '', rules: rulesOf(TOLD_RULES), file: null, isTold: true },
];

/** `asked for`: a rule of the user's says that it belongs into the snapshot ("!venv/"). */
export type Verdict =
  | { readonly kind: 'kept' | 'asked for' }
  /** `rule`: what to tell the user; null = not worth telling. `isOwn`: no rule of the user's says so. */
  | { readonly kind: 'left out'; readonly rule: string | null; readonly isOwn: boolean };

const KEPT: Verdict = { kind: 'kept' };
const ASKED_FOR: Verdict = { kind: 'asked for' };
const QUIET: Verdict = { kind: 'left out', rule: null, isOwn: true };
/** What is said of a directory that is left out because of what it is. */
export const OWN_RULE = 'installed packages or records of a tool';

/**
 * @param dir directory the files were found in: '' or 'a/b', relative to the root, with slashes
 * @param texts contents of its ignore files by name
 */
export function withRules(
  rules: IgnoreRules,
  dir: string,
  texts: readonly { readonly name: string; readonly text: string }[],
): IgnoreRules {
  const prefix = dir === '' ? '' : `${dir}/`;
  return texts.length === 0
    ? rules
    : [
        ...rules,
        ...texts.map(({ name, text }) => ({
          prefix,
          below: '',
          rules: rulesOf(text.split(/\r?\n/)),
          file: `${prefix}${name}`,
          isTold: true,
        })),
      ];
}

/**
 * The rules of files above the root, outermost first.
 * @param below where the root lies below the directory they speak of: '' or 'a/b'
 * @param file as it is told to the user
 */
export function withOuterRules(rules: IgnoreRules, below: string, file: string, text: string): IgnoreRules {
  const outer = rulesOf(text.split(/\r?\n/));
  const place = below === '' ? '' : `${below}/`;
  // A directory that was submitted by its name is wanted, whatever a rule above says of all of it.
  if (place !== '' && outer.test(place).ignored) return rules;
  return [...rules, { prefix: '', below: place, rules: outer, file, isTold: true }];
}

/** Inside a directory that was asked for, our own rules begin anew; they would go on to leave out all below it. */
export function withinAskedFor(rules: IgnoreRules, dir: string): IgnoreRules {
  return rules.map((layer) => (layer.file === null ? { ...layer, prefix: `${dir}/` } : layer));
}

/**
 * @param path relative to the root, with slashes; its parents are not ignored (an ignored directory is not entered)
 */
export function judgePath(rules: IgnoreRules, path: string, isDirectory: boolean): Verdict {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (NEVER.has(name)) return QUIET;
  for (let at = rules.length - 1; at >= 0; at--) {
    const layer = rules[at] as Layer;
    if (layer.file === null && !MAY_BE_OWN.test(name)) continue;
    const result = layer.rules.test(layer.below + path.slice(layer.prefix.length) + (isDirectory ? '/' : ''));
    if (result.ignored) {
      if (!layer.isTold) return QUIET;
      return layer.file === null
        ? { kind: 'left out', rule: OWN_RULE, isOwn: true }
        : { kind: 'left out', rule: `"${result.rule?.pattern ?? '?'}" in ${layer.file}`, isOwn: false };
    }
    if (result.unignored) return ASKED_FOR;
  }
  return KEPT;
}

/** @returns whether the names in a directory are those of a virtual environment or of a conda environment */
export function isPythonEnvironment(names: ReadonlySet<string>): boolean {
  return names.has('pyvenv.cfg') || names.has('conda-meta');
}
