/**
 * What `-S` makes of the trials of an experiment: which file or hyperparameter each override is for, and with sweeps every variant. Pure;
 * the files come in as texts.
 *
 * An override that names no file is for the hyperparameter of that name where the configuration has it, else for params.yaml where that
 * has it. A key that is in neither is a new hyperparameter only where nothing else can be meant: the command has {key}, or there is no
 * params.yaml and no hyperparameter with a name like it.
 */
import type { ParameterChange } from '../../store/trial-spec.ts';
import { suggest } from '../../text/nearest.ts';
import { valueAt } from './apply-override.ts';
import { changeFile, readParameters } from './change-file.ts';
import { OverrideError, type Override } from './override.ts';
import { parseByFile, DEFAULT_FILE } from './split-files.ts';
import { expandSweeps, hasSweep, type FileOverrides } from './sweep.ts';
import { plain, toJson, type Value } from './value.ts';

/** Stands for the hyperparameters among the files; its suffix makes them JSON. */
const HYPERPARAMETERS = 'hyperparameters.json';
const FORBIDDEN: ReadonlySet<string> = new Set(['__proto__', 'prototype', 'constructor']);

type Hyperparameters = Readonly<Record<string, unknown>>;

export interface Variant {
  /** All of them, with what changes in files: what tells a trial from its neighbours can be seen and used in the command. */
  readonly hparams: Hyperparameters;
  readonly params: readonly ParameterChange[];
}

export interface VariantInput {
  readonly set: readonly string[];
  readonly hyperparameters: Hyperparameters;
  /** Names in braces in the command. */
  readonly inCommand: ReadonlySet<string>;
  /** The text of a parameter file; null = it is not there. Asked once a file. */
  readonly readFile: (file: string) => string | null;
  /** What the files hold cannot be asked: names are taken as they are. */
  readonly isBlind?: true;
  /** 0 to 1, for shuffled sweeps. */
  readonly random: () => number;
}

/** @throws OverrideError, FileFault in words */
export function planVariants(input: VariantInput): {
  readonly variants: readonly Variant[];
  readonly isSweep: boolean;
} {
  const texts = new Map<string, string | null>();
  const textOf = (file: string): string | null => {
    if (!texts.has(file)) texts.set(file, input.readFile(file));
    return texts.get(file) ?? null;
  };
  const files = assignFiles(input, textOf);
  return {
    isSweep: hasSweep(files),
    variants: expandSweeps(files, input.random).map((variant) => applyVariant(input, variant, textOf)),
  };
}

/** Each override with its file, in the order of each file's first. */
function assignFiles(input: VariantInput, textOf: (file: string) => string | null): FileOverrides[] {
  const byFile = new Map<string, Override[]>();
  for (const { file, overrides } of parseByFile(input.set, '', input.random))
    for (const override of overrides) {
      const forbidden = override.key.split('.').find((part) => FORBIDDEN.has(part));
      if (forbidden !== undefined) throw new OverrideError(override.text, `"${forbidden}" cannot be a name`);
      const target = file === '' ? targetOf(input, override, textOf) : file;
      byFile.set(target, [...(byFile.get(target) ?? []), override]);
    }
  return [...byFile].map(([file, overrides]) => ({ file, overrides }));
}

function targetOf(input: VariantInput, override: Override, textOf: (file: string) => string | null): string {
  const { hyperparameters } = input;
  const path = override.key.split('.');
  if (has(hyperparameters, path) || input.inCommand.has(override.key)) return HYPERPARAMETERS;
  const text = input.isBlind === true ? null : textOf(DEFAULT_FILE);
  if (text !== null) {
    const values = readParameters(DEFAULT_FILE, text);
    if (override.kind !== 'change' || valueAt(values, path) !== undefined) return DEFAULT_FILE;
    // Below a hyperparameter that is a map a new name is one more of it.
    if (path.length > 1 && has(hyperparameters, path.slice(0, 1))) return HYPERPARAMETERS;
    const near = suggest(override.key, Object.keys(hyperparameters));
    if (near === null) return DEFAULT_FILE;
  }
  if (override.kind === 'change') {
    const near = suggest(path[0] ?? '', Object.keys(hyperparameters));
    if (near !== null && near !== path[0])
      throw new OverrideError(
        override.text,
        `there is no hyperparameter '${override.key}'; did you mean '${near}'? (+${override.key}=... adds it)`,
      );
  }
  return HYPERPARAMETERS;
}

function applyVariant(
  input: VariantInput,
  variant: readonly FileOverrides[],
  textOf: (file: string) => string | null,
): Variant {
  let hparams: Hyperparameters = input.hyperparameters;
  const own = variant.find(({ file }) => file === HYPERPARAMETERS);
  if (own !== undefined) {
    const forced = own.overrides.map((override): Override =>
      override.kind === 'change' ? { ...override, kind: 'force' } : override,
    );
    hparams = toJson(changeFile(HYPERPARAMETERS, JSON.stringify(hparams), forced).values) as Hyperparameters;
  }
  const params: ParameterChange[] = [];
  for (const { file, overrides } of variant) {
    if (file === HYPERPARAMETERS) continue;
    params.push({ file, set: overrides.map(({ text }) => text) });
    const values = input.isBlind === true ? null : changeFile(file, textOf(file) ?? '', overrides).values;
    for (const override of overrides) hparams = noteChange(hparams, override, values);
  }
  return { hparams, params };
}

/** @param values of the changed file; null = not known */
function noteChange(hparams: Hyperparameters, override: Override, values: Value | null): Hyperparameters {
  const path = override.key.split('.');
  if (override.kind === 'delete') return hparams;
  const written =
    override.value !== undefined && 'element' in override.value ? plain(override.value.element) : undefined;
  const found = values === null ? written : valueAt(values, path);
  return found === undefined ? hparams : put(hparams, path, toJson(found));
}

function put(map: Hyperparameters, [key = '', ...rest]: readonly string[], value: unknown): Hyperparameters {
  if (rest.length === 0) return { ...map, [key]: value };
  const below = Object.hasOwn(map, key) ? map[key] : undefined;
  return { ...map, [key]: put(isRecord(below) ? below : {}, rest, value) };
}

function has(map: unknown, path: readonly string[]): boolean {
  let at = map;
  for (const step of path) {
    if (!isRecord(at) || !Object.hasOwn(at, step)) return false;
    at = at[step];
  }
  return true;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
