/** Which trials an experiment begins with: one, all of a sweep, or the first of a search. Reads parameter files and changes nothing. */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import type { ExperimentConfig } from '../contract/config.ts';
import { SwitchyardError } from '../contract/errors.ts';
import type { ExperimentKind } from '../contract/experiments.ts';
import { openRegular } from '../trials/files/open-regular.ts';
import { namesInCommand } from './config/fill-command.ts';
import type { SweepMember } from './config/resolve-config.ts';
import { MAX_FILE } from './parameters/change-file.ts';
import { FileFault } from './parameters/files/format.ts';
import { OverrideError } from './parameters/override.ts';
import { planVariants } from './parameters/plan-variants.ts';
import { DEFAULT_FILE, splitByFile } from './parameters/split-files.ts';
import { readHyperparameter, SpaceFault } from './searchers/hyperparameters.ts';
import { previewSearch, type SearchPreview } from './searchers/preview.ts';
import { startSearch, type Search, type SearchState } from './searchers/search.ts';
import { readSearcher, type StoredSearcher } from './searchers/searcher-config.ts';

/** More trials than these are meant only by who says so. */
export const TRIALS_WITHOUT_A_WORD = 200;
/** A search with more would be written anew with each of its steps; nobody has the GPUs either. */
const MOST_TRIALS = 10_000;

export interface TrialPlan {
  readonly kind: ExperimentKind;
  /** At least one; of a single trial the name means nothing. */
  readonly members: readonly SweepMember[];
  /** How many there will be. */
  readonly count: number;
  readonly search: {
    readonly config: StoredSearcher;
    readonly seed: number;
    readonly state: SearchState;
    readonly preview: SearchPreview;
  } | null;
}

export interface PlanInput {
  readonly config: ExperimentConfig;
  /** null: there is no directory. */
  readonly sourceDir: string | null;
  /** snapshot: files cannot be read any more; what they hold is looked at when a trial starts. */
  readonly source: 'directory' | 'in_place' | 'none' | 'snapshot';
  readonly random: () => number;
}

/** @throws SwitchyardError invalid_config naming the override or the key */
export async function planTrials(input: PlanInput): Promise<TrialPlan> {
  const { config } = input;
  const { variants, isSweep } = await planOverrides(input);
  if (config.searcher === undefined) {
    for (const { hparams } of variants.slice(0, 1)) refuseRanges(hparams, []);
    const members = variants.map((variant, at) => ({ name: `t${at + 1}`, ...variant }));
    return { kind: isSweep ? 'sweep' : 'single', members, count: members.length, search: null };
  }
  const [only] = variants;
  if (only === undefined || isSweep)
    throw new SwitchyardError('invalid_config', 'A sweep in -S and a searcher exclude each other.', {
      path: 'set_params',
      remedy: 'Give single values with -S, or leave the searcher out of the configuration.',
    });
  try {
    const search: Search = {
      config: readSearcher(config.searcher),
      space: readHyperparameter(only.hparams, ''),
    };
    const preview = previewSearch(search);
    if (preview.trials > MOST_TRIALS)
      throw new SpaceFault(
        `searcher: it makes ${preview.trials.toLocaleString('en-US')} trials; more than ${MOST_TRIALS.toLocaleString('en-US')} cannot be searched`,
      );
    const seed = config.reproducibility?.experiment_seed ?? Math.floor(input.random() * 2 ** 32);
    const { state, actions } = startSearch(search, seed);
    const members = actions.flatMap((action) =>
      action.kind === 'create' ? [{ name: action.trial, hparams: action.hyperparameters, params: only.params }] : [],
    );
    return search.config.name === 'single'
      ? { kind: 'single', members, count: 1, search: null }
      : {
          kind: 'search',
          members,
          count: preview.trials,
          search: { config: { ...search.config, space: only.hparams }, seed, state, preview },
        };
  } catch (error) {
    if (!(error instanceof SpaceFault)) throw error;
    throw searchFault(error);
  }
}

function searchFault({ message }: SpaceFault): SwitchyardError {
  const [place = ''] = message.split(':', 1);
  return new SwitchyardError('invalid_config', `${message}.`, {
    path: place.startsWith('searcher') ? place : `hyperparameters.${place}`,
  });
}

