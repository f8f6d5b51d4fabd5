/** `switchyard submit` */
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { readConfigYaml } from '../../experiments/config/parse-config.ts';
import type { SubmitBodyInput, SubmitResult } from '../../contract/config.ts';
import type { SearchPreview } from '../../contract/experiments.ts';
import { readAfter, withAfter } from '../after-flags.ts';
import { createVerb, show } from '../command-context.ts';
import type { BuildVerb, CommandContext } from '../command-context.ts';
import { ConnectionError, RefusedError } from '../../client/client-errors.ts';
import { describeRefusal } from '../describe-refusal.ts';
import { CliError, ExitCode, usageError } from '../exit-codes.ts';
import { sayLeftOut, takeShellEnvironment } from '../shell-environment.ts';
import type { ShellEnvironment } from '../shell-environment.ts';
import { addExperimentFlags, applyExperimentFlags } from '../submit-flags.ts';
import type { ExperimentFlags } from '../submit-flags.ts';
import { readTextFile } from '../read-text-file.ts';
import { parseWholeNumber } from '../values.ts';
import { readStdin } from '../terminal.ts';
import { sayQueued, tellNotes } from '../say-queued.ts';
import { followTrials } from '../follow-trials.ts';
import { waitForTrials } from '../wait-for-trials.ts';

const CONFIG_FILE = 'switchyard.yaml';
/** Where DVC looks for parameters, too. */
const PARAMETER_FILE = 'params.yaml';
const LARGEST_CONFIG_BYTES = 1024 * 1024;

interface SubmitFlags extends ExperimentFlags {
  readonly json?: boolean;
  readonly config?: string;
  readonly paused?: boolean;
  readonly wait?: boolean;
  readonly quiet?: boolean;
  readonly follow?: boolean;
  readonly snapshot: boolean;
  readonly printConfig?: boolean;
  readonly inPlace?: boolean;
  readonly cleanEnv?: boolean;
  readonly allowTrials?: string;
  readonly dryRun?: boolean;
}

