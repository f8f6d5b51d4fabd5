/** The flags that describe an experiment, shared by `submit` and `duplicate`, and how they change a configuration. */
import path from 'node:path';
import { Option } from 'commander';
import type { Command } from 'commander';
import { addAfterFlags, type AfterFlags } from './after-flags.ts';
import { collect } from './command-context.ts';
import { suggest } from '../text/nearest.ts';
import { usageError } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';
import {
  parseDurationS,
  parseEnvironmentVariable,
  parseHyperparameter,
  parseMount,
  parseWholeNumber,
  setNested,
} from './values.ts';

/** Shorter names are near to anything. */
const SHORTEST_MEANT = 3;

export interface ExperimentFlags extends AfterFlags {
  readonly name?: string;
  readonly set: readonly string[];
  readonly slots?: string;
  readonly gpus?: string;
  readonly minGpuMemory?: string;
  readonly gpuName?: string;
  readonly share?: string;
  readonly image?: string;
  readonly entrypoint?: string;
  readonly user?: string;
  readonly workdir?: string;
  readonly runtime?: string;
  readonly priority?: string;
  readonly pool?: string;
  readonly label: readonly string[];
  readonly env: readonly string[];
  readonly mount: readonly string[];
  readonly link: readonly string[];
  readonly timeLimit?: string;
  readonly grace?: string;
  readonly maxRestarts?: string;
  readonly keepCheckpoints?: string;
  readonly estimate?: string;
}

/** Adds the flags to a command. */
export function addExperimentFlags(command: Command): Command {
  return addAfterFlags(command)
    .option('-n, --name <text>', 'name of the experiment')
    .option(
      '-S, --set <key=value>',
      'hyperparameter, or with FILE: or a params.yaml a parameter of that file; dots for nested ones; ' +
        'lr=0.1,0.01 or seed=range(3) make a sweep (repeatable)',
      collect,
      [],
    )
    .option('-g, --slots <n>', 'GPUs it needs, 0 for none; --gpus means the same')
    .addOption(new Option('--gpus <n>').hideHelp().conflicts('slots'))
    .option('--min-gpu-memory <size>', 'least free memory on every GPU, for example "20 GiB"')
    .option('--gpu-name <pattern>', 'only GPUs whose name fits, for example "*A100*"')
    .option('--share <size>', 'take only this much of a GPU and share it')
    .option('--image <image>', 'Docker image')
    .option('--entrypoint <image>', '"image" keeps its ENTRYPOINT; the command becomes its arguments, none its CMD')
    .option('--user <image>', '"image" runs as its USER instead of you: root, or somebody with your id')
    .option('--workdir <image>', '"image" begins in its WORKDIR; the code is at $SWITCHYARD_WORK_DIR')
    .option('--runtime <kind>', 'docker or process')
    .option('-p, --priority <n>', '1 is first, 99 last, 42 the default')
    .option('--pool <id>', 'pool to queue in')
    .option('-l, --label <text>', 'label (repeatable)', collect, [])
    .option(
      '-e, --env <name=value>',
      'environment variable; NAME alone takes it over from here (repeatable)',
      collect,
      [],
    )
    .option(
      '--mount <host:container[:rw]>',
      'directory to show in the container, read-only unless :rw (repeatable)',
      collect,
      [],
    )
    .option(
      '--link <path[:rw]>',
      'file or directory of the original to show in the working copy instead of copying it, read-only unless :rw (repeatable)',
      collect,
      [],
    )
    .option('--time-limit <time>', 'how long one attempt may run, for example 2h')
    .option('--grace <time>', 'time between SIGTERM and SIGKILL, for example 60s')
    .option('--max-restarts <n>', 'restarts after a failure')
    .option('--keep-checkpoints <n>', 'keep the newest n checkpoints and remove older ones')
    .option('--estimate <time>', 'how long you expect it to run, for the forecast');
}

/**
 * @param config changed in place; keys are those of the YAML configuration
 * @param command argument vector for the trial, or null to keep the entrypoint
 * @param hasParameterFile the submitted directory has a params.yaml
 * @throws CliError for a value that cannot be read; what a value means is judged by the engine
 */
