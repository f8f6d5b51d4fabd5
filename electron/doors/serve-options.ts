/** The flags of `switchyard serve`. Pure: text in, options or words for the user out. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';

export interface ServeFlags {
  /** null: the last one, else 7717, else a free one. */
  readonly port: number | null;
  readonly host: string;
  readonly allowHosts: readonly string[];
  readonly open: boolean;
  readonly json: boolean;
}

export type ParsedServe =
  | { readonly kind: 'flags'; readonly flags: ServeFlags; readonly warning: string | null }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'refused'; readonly message: string };

const DEFAULT_HOST = '127.0.0.1';
const HOST_NAME = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9][A-Za-z0-9._-]{0,252})(:\d{1,5})?$/;

/** @param argv arguments after the program's name */
export function parseServeFlags(argv: readonly string[]): ParsedServe {
  let printed = '';
  const command = new Command('switchyard serve')
    .description('Run the engine without a window and serve its user interface to a browser on this machine.')
    .option(
      '--port <number>',
      'port to listen on; 0 takes a free one (default: the last one, else 7717, else a free one)',
      readPort,
    )
    .option('--host <address>', 'address to listen on', DEFAULT_HOST)
    .option('--allow-remote', 'allow --host to be reachable from other machines', false)
    .addOption(
      new Option('--allow-host <name>', 'answer to this host name too, "name" or "name:port"; can be repeated')
        .argParser(readHostName)
        .default([] as readonly string[]),
    )
    .option('--open', 'open the page in the default browser', false)
    .option('--json', 'print one line of JSON when ready', false)
    .addHelpText(
      'after',
      '\nExample:\n  switchyard serve --port 7717\n\nFrom another machine, forward the port and open the ' +
        'printed URL there:\n  ssh -L 7717:127.0.0.1:7717 workstation',
    )
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        printed += text;
      },
      writeErr: (text) => {
        printed += text;
      },
    });
  try {
    command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? { kind: 'help', text: printed } : { kind: 'refused', message: printed.trim() };
  }
  const given: {
    port?: number;
    host: string;
    allowRemote: boolean;
    allowHost: readonly string[];
    open: boolean;
    json: boolean;
  } = command.opts();
  const flags: ServeFlags = {
    port: given.port ?? null,
    host: given.host.replace(/^\[(.*)\]$/, '$1'),
    allowHosts: given.allowHost,
    open: given.open,
    json: given.json,
  };
  if (isLoopback(flags.host)) return { kind: 'flags', flags, warning: null };
  if (!given.allowRemote) {
    return {
      kind: 'refused',
      message:
        `error: --host ${flags.host} can be reached from other machines. Add --allow-remote if that is what ` +
        `you want; safer is the default and \`ssh -L 7717:127.0.0.1:7717\`.`,
    };
  }
  return {
    kind: 'flags',
    flags,
    warning:
      `Warning: Switchyard listens on ${flags.host}. Whoever gets a login link or reads the unencrypted ` +
      'traffic can run programs as you on this machine.',
  };
}

/** @returns whether only this machine can reach the address */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('A port is a whole number from 0 to 65535.');
  return port;
}

function readHostName(text: string, before: readonly string[]): readonly string[] {
  if (!HOST_NAME.test(text))
    throw new InvalidArgumentError('Give a host name, for example "workstation" or "localhost:8080".');
  return [...before, text];
}

/**
 * An engine that runs already goes on as it was started, whatever a second start asks for.
 * @param url where its user interface is; null = a window has it
 * @returns what is told of flags that came too late; null where there are none
 */
export function sayUnused(flags: Pick<ServeFlags, 'port' | 'host' | 'allowHosts'>, url: string | null): string | null {
  const at = url === null ? null : new URL(url);
  const unused = [
    ...(flags.port !== null && flags.port !== 0 && at?.port !== String(flags.port) ? [`--port ${flags.port}`] : []),
    ...(flags.host !== DEFAULT_HOST && at?.hostname !== flags.host ? [`--host ${flags.host}`] : []),
    ...flags.allowHosts.map((name) => `--allow-host ${name}`),
  ];
  if (unused.length === 0) return null;
  const where = at === null ? 'belongs to the desktop app' : `listens on ${at.host}`;
  return (
    `${unused.join(' ')} ${unused.length === 1 ? 'was' : 'were'} not used: the engine that runs already ${where}.\n` +
    'Stop it first (switchyard stop; running trials go on), then start it with what you want to change.'
  );
}