export const build: BuildVerb = (context) =>
  addExperimentFlags(
    createVerb(
      'submit',
      'Queue a training run. A copy of the directory is taken now, so you can go on editing.\n\n' +
        'DIR alone runs the entrypoint of DIR/switchyard.yaml, without DIR that of the current directory; ' +
        '"-- COMMAND" alone runs a command in a copy of the current directory; ' +
        'both together run the command with that directory and its configuration.',
      [
        'submit -- python train.py --lr 0.1',
        'submit',
        'submit -S lr=0.1,0.03,0.01 -- python train.py --lr {lr}',
        'submit ./project -S params.yaml:train.lr=0.1 -S seed=range(3)',
        'submit --after 14 --follow -- python evaluate.py',
        'submit ./project -S lr=0.1 -S model.depth=4 --slots 2',
        'submit --image team/train --entrypoint image -- --epochs 3',
        'submit --name sweep --env PATH --time-limit 2h --wait -- "python train.py | tee out.txt"',
      ],
      context,
    ),
  )
    .usage('[options] [DIR] [-- COMMAND [ARGUMENT...]]')
    .argument('[dir]', 'directory to copy')
    .option('-c, --config <file>', 'configuration file; "-" reads it from a pipe (default: DIR/switchyard.yaml)')
    .option('--dry-run', 'only say what it would make: how many trials, how long, until when')
    .option('--print-config', 'only print the configuration these flags make, as commented YAML')
    .option('--paused', 'queue it without letting it start')
    .option('--no-snapshot', 'run in an empty directory')
    .option('--in-place', 'run in the directory itself instead of a copy')
    .option('--allow-trials <n>', 'a sweep or search of more than 200 trials is meant, up to this many')
    .option('--clean-env', "use the engine's environment instead of this shell's")
    .option('-w, --wait', 'wait until it is done; exit code 1 when it did not complete')
    .option('-f, --follow', 'print its log until it is done; exit code 1 when it did not complete')
    .option('-q, --quiet', 'print only its number')
    .action(async (dir: string | undefined, flags: SubmitFlags) => {
      const command = readCommand(context.afterDashes);
      const directory = dir === undefined ? null : checkDirectory(dir, context);
      const file = findConfigFile(flags, directory, command, context);
      const text = file === null ? null : await readConfigText(file, context);
      // Loading the reader of YAML takes longer than everything else here.
      const read = text === null ? null : await readYaml(text, file);
      const config = read?.input ?? {};
      const submitted = directory ?? context.terminal.cwd;
      const hasParameterFile =
        flags.snapshot && flags.inPlace !== true && fs.existsSync(path.join(submitted, PARAMETER_FILE));
      await applyExperimentFlags(config, flags, command, context.terminal, hasParameterFile);
      if (config['entrypoint'] === undefined) {
        throw usageError(
          'There is nothing to run.',
          file === null
            ? `Write it after "--", for example: switchyard submit ${dir ?? ''}${dir === undefined ? '' : ' '}-- python train.py`
            : `Add an "entrypoint" to ${file}, or write a command after "--".`,
        );
      }
      if (flags.printConfig === true) {
        await printConfig(config, flags, context);
        return;
      }
      if (flags.dryRun === true) {
        const client = await context.connect();
        const { describePreview } = await import('../describe-experiment.ts');
        const preview = await client
          .request<SearchPreview>('POST', '/experiments/preview', { config, source: chooseSource(flags, submitted) })
          .catch((error: unknown) => {
            throw namePlaceInFile(error, file, read?.lineOf ?? null);
          });
        show(context, flags.json, preview, () => describePreview(preview).join('\n'));
        return;
      }
      const shell = flags.cleanEnv === true ? null : takeShellEnvironment(context.terminal.env, context.terminal.cwd);
      const body: SubmitBodyInput = {
        config,
        source: chooseSource(flags, submitted),
        idempotencyKey: randomUUID(),
        paused: flags.paused === true,
        ...(shell === null ? {} : { shellEnvironment: shell.variables }),
        ...withAfter(await readAfter(flags, context)),
        ...(flags.allowTrials === undefined
          ? {}
          : { allowTrials: parseWholeNumber(flags.allowTrials, '--allow-trials', 1, 10_000) }),
      };
      const accepted = await sendSubmit(context, body).catch((error: unknown) => {
        throw namePlaceInFile(error, file, read?.lineOf ?? null);
      });
      const result = { ...accepted, notes: [...accepted.notes, ...sayAbsent(shell, body.config)] };
      show(context, flags.json, result, () => describeSubmit(result, flags));
      const notes = [...result.notes];
      if (
        file === null &&
        config['set_params'] === undefined &&
        flags.set.some((text) => !standsIn(text, config['entrypoint']))
      )
        notes.push(
          'The hyperparameters are in the JSON file that SWITCHYARD_HPARAMS names (in Python: switchyard.hparams()); ' +
            '{NAME} in the command writes one there.',
        );
      if (flags.json !== true && flags.quiet !== true) tellNotes(notes, context);
      if (flags.follow === true) await followTrials(result.trialIds, context);
      else if (flags.wait === true) await waitForTrials(result.trialIds, context);
    });

/** Whether the hyperparameter of a flag (KEY=VALUE) is written into the command. */
function standsIn(flag: string, entrypoint: unknown): boolean {
  return JSON.stringify(entrypoint).includes(`{${flag.slice(0, flag.indexOf('='))}}`);
}

/** What of the shell stayed here and was not given by a flag or the configuration either. */
function sayAbsent(shell: ShellEnvironment | null, config: SubmitBodyInput['config']): string[] {
  if (shell === null) return [];
  const environment = config['environment'] as
    { environment_variables?: Readonly<Record<string, string>> } | null | undefined;
  const given = environment?.environment_variables ?? {};
  const absent = (names: readonly string[]): string[] => names.filter((name) => !Object.hasOwn(given, name));
  const { credentials, session, lease } = shell.leftOut;
  return sayLeftOut({ credentials: absent(credentials), session: absent(session), lease });
}

/** What the shell's environment adds is not in it: it belongs to the shell that submits, not to a file. */
async function printConfig(
  config: Record<string, unknown>,
  flags: SubmitFlags,
  context: CommandContext,
): Promise<void> {
  const { validateConfig } = await import('../../experiments/config/parse-config.ts');
  validateConfig(config);
  if (flags.json === true) context.terminal.print(JSON.stringify(config, null, 2));
  else context.terminal.print((await import('../print-config.ts')).formatConfig(config));
}

function chooseSource(flags: SubmitFlags, directory: string): SubmitBodyInput['source'] {
  if (flags.inPlace === true && !flags.snapshot)
    throw usageError(
      '--in-place and --no-snapshot exclude each other.',
      '--in-place runs in the directory itself, --no-snapshot in an empty one; without either the trial gets a copy.',
    );
  if (flags.inPlace === true) return { kind: 'in_place', path: directory };
  return flags.snapshot ? { kind: 'directory', path: directory } : { kind: 'none' };
}

