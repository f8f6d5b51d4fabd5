/**
 * Hyperparameters written into the command of a trial, so that a value is said once. Pure.
 *
 * `{lr}` and `${lr}` become the value of the hyperparameter lr, `{model.depth}` that of a nested one. Only names of hyperparameters are
 * replaced: a shell's own `${HOME}` and `{a,b}` stay as they are. A name in braces that is nearly one of a hyperparameter is an error;
 * after a `$` it may be a variable of the shell. Doubled braces stand for themselves: `{{lr}}` becomes `{lr}`.
 */
import { SwitchyardError } from '../../contract/errors.ts';
import { splitCommand } from '../../text/split-command.ts';
import { suggest } from '../../text/nearest.ts';
import { contextAfter, firstContext, quoteWithin } from './shell-quotes.ts';
import { wordRoles, type WordRole } from './word-roles.ts';

export type Entrypoint = string | readonly string[];

export interface FilledCommand {
  readonly entrypoint: Entrypoint;
  /** Names of the hyperparameters that stand in it, in their order. */
  readonly used: readonly string[];
  /** Names in braces that are no hyperparameters and are all of a word or of a flag's value: most likely one was forgotten. */
  readonly unset: readonly string[];
}

const PLACE = /\{\{([A-Za-z_][\w.-]*)\}\}|\$?\{([A-Za-z_][\w.-]*)\}/g;
const WHOLE_WORD = /^(?:-[\w-]+=)?\{([A-Za-z_][\w.-]*)\}$/;
/** The system takes no longer argument. */
const LONGEST = 131_000;
/** Shorter names are near to anything. */
const SHORTEST_MEANT = 3;
const MOST_LOOKED_UP = 20;

/**
 * @param entrypoint a line for the shell, or an argument vector
 * @throws SwitchyardError invalid_config
 */
export function fillCommand(entrypoint: Entrypoint, hyperparameters: Readonly<Record<string, unknown>>): FilledCommand {
  const values = flatten(hyperparameters);
  const unset = findUnset(entrypoint, values);
  if (values.size === 0) return { entrypoint, used: [], unset };
  const used = new Set<string>();
  const nearest = createNearest(values);
  const fill = (text: string, role: WordRole): string => fillText(text, values, role, used, nearest);
  if (typeof entrypoint === 'string') return { entrypoint: fill(entrypoint, 'line'), used: [...used], unset };
  const roles = wordRoles(entrypoint);
  const filled = entrypoint.map((word, at) => fill(word, roles[at] ?? 'word'));
  return { entrypoint: filled, used: [...used], unset };
}

/** @returns every name in braces, whatever it is */
export function namesInCommand(entrypoint: Entrypoint): ReadonlySet<string> {
  const words = typeof entrypoint === 'string' ? [entrypoint] : entrypoint;
  return new Set(words.flatMap((word) => [...word.matchAll(PLACE)].flatMap(([, , single]) => single ?? [])));
}

function findUnset(entrypoint: Entrypoint, values: ReadonlyMap<string, unknown>): string[] {
  const words = typeof entrypoint === 'string' ? entrypoint.split(/\s+/) : entrypoint;
  const names = words.flatMap((word) => WHOLE_WORD.exec(word)?.[1] ?? []);
  return [...new Set(names)].filter((name) => !values.has(name));
}

/** Every value under its name with dots, and every map as a whole. */
function flatten(
  map: Readonly<Record<string, unknown>>,
  prefix = '',
  into = new Map<string, unknown>(),
): Map<string, unknown> {
  for (const [key, value] of Object.entries(map)) {
    into.set(`${prefix}${key}`, value);
    if (isMap(value)) flatten(value, `${prefix}${key}.`, into);
  }
  return into;
}

/** @returns the hyperparameter that was probably meant. Only the first few names are looked up: looking takes time where there are many. */
function createNearest(values: ReadonlyMap<string, unknown>): (name: string) => string | null {
  const known = new Map<string, string | null>();
  return (name) => {
    if (!known.has(name) && name.length >= SHORTEST_MEANT && known.size < MOST_LOOKED_UP)
      known.set(name, suggest(name, values.keys()));
    return known.get(name) ?? null;
  };
}

