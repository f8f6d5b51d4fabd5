/**
 * From what a user wrote to a valid ExperimentConfig, or to one sentence that says what is wrong and where. Pure.
 * Every fault is a SwitchyardError with the path of the value and, for YAML, its line.
 */
import { isCollection, LineCounter, parseDocument, stringify } from 'yaml';
import type { z } from '@hono/zod-openapi';
import { ExperimentConfig } from '../../contract/config.ts';
import type { ErrorCode } from '../../contract/errors.ts';
import { SwitchyardError } from '../../contract/errors.ts';
import { keysKnownAt, meantKey } from './config-keys.ts';
import { parseMemoryMiB } from '../../text/memory-text.ts';

/** Longer files are no configuration; the limit keeps a wrong file from being parsed for seconds. */
const MAX_YAML_CHARS = 1_000_000;
const MAX_DEPTH = 64;

/** 1-based line of the value at a path, where the source is known. */
type Locate = (path: readonly PropertyKey[]) => number | null;
const nowhere: Locate = () => null;

interface Fault {
  readonly code: ErrorCode;
  readonly path: readonly PropertyKey[];
  /** Reads on after the path, e.g. "must be a whole number". */
  readonly what: string;
  readonly remedy?: string;
  /** The sentence names the place itself. */
  readonly namesPlace?: true;
}

/**
 * Parses YAML without judging the keys.
 * @returns the mapping as plain data (what SubmitBody.config takes), and where each value stands
 * @throws SwitchyardError invalid_config with the line
 */