function readCommand(afterDashes: readonly string[] | null): readonly string[] | null {
  if (afterDashes === null) return null;
  if (afterDashes.length === 0 || afterDashes[0] === '')
    throw usageError('There is no command after "--".', 'For example: switchyard submit -- python train.py');
  return afterDashes;
}

function checkDirectory(dir: string, context: CommandContext): string {
  const absolute = path.resolve(context.terminal.cwd, dir);
  const found = fs.statSync(absolute, { throwIfNoEntry: false });
  if (found === undefined)
    throw usageError(
      `There is no directory ${absolute}.`,
      context.afterDashes !== null
        ? 'Check the path; without one the current directory is taken.'
        : `To run a command, write it after "--": switchyard submit -- ${dir}`,
    );
  if (!found.isDirectory())
    throw usageError(
      `${absolute} is a file, not a directory.`,
      `To run it, write: switchyard submit -- python ${dir}. To use it as the configuration, write: --config ${dir}`,
    );
  return absolute;
}

function findConfigFile(
  flags: SubmitFlags,
  directory: string | null,
  command: readonly string[] | null,
  context: CommandContext,
): string | null {
  if (flags.config !== undefined) return flags.config === '-' ? '-' : path.resolve(context.terminal.cwd, flags.config);
  if (directory !== null) {
    const file = path.join(directory, CONFIG_FILE);
    if (fs.existsSync(file)) return file;
    if (command === null && flags.entrypoint === undefined)
      throw usageError(
        `${directory} has no ${CONFIG_FILE}, and no command was given.`,
        'Write the command after "--", for example: switchyard submit . -- python train.py',
      );
    return null;
  }
  const here = path.join(context.terminal.cwd, CONFIG_FILE);
  if (command === null) {
    if (fs.existsSync(here)) return here;
    // The image brings its own command.
    if (flags.entrypoint !== undefined) return null;
    throw usageError(
      `There is nothing to submit: no command was given, and there is no ${CONFIG_FILE} here.`,
      'Name a directory with a switchyard.yaml, or write a command after "--": switchyard submit -- python train.py',
    );
  }
  if (fs.existsSync(here))
    context.terminal.note(`The ${CONFIG_FILE} here is not used; write "submit . -- …" to use it.`);
  return null;
}

async function readConfigText(file: string, context: CommandContext): Promise<string> {
  if (file === '-') return readStdin(context.terminal.stdin, LARGEST_CONFIG_BYTES);
  return readTextFile(file, undefined, LARGEST_CONFIG_BYTES / (1024 * 1024));
}

/** @throws CliError that names the file */
async function readYaml(text: string, file: string | null): Promise<ReturnType<typeof readConfigYaml>> {
  const parser = await import('../../experiments/config/parse-config.ts');
  try {
    return parser.readConfigYaml(text);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'SwitchyardError') throw error;
    throw usageError(
      `${file === null || file === '-' ? 'standard input' : file}: ${error.message}`,
      'remedy' in error && typeof error.remedy === 'string' ? error.remedy : null,
    );
  }
}

/** The same key brings the same answer, so a connection that broke in the middle is tried again without queueing twice. */
async function sendSubmit(context: CommandContext, body: SubmitBodyInput): Promise<SubmitResult> {
  const client = await context.connect();
  try {
    return await client.request<SubmitResult>('POST', '/experiments', body);
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    return client.request<SubmitResult>('POST', '/experiments', body);
  }
}

/** The engine names the key; where it came from a file, the line helps more. */
function namePlaceInFile(
  error: unknown,
  file: string | null,
  lineOf: ((path: readonly PropertyKey[]) => number | null) | null,
): unknown {
  const place = error instanceof RefusedError ? error.problem?.path : undefined;
  const told = describeRefusal(error);
  if (told?.exitCode !== ExitCode.usage || place === undefined || file === null || lineOf === null) return error;
  const line = lineOf(place.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part)));
  if (line === null) return error;
  return new CliError(
    told.exitCode,
    `${file === '-' ? 'standard input' : file}:${line}: ${told.message}`,
    told.remedy,
    told.problem,
  );
}

function describeSubmit(result: SubmitResult, flags: SubmitFlags): string {
  if (flags.quiet === true) return result.trialIds.join('\n');
  return `Queued ${sayQueued(result)}${flags.paused === true ? ', paused' : ''}.`;
}