function fillText(
  text: string,
  values: ReadonlyMap<string, unknown>,
  role: WordRole,
  used: Set<string>,
  nearest: (name: string) => string | null,
): string {
  let filled = '';
  let from = 0;
  let context = role === 'line' ? firstContext(text) : 'unclear';
  for (const match of text.matchAll(PLACE)) {
    const [whole, doubled, single] = match;
    const between = text.slice(from, match.index);
    const name = doubled ?? single ?? '';
    if (role === 'line') context = contextAfter(between, context, from === 0);
    filled += between;
    from = match.index + whole.length;
    const near = values.has(name) || whole.startsWith('$') ? null : nearest(name);
    if (near !== null && doubled === undefined) throw notMeant(name, near);
    if (doubled !== undefined) filled += values.has(name) || near !== null ? `{${name}}` : whole;
    else if (!values.has(name)) filled += whole;
    else {
      used.add(name);
      const value = asText(values.get(name));
      const piece = role === 'word' ? value : quoteWithin(value, context);
      if (piece === null) throw notOnePiece(name);
      filled += piece;
    }
    if (filled.length > LONGEST) throw tooLong(name);
  }
  filled += text.slice(from);
  if (filled.includes('\0') && !text.includes('\0'))
    throw new SwitchyardError(
      'invalid_config',
      'A hyperparameter has a NUL character, which no command line can carry.',
      {
        path: 'hyperparameters',
      },
    );
  return filled;
}

const notMeant = (name: string, near: string): SwitchyardError =>
  new SwitchyardError('invalid_config', `{${name}} in the command is no hyperparameter. Did you mean {${near}}?`, {
    path: 'entrypoint',
    remedy: `Write {${near}}. If the program is to see {${name}} as it stands, double the braces: {{${name}}}.`,
  });

const notOnePiece = (name: string): SwitchyardError =>
  new SwitchyardError(
    'invalid_config',
    `{${name}} stands in a here-document, a substitution, after a backslash, or in a line that another shell reads once more: ` +
      'characters of its value would become part of the command.',
    {
      path: `hyperparameters.${name}`,
      remedy:
        'There a value may have letters, digits and @%+=:,./- only. Put it into simple quotes elsewhere, or let the program ' +
        'read it from the JSON file that SWITCHYARD_HPARAMS names.',
    },
  );

const tooLong = (name: string): SwitchyardError =>
  new SwitchyardError('invalid_config', `With {${name}} filled in, the command is longer than the system allows.`, {
    path: 'entrypoint',
    remedy: 'Let the program read it from the JSON file that SWITCHYARD_HPARAMS names.',
  });

const asText = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

/**
 * A run is shown with its hyperparameters and compared by them: where its command gives one of them as a flag, both must say the same.
 * @param changed only these are looked at; null = all
 * @throws SwitchyardError invalid_config
 */
export function checkSaidTwice(
  command: string,
  hyperparameters: Readonly<Record<string, unknown>>,
  before: Readonly<Record<string, unknown>> | null,
): void {
  const values = flatten(hyperparameters);
  const old = before === null ? null : flatten(before);
  const flags = new Map(
    Object.entries(splitCommand(command).params).map(([name, text]) => [plainName(name), { name, text }]),
  );
  for (const [name, value] of values) {
    const flag = flags.get(plainName(name));
    if (flag === undefined || isMap(value) || saysSame(flag.text, value)) continue;
    if (old !== null && asText(old.get(name)) === asText(value) && old.has(name)) continue;
    throw new SwitchyardError(
      'invalid_config',
      `The command says ${flag.name} ${flag.text}, but the hyperparameter ${name} is ${asText(value)}: ` +
        'the run would be shown with a value that it does not use.',
      {
        path: `hyperparameters.${name}`,
        remedy: `Write {${name}} in the command in place of ${flag.text}, so that the value is said once and -S changes it.`,
      },
    );
  }
}

const plainName = (name: string): string => name.toLowerCase().replaceAll('-', '_');

function saysSame(flag: string, value: unknown): boolean {
  const text = flag.replace(/^(["'])(.*)\1$/s, '$2');
  // Filled in later, by us or by the shell.
  if (/[{$`]/.test(text)) return true;
  // A flag alone: it switches something on.
  if (text === 'true') return value !== false;
  if (typeof value === 'number') return text.trim() !== '' && Number(text) === value;
  return text.toLowerCase() === asText(value).toLowerCase();
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