export function readConfigYaml(text: string): { readonly input: Record<string, unknown>; readonly lineOf: Locate } {
  if (text.length > MAX_YAML_CHARS) {
    throw new SwitchyardError(
      'invalid_config',
      `The configuration has ${text.length} characters; more than ${MAX_YAML_CHARS} are not read.`,
      {
        remedy: 'Check that this is the configuration file. Data belongs into the directory that is submitted.',
      },
    );
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const first = document.errors[0];
  if (first !== undefined) {
    const at = lines.linePos(first.pos[0]);
    throw new SwitchyardError(
      'invalid_config',
      `Line ${at.line}, column ${at.col}: the YAML cannot be read: ${first.message.replace(/\.?$/, '.')}`,
      {
        remedy: 'Check indentation, quotes and colons around that line.',
      },
    );
  }
  let input: unknown;
  try {
    input = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new SwitchyardError(
      'invalid_config',
      `The YAML cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
      {
        remedy: 'Write the values out instead of repeating them through aliases.',
      },
    );
  }
  const lineOf: Locate = (path) => {
    let node: unknown = document.contents;
    let offset: number | null = null;
    for (const part of path) {
      if (!isCollection(node)) break;
      const pair = node.items.find(
        (item) => typeof item === 'object' && item !== null && 'key' in item && String(item.key) === String(part),
      );
      const key =
        pair !== undefined && typeof pair === 'object' && pair !== null && 'key' in pair ? pair.key : undefined;
      const next: unknown = node.get(part, true);
      const start = rangeStart(key) ?? rangeStart(next);
      if (start === null) break;
      offset = start;
      node = next;
    }
    return offset === null ? null : lines.linePos(offset).line;
  };
  if (input === null || input === undefined) input = {};
  if (!isPlainObject(input)) {
    throw new SwitchyardError('invalid_config', 'The configuration must be a mapping of keys to values.', {
      remedy: 'Start with a line like "entrypoint: python train.py".',
    });
  }
  return { input, lineOf };
}

/**
 * @returns the valid configuration with every default filled in
 * @throws SwitchyardError with path and line
 */
export function parseConfigYaml(text: string): { readonly config: ExperimentConfig } {
  const { input, lineOf } = readConfigYaml(text);
  return validateConfig(input, lineOf);
}

/**
 * @param input what a client sent; trusted in nothing
 * @returns the valid configuration with every default filled in
 * @throws SwitchyardError unknown_key, invalid_priority, invalid_slots, command_missing or invalid_config, with the path
 */
export function validateConfig(input: unknown, lineOf: Locate = nowhere): { readonly config: ExperimentConfig } {
  if (!isPlainObject(input)) {
    throw new SwitchyardError('invalid_config', 'The configuration must be a mapping of keys to values.', {
      remedy: 'Send an object with at least an "entrypoint".',
    });
  }
  if (hasMoreValues(input, MAX_VALUES))
    throw new SwitchyardError(
      'invalid_config',
      `The configuration has more than ${MAX_VALUES} values, which none means to have.`,
      {
        remedy: 'Put long lists into a file of the project and read it in the program.',
      },
    );
  const unrepresentable = findUnrepresentable(input, []);
  if (unrepresentable !== null) throw toError([unrepresentable], lineOf);
  const parsed = ExperimentConfig.safeParse(withoutEmptyKeys(input, []), { reportInput: true });
  if (!parsed.success) {
    // A key under the wrong name is the cause of the "is missing" next to it, so it is told first.
    const faults = parsed.error.issues.flatMap((issue) => faultsOf(issue));
    throw toError(
      [
        ...faults.filter((fault) => fault.code === 'unknown_key'),
        ...faults.filter((fault) => fault.code !== 'unknown_key'),
      ],
      lineOf,
    );
  }
  const faults = [...meaningFaults(parsed.data)];
  if (faults.length > 0) throw toError(faults, lineOf);
  return { config: parsed.data };
}

/** Writes a configuration so that parseConfigYaml reads the same one back. */
export function dumpConfigYaml(config: ExperimentConfig): string {
  return stringify(config, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** Values of a configuration, lists and what is in them included. */
const MAX_VALUES = 10_000;
/** Only the first faults are told; looking for what the others meant would take seconds where there are many. */
const MAX_SUGGESTED = 5;
/** One more unknown key that is only counted. */
const UNTOLD_KEY: Fault = { code: 'unknown_key', path: [], what: 'unknown key.', namesPlace: true };

function faultsOf(issue: z.core.$ZodIssue): Fault[] {
  const path = issue.path;
  const key = path.map(String).join('.');
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((unknown, index) => (index < MAX_SUGGESTED ? unknownKey(unknown, path) : UNTOLD_KEY));
  if (path[0] === 'entrypoint') return [entrypointFault(issue.input, path)];
  if (key === 'resources.priority')
    return [{ code: 'invalid_priority', path, what: 'priority must be a whole number between 1 and 99; 1 is first.' }];
  if (key === 'resources.slots') {
    return [
      {
        code: 'invalid_slots',
        path,
        what: `${show(issue.input)} is not a number of GPUs; slots must be a whole number from 0 to 64.`,
        remedy: '0 runs the trial without a GPU.',
      },
    ];
  }
  if (/^resources\.(min_gpu_memory|share|memory|shm_size)$/.test(key)) {
    return [
      {
        code: 'invalid_config',
        path,
        what: `${show(issue.input)} is not an amount of memory.`,
        remedy: 'Write a number and a unit, for example "20 GiB", "8g" or "512m".',
      },
    ];
  }
  if (key === 'environment.environment_variables') {
    return [
      {
        code: 'invalid_config',
        path,
        what: 'must be a mapping of names to values.',
        remedy: 'Write "NAME: value" lines, not a list of NAME=value.',
      },
    ];
  }
  if (key.startsWith('environment.environment_variables.')) {
    // The value may be a password: an error is read in terminals and logs.
    return [{ code: 'invalid_config', path, what: 'must be text.', remedy: 'Put the value in quotes.' }];
  }
  if (
    issue.code === 'invalid_type' &&
    issue.expected === 'string' &&
    (typeof issue.input === 'number' || typeof issue.input === 'boolean')
  ) {
    return [
      {
        code: 'invalid_config',
        path,
        what: `${show(issue.input)} must be text.`,
        remedy: `Put it in quotes: "${String(issue.input)}".`,
      },
    ];
  }
  if (issue.code === 'invalid_type' && issue.input === undefined)
    return [{ code: 'invalid_config', path, what: 'is missing.' }];
  if (issue.code === 'invalid_type')
    return [
      {
        code: 'invalid_config',
        path,
        what: `must be ${ARTICLES[issue.expected] ?? issue.expected}, not ${show(issue.input)}.`,
      },
    ];
  if (issue.code === 'invalid_value')
    return [
      {
        code: 'invalid_config',
        path,
        what: `${show(issue.input)} is not one of ${issue.values.map(String).join(', ')}.`,
      },
    ];
  return [{ code: 'invalid_config', path, what: `${issue.message.replace(/\.?$/, '.')}` }];
}

const ARTICLES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping of keys to values',
  record: 'a mapping of names to values',
};

function unknownKey(key: string, parents: readonly PropertyKey[]): Fault {
  const meant = meantKey(key, parents);
  const path = [...parents, key];
  const inPlace =
    meant !== null && meant.includes('.') && parents.length > 0 ? meant.slice(meant.lastIndexOf('.') + 1) : meant;
  const samePlace =
    meant !== null && meant === [...parents.filter((part) => typeof part === 'string'), inPlace].join('.');
  const what = `unknown key "${clip(key)}"${parents.length === 0 ? '' : ` in ${pathText(parents)}`}.`;
  if (meant === null)
    return {
      code: 'unknown_key',
      path,
      what,
      remedy: `Known here: ${keysKnownAt(parents).join(', ')}.`,
      namesPlace: true,
    };
  return {
    code: 'unknown_key',
    path,
    what: `${what} Did you mean "${samePlace ? inPlace : meant}"?`,
    remedy: `Use ${meant}.`,
    namesPlace: true,
  };
}

function entrypointFault(value: unknown, path: readonly PropertyKey[]): Fault {
  if (value === undefined && path.length === 1) {
    return {
      code: 'command_missing',
      path,
      what: 'is missing: the trial has no command to run.',
      remedy: 'Add a line like "entrypoint: python train.py".',
    };
  }
  const odd = Array.isArray(value) ? value.findIndex((part) => typeof part !== 'string') : -1;
  if (odd >= 0 && Array.isArray(value)) {
    return {
      code: 'invalid_config',
      path: [...path, odd],
      what: `${show(value[odd])} must be text.`,
      remedy: `Put it in quotes: "${String(value[odd])}".`,
    };
  }
  if (value === '' || (Array.isArray(value) && value.length === 0)) {
    return {
      code: 'command_missing',
      path,
      what: 'is empty: the trial has no command to run.',
      remedy: 'Write the command, for example "python train.py".',
    };
  }
  return {
    code: 'invalid_config',
    path,
    what: 'must be a command line, or a list of at most 1000 words, of at most 65,536 characters.',
  };
}

/** What the schema cannot say. */
function* meaningFaults(config: ExperimentConfig): Generator<Fault> {
  const words = typeof config.entrypoint === 'string' ? [config.entrypoint] : config.entrypoint;
  if (words.some((word) => word.includes('\0')))
    yield {
      code: 'invalid_config',
      path: ['entrypoint'],
      what: 'contains a NUL character, which no command line can carry.',
    };
  const imageBringsIt = words.length === 0 && config.environment.entrypoint === 'image';
  if (!imageBringsIt && (words[0] ?? '').trim() === '')
    yield { code: 'command_missing', path: ['entrypoint'], what: 'is empty: the trial has no command to run.' };
  for (const field of ['min_gpu_memory', 'share', 'memory', 'shm_size'] as const) {
    const text = config.resources[field];
    if (text === undefined) continue;
    try {
      parseMemoryMiB(text, field);
    } catch (error) {
      if (!(error instanceof SwitchyardError)) throw error;
      yield {
        code: error.code,
        path: ['resources', field],
        what: error.message.slice(field.length + 2),
        ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
      };
    }
  }
  for (const [name, value] of Object.entries(config.environment.environment_variables)) {
    const path = ['environment', 'environment_variables', name];
    if (name === '' || /[=\0]/.test(name))
      yield {
        code: 'invalid_config',
        path,
        what: 'is not the name of an environment variable: it must not be empty or contain "=".',
      };
    else if (name.startsWith('SWITCHYARD_'))
      yield {
        code: 'invalid_config',
        path,
        what: 'is set by Switchyard and cannot be changed.',
        remedy: 'Choose a name that does not start with SWITCHYARD_.',
      };
    if (value.includes('\0'))
      yield { code: 'invalid_config', path, what: 'contains a NUL character, which no environment can carry.' };
  }
  const seen = new Set<string>();
  for (const [index, mount] of config.mounts.entries()) {
    const target = mount.container_path.replace(/\/+$/, '');
    const path = ['mounts', index, 'container_path'];
    if (target === '' || target.split('/').includes('..'))
      yield {
        code: 'invalid_config',
        path,
        what: `${show(mount.container_path)} cannot be mounted over.`,
        remedy: 'Name a directory below / without "..".',
      };
    else if (seen.has(target)) yield { code: 'invalid_config', path, what: `${show(target)} is mounted twice.` };
    seen.add(target);
  }
}

/** "resources:" with nothing below it, or a null from a client, is a key that was not given. */
function withoutEmptyKeys(value: unknown, path: readonly PropertyKey[]): unknown {
  const known = keysKnownAt(path);
  if (Array.isArray(value))
    return known.length === 0 ? value : value.map((item: unknown, index) => withoutEmptyKeys(item, [...path, index]));
  if (!isPlainObject(value) || known.length === 0) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, child]) => child !== null || !known.includes(key))
      .map(([key, child]) => [key, withoutEmptyKeys(child, [...path, key])]),
  );
}

/** Finds what JSON cannot carry (NaN, infinities) or no one needs (bottomless nesting), before it is lost silently. */
/** Looking at more would hold up everybody else; stops as soon as it knows. */
function hasMoreValues(input: unknown, most: number): boolean {
  let seen = 0;
  const pending = [input];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    for (const key in value) {
      seen += 1;
      if (seen > most) return true;
      pending.push((value as Record<string, unknown>)[key]);
    }
  }
  return false;
}

function findUnrepresentable(value: unknown, path: readonly PropertyKey[]): Fault | null {
  if (path.length > MAX_DEPTH)
    return { code: 'invalid_config', path: path.slice(0, 4), what: `is nested deeper than ${MAX_DEPTH} levels.` };
  if (typeof value === 'number' && !Number.isFinite(value))
    return { code: 'invalid_config', path, what: `${String(value)} is not a finite number.` };
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, child] of Object.entries(value)) {
    const fault = findUnrepresentable(child, [...path, Array.isArray(value) ? Number(key) : key]);
    if (fault !== null) return fault;
  }
  return null;
}

function toError(faults: readonly Fault[], lineOf: Locate): SwitchyardError {
  const describe = (fault: Fault): string => {
    const line = lineOf(fault.path);
    if (fault.namesPlace === true) return line === null ? fault.what.replace(/^u/, 'U') : `Line ${line}: ${fault.what}`;
    return `${line === null ? '' : `Line ${line}, `}${pathText(fault.path)}: ${fault.what}`;
  };
  const [first, ...others] = faults;
  if (first === undefined) return new SwitchyardError('invalid_config', 'The configuration is not valid.');
  const more =
    others.length === 0
      ? ''
      : ` Also: ${others.slice(0, 4).map(describe).join(' ')}${others.length > 4 ? ` And ${others.length - 4} more.` : ''}`;
  return new SwitchyardError(first.code, describe(first) + more, {
    path: first.path.map(String).join('.'),
    ...(first.remedy === undefined ? {} : { remedy: first.remedy }),
  });
}

function pathText(path: readonly PropertyKey[]): string {
  return clip(
    path
      .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`))
      .join(''),
  );
}

const clip = (text: string): string => (text.length > 120 ? `${text.slice(0, 120)}…` : text);
const show = (value: unknown): string =>
  value === undefined ? 'nothing' : clip(JSON.stringify(value) ?? typeof value);

function rangeStart(node: unknown): number | null {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return null;
  const start: unknown = node.range[0];
  return typeof start === 'number' ? start : null;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