export async function applyExperimentFlags(
  config: Record<string, unknown>,
  flags: ExperimentFlags,
  command: readonly string[] | null,
  terminal: Terminal,
  hasParameterFile = false,
): Promise<void> {
  // One quoted word with spaces in it is a line for the shell, several words are an argument vector.
  if (command !== null)
    config['entrypoint'] = command.length === 1 && /\s/.test(command[0] ?? '') ? command[0] : [...command];
  if (flags.name !== undefined) config['name'] = flags.name;
  if (flags.runtime !== undefined) config['runtime'] = flags.runtime;
  if (flags.label.length > 0) config['labels'] = [...new Set([...listAt(config, 'labels'), ...flags.label])];
  if (flags.mount.length > 0)
    config['mounts'] = [
      ...listAt(config, 'mounts'),
      ...flags.mount.map((text) => parseMount(text, (host) => path.resolve(terminal.cwd, host))),
    ];
  if (flags.link.length > 0)
    config['links'] = [...listAt(config, 'links'), ...flags.link.map((text) => path.resolve(terminal.cwd, text))];
  if (flags.timeLimit !== undefined) config['time_limit_s'] = parseDurationS(flags.timeLimit, '--time-limit');
  if (flags.grace !== undefined) config['grace_period_s'] = parseDurationS(flags.grace, '--grace');
  if (flags.maxRestarts !== undefined)
    config['max_restarts'] = parseWholeNumber(flags.maxRestarts, '--max-restarts', 0, 1_000);
  const set = (key: readonly string[], value: unknown): void => {
    if (value !== undefined) setNested(config, key, value);
  };
  if (flags.keepCheckpoints !== undefined)
    set(['checkpoints', 'keep_last'], parseWholeNumber(flags.keepCheckpoints, '--keep-checkpoints', 1, 10_000));
  set(['environment', 'image'], flags.image);
  for (const part of ['entrypoint', 'user', 'workdir'] as const) set(['environment', part], flags[part]);
  // The image brings its own command.
  if (flags.entrypoint !== undefined && config['entrypoint'] === undefined) config['entrypoint'] = [];
  for (const text of flags.env) {
    const [name, value] = parseEnvironmentVariable(text, terminal.env);
    set(['environment', 'environment_variables', name], value);
  }
  const slots = flags.slots ?? flags.gpus;
  if (slots !== undefined)
    set(['resources', 'slots'], parseWholeNumber(slots, flags.slots === undefined ? '--gpus' : '--slots', 0, 64));
  if (flags.priority !== undefined)
    set(['resources', 'priority'], parseWholeNumber(flags.priority, '--priority', 1, 99));
  set(['resources', 'min_gpu_memory'], flags.minGpuMemory);
  set(['resources', 'gpu_name'], flags.gpuName);
  set(['resources', 'share'], flags.share);
  set(['resources', 'pool'], flags.pool);
  if (flags.estimate !== undefined)
    set(['resources', 'estimated_minutes'], parseDurationS(flags.estimate, '--estimate') / 60);
  if (flags.set.length > 0) {
    const { parse } = await import('yaml');
    const isChange = await changesFiles(flags.set, hasParameterFile);
    for (const text of flags.set) {
      if (isChange(text)) {
        config['set_params'] = [...listAt(config, 'set_params'), text];
        continue;
      }
      const hyperparameter = parseHyperparameter(text);
      refuseSlip(hyperparameter.path, config);
      set(['hyperparameters', ...hyperparameter.path], readYamlValue(hyperparameter.text, parse));
    }
  }
}

/**
 * A configuration that has hyperparameters has one with nearly this name: most likely that one was meant.
 * @throws CliError
 */
function refuseSlip([name = '']: readonly string[], config: Readonly<Record<string, unknown>>): void {
  const known = config['hyperparameters'];
  if (typeof known !== 'object' || known === null || Object.hasOwn(known, name) || name.length < SHORTEST_MEANT) return;
  if (JSON.stringify(config['entrypoint'] ?? '').includes(`{${name}`)) return;
  const near = suggest(name, Object.keys(known));
  if (near !== null)
    throw usageError(
      `-S ${name}: there is no hyperparameter of that name. Did you mean ${near}?`,
      `-S +${name}=VALUE adds it.`,
    );
}

/**
 * What a plain hyperparameter cannot be: a parameter of a file, several values, or something added or taken away. All of it is for the
 * engine to judge, which sees the files.
 * @param hasParameterFile the submitted directory has a params.yaml, which may have the key
 */
async function changesFiles(texts: readonly string[], hasParameterFile: boolean): Promise<(text: string) => boolean> {
  const special = /^(?:~|\+|[^=]*:)|=.*[,(]/s;
  if (!hasParameterFile && !texts.some((text) => special.test(text))) return () => false;
  const { parseByFile } = await import('../experiments/parameters/split-files.ts');
  return (text) => {
    if (hasParameterFile || /^(?:~|\+|[^=]*:)/.test(text)) return true;
    try {
      const [read] = parseByFile([text], '', () => 0);
      const [override] = read?.overrides ?? [];
      return override?.value !== undefined && 'sweep' in override.value;
    } catch {
      // Not of that grammar: YAML may read it.
      return false;
    }
  };
}

/** What is no YAML (an unbalanced bracket, say) is text: a shell user meant it so. */
function readYamlValue(text: string, parse: (text: string) => unknown): unknown {
  try {
    return parse(text) ?? null;
  } catch {
    return text;
  }
}

function listAt(config: Record<string, unknown>, key: string): unknown[] {
  const value = config[key];
  return Array.isArray(value) ? value : [];
}