async function planOverrides({
  config,
  sourceDir,
  source,
  random,
}: PlanInput): Promise<ReturnType<typeof planVariants>> {
  const { set_params: set, hyperparameters } = config;
  if (set.length === 0) return { variants: [{ hparams: hyperparameters, params: [] }], isSweep: false };
  const texts = new Map<string, string | null>();
  const named = [...splitByFile(set, '').keys()].filter((file) => file !== '');
  for (const file of named) checkPlace(file);
  if (source === 'directory' && sourceDir !== null)
    for (const file of new Set([...named, DEFAULT_FILE])) texts.set(file, await readInside(sourceDir, file));
  for (const file of named) {
    if (source === 'in_place')
      throw new SwitchyardError('invalid_config', `-S would change ${file} in your own directory.`, {
        path: 'set_params',
        remedy: 'Without --in-place the trial gets a copy, and the file is changed there.',
      });
    if (source === 'none')
      throw new SwitchyardError('invalid_config', `There is no ${file} to change: the trial has no directory.`, {
        path: 'set_params',
        remedy: `Submit the directory that ${file} is in.`,
      });
  }
  try {
    return planVariants({
      set,
      hyperparameters,
      inCommand: namesInCommand(config.entrypoint),
      readFile: (file) => texts.get(file) ?? null,
      ...(source === 'snapshot' ? { isBlind: true } : {}),
      random,
    });
  } catch (error) {
    if (error instanceof OverrideError)
      throw new SwitchyardError(
        'invalid_config',
        error.at === null
          ? `-S ${error.override.slice(0, 200)}: ${error.message}.`
          : `-S ${error.override.slice(0, 200)}: at character ${error.at + 1}: ${error.message}.`,
        { path: 'set_params', remedy: 'See what -S makes of the file with: switchyard params FILE -S ...' },
      );
    if (error instanceof FileFault)
      throw new SwitchyardError('invalid_config', `${error.message}.`, { path: 'set_params' });
    throw error;
  }
}

/** @throws SwitchyardError for a path that leads out of the working copy */
function checkPlace(file: string): void {
  const parts = file.split(/[\\/]/);
  if (!path.isAbsolute(file) && !parts.includes('..') && !file.includes('\0')) return;
  throw new SwitchyardError('invalid_config', `-S ${file}: a parameter file lies in the submitted directory.`, {
    path: 'set_params',
    remedy: 'Name it relative to that directory, without "..".',
  });
}

/** @returns the text; null = there is no such file. @throws SwitchyardError for a link out of the directory, and a file too large */
async function readInside(dir: string, file: string): Promise<string | null> {
  const at = path.join(dir, file);
  const [root, parent] = await Promise.all([real(dir), real(path.dirname(at))]);
  if (root === null || parent === null) return null;
  if (parent !== root && !parent.startsWith(`${root}${path.sep}`)) {
    throw new SwitchyardError('invalid_config', `-S ${file}: it lies behind a link that leads out of ${dir}.`, {
      path: 'set_params',
    });
  }
  const handle = await openRegular(at);
  if (handle === null) return null;
  try {
    const { size } = await handle.stat();
    if (size > MAX_FILE)
      throw new SwitchyardError(
        'invalid_config',
        `${file} has ${size} bytes; a parameter file has at most ${MAX_FILE}.`,
        {
          path: 'set_params',
        },
      );
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

const real = (at: string): Promise<string | null> => realpath(at).catch(() => null);

const RANGES: ReadonlySet<unknown> = new Set(['int', 'double', 'log']);

/** What only a searcher understands would reach the program as a map. @throws SwitchyardError */
function refuseRanges(value: unknown, route: readonly string[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  const map = value as Readonly<Record<string, unknown>>;
  const isRange = RANGES.has(map['type']) && 'minval' in map && 'maxval' in map;
  if (isRange || (map['type'] === 'categorical' && Array.isArray(map['vals'])))
    throw new SwitchyardError(
      'invalid_config',
      `hyperparameters.${route.join('.')} is a range (${String(map['type'])}), but no searcher chooses from it.`,
      {
        path: `hyperparameters.${route.join('.')}`,
        remedy: 'Add a "searcher" (name: random, grid or adaptive_asha), or give one value.',
      },
    );
  for (const [key, child] of Object.entries(map)) refuseRanges(child, [...route, key]);
}

/** @throws SwitchyardError too_many_trials where nobody said that so many are meant */
export function checkCount(count: number, allowed: number | undefined): void {
  const limit = Math.max(TRIALS_WITHOUT_A_WORD, allowed ?? 0);
  if (count <= limit) return;
  const many = count.toLocaleString('en-US');
  throw new SwitchyardError(
    'too_many_trials',
    `This makes ${many} trials, more than ${limit.toLocaleString('en-US')}.`,
    {
      remedy: `If so many are meant, say so: --allow-trials ${count} (allowTrials).`,
    },
  );
}
