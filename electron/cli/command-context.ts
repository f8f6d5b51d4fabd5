/** What every verb is given, and what most of them share: options, the engine. */
import { Command, CommanderError } from 'commander';
import type { DataPaths } from '../ports/data-dir.ts';
import type { EngineClient } from '../client/engine-client.ts';
import { CliError, EXIT_CODE_HELP, ExitCode } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/** A verb as lists of them show it; its module is loaded when it is used. */
export interface VerbSummary {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly build: BuildVerb }>;
}

export interface CommandContext {
  readonly terminal: Terminal;
  readonly paths: DataPaths;
  /** All verbs there are. */
  readonly verbs: readonly VerbSummary[];
  /** What stands after "--" on the command line; null without "--". Only for verbs that take a command. */
  readonly afterDashes: readonly string[] | null;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** The running engine; starts one in the background when there is none. */
  connect(): Promise<EngineClient>;
  /** The running engine, or null. Starts nothing. */
  connectIfRunning(): Promise<EngineClient | null>;
}

/** A verb's module exports `build`, which makes its command. */
export type BuildVerb = (context: CommandContext) => Command;

/**
 * @param examples lines without the leading "switchyard"
 * @returns a command with --json, --help with examples, and errors that come back as exceptions
 */
export function createVerb(
  name: string,
  description: string,
  examples: readonly string[],
  context: CommandContext,
): Command {
  return (
    new Command(name)
      .description(description)
      .option('--json', 'print JSON')
      .helpOption('-h, --help', 'show this help')
      .addHelpText(
        'after',
        `\nExample${examples.length > 1 ? 's' : ''}:\n${examples.map((line) => `  switchyard ${line}`).join('\n')}\n\n${EXIT_CODE_HELP}`,
      )
      .allowExcessArguments(false)
      .showHelpAfterError(`Run "switchyard ${name} --help" for what it takes.`)
      // Defaults are in the descriptions, where they have one.
      .configureHelp({ optionDescription: (option) => option.description })
      .exitOverride()
      .configureOutput(quietOutput(context.terminal))
  );
}

/** Errors are printed once, at the top, by runCli. */
export function quietOutput(terminal: Terminal): {
  writeOut: (text: string) => void;
  writeErr: (text: string) => void;
  outputError: () => void;
} {
  return {
    writeOut: (text) => terminal.print(text.trimEnd()),
    writeErr: () => undefined,
    outputError: () => undefined,
  };
}

/** @returns whether this is commander's way to say "help was shown" */
export function isHelpShown(error: unknown): boolean {
  return error instanceof CommanderError && error.exitCode === 0;
}

/** Prints an answer: as JSON where asked for, else in words. */
export function show(
  context: CommandContext,
  asJson: boolean | undefined,
  value: unknown,
  words: () => string | readonly string[],
): void {
  if (asJson === true) {
    context.terminal.print(JSON.stringify(value, null, 2));
    return;
  }
  const lines = words();
  context.terminal.print(typeof lines === 'string' ? lines : lines.join('\n'));
}

/** Collects a flag that may be given several times. */
export function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

/** @returns the value when it is one of `known` */
export function oneOf<T extends string>(value: string, known: readonly T[], flag: string): T {
  const found = known.find((one) => one === value);
  if (found === undefined)
    throw new CliError(ExitCode.usage, `${flag} does not know "${value}".`, `It takes ${known.join(', ')}.`);
  return found;
}
