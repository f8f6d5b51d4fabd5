/** One command from its words to its exit code. Every error a user can cause ends here as a sentence with a remedy. */
import { CommanderError } from 'commander';
import { OtherNodeNeeded, RefusedError } from '../client/client-errors.ts';
import { createEngineClient } from '../client/engine-client.ts';
import type { EngineClient } from '../client/engine-client.ts';
import { findOtherOwner, sayOtherOwner } from '../client/data-owner.ts';
import { findSocket } from '../client/find-engine.ts';
import { locateData } from '../ports/data-dir.ts';
import { isHelpShown } from './command-context.ts';
import type { CommandContext } from './command-context.ts';
import { describeRefusal } from './describe-refusal.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { plain } from './table.ts';
import { tellVersions } from './tell-versions.ts';
import type { Terminal } from './terminal.ts';
import { formatOverview, suggestVerb, VERBS } from './verb-table.ts';
import type { Verb } from './verb-table.ts';

/**
 * @param argv words after `switchyard`
 * @param signal aborted by Ctrl-C
 * @returns the exit code
 */
export async function runCli(
  argv: readonly string[],
  terminal: Terminal,
  version: string,
  signal: AbortSignal,
): Promise<number> {
  const [word, ...rest] = argv;
  if (word === undefined || word === '--help' || word === '-h' || word === 'help') {
    const about = word === 'help' ? rest[0] : undefined;
    if (about !== undefined) return runCli([about, '--help'], terminal, version, signal);
    terminal.print(formatOverview());
    return ExitCode.ok;
  }
  if (word === '--version' || word === '-V') {
    terminal.print(version);
    return ExitCode.ok;
  }
  const verb = VERBS.find((one) => one.name === word);
  if (verb === undefined) {
    const meant = await suggestVerb(word);
    terminal.note(
      `switchyard has no verb "${word}".${meant === null ? '' : ` Did you mean "${meant}"?`}\nRun "switchyard --help" for all of them.`,
    );
    return ExitCode.usage;
  }
  const dashes = verb.takesCommand === true ? rest.indexOf('--') : -1;
  const words = dashes < 0 ? rest : rest.slice(0, dashes);
  const clients: EngineClient[] = [];
  const context = createContext(terminal, version, dashes < 0 ? null : rest.slice(dashes + 1), signal, clients);
  try {
    const command = (await verb.load()).build(context).name(`switchyard ${verb.name}`);
    await command.parseAsync([...words], { from: 'user' });
    return signal.aborted ? ExitCode.interrupted : ExitCode.ok;
  } catch (error) {
    if (isHelpShown(error)) return ExitCode.ok;
    if (error instanceof OtherNodeNeeded) return await handOver(argv);
    if (signal.aborted && !(error instanceof CliError) && !(error instanceof RefusedError)) return ExitCode.interrupted;
    return explain(withCommandHint(error, verb, words, dashes), terminal, verb.name, words.includes('--json'));
  } finally {
    for (const client of clients) client.close();
  }
}

/** Runs the whole command again under the Node of the engine, which then ends this process as it ends itself. */
async function handOver(argv: readonly string[]): Promise<number> {
  const [{ engineNode }, { runUnder }] = await Promise.all([
    import('../client/engine-program.ts'),
    import('../client/other-node.mjs'),
  ]);
  runUnder(engineNode(), [process.argv[1] ?? '', ...argv]);
  return ExitCode.ok;
}

function createContext(
  terminal: Terminal,
  version: string,
  afterDashes: readonly string[] | null,
  signal: AbortSignal,
  clients: EngineClient[],
): CommandContext {
  const paths = locateData(terminal.env);
  let connected: EngineClient | null = null;
  const keep = (socket: string): EngineClient => {
    connected = createEngineClient(socket);
    clients.push(connected);
    return connected;
  };
  const startEngine = async (): Promise<EngineClient> => {
    const { startInBackground } = await import('../client/start-engine.ts');
    const socket = await startInBackground(paths, terminal.env, (pid) => {
      terminal.note(terminal.paintError(`Started the engine in the background (pid ${pid}).`, 'dim'));
    });
    return keep(socket);
  };
  const connectIfRunning = async (): Promise<EngineClient | null> => {
    if (connected !== null) return connected;
    const socket = await findSocket(paths);
    if (socket === null) {
      const owner = findOtherOwner(paths.dir);
      if (owner === null) return null;
      throw new CliError(ExitCode.refused, ...sayOtherOwner(paths.dir, owner));
    }
    tellVersions(paths, version, terminal);
    return keep(socket);
  };
  return {
    terminal,
    paths,
    verbs: VERBS,
    afterDashes,
    signal,
    connectIfRunning,
    connect: async () => (await connectIfRunning()) ?? startEngine(),
  };
}

/** Prints an error and returns its exit code. Whatever is not expected is named as a bug of ours. */
function explain(error: unknown, terminal: Terminal, verb: string, asJson: boolean): number {
  const known = toCliError(error, verb);
  if (asJson) {
    const problem = known.problem ?? {
      code: codeName(known.exitCode),
      detail: known.message,
      ...(known.remedy === null ? {} : { remedy: known.remedy }),
    };
    terminal.note(JSON.stringify(problem));
    return known.exitCode;
  }
  // Names and paths of others may be in it; their control characters stay out of the terminal.
  const clean = (text: string): string => text.split('\n').map(plain).join('\n');
  terminal.note(terminal.paintError(clean(known.message), 'red'));
  if (known.remedy !== null) terminal.note(clean(known.remedy));
  return known.exitCode;
}

/** "submit python3 train.py --lr 0.1" is a command without the dashes that say so. */
function withCommandHint(error: unknown, verb: Verb, words: readonly string[], dashes: number): unknown {
  if (
    verb.takesCommand !== true ||
    dashes >= 0 ||
    !(error instanceof CommanderError) ||
    !['commander.excessArguments', 'commander.unknownOption'].includes(error.code)
  )
    return error;
  // With a flag in front it is not plain where the command begins; a mistyped flag alone is only that.
  const isPlain = words[0]?.startsWith('-') === false;
  if (!isPlain && error.code === 'commander.unknownOption') return error;
  const own = verb.name === 'duplicate' ? words.slice(0, 1) : [];
  const command = isPlain
    ? words.slice(own.length).map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word)))
    : ['python', 'train.py'];
  return new CliError(
    ExitCode.usage,
    capitalise(error.message.replace(/^error: /, '')),
    `Write a command after "--": switchyard ${[verb.name, ...own, '--', ...command].join(' ')}`,
  );
}

function toCliError(error: unknown, verb: string): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof CommanderError) {
    return new CliError(
      ExitCode.usage,
      capitalise(error.message.replace(/^error: /, '')),
      `Run "switchyard ${verb} --help" for what it takes.`,
    );
  }
  const refusal = describeRefusal(error);
  if (refusal !== null) return refusal;
  // Errors of the contract (SwitchyardError) come from functions the verbs share with the engine.
  if (error instanceof Error && error.name === 'SwitchyardError') {
    const remedy = 'remedy' in error && typeof error.remedy === 'string' ? error.remedy : null;
    return new CliError(ExitCode.usage, error.message, remedy);
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new CliError(
    ExitCode.failed,
    `Unexpected error in "switchyard ${verb}".\n${text}`,
    'This is a fault of Switchyard. Running "switchyard doctor" may tell more.',
  );
}

function codeName(exitCode: ExitCode): string {
  return Object.entries(ExitCode).find(([, value]) => value === exitCode)?.[0] ?? 'failed';
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
