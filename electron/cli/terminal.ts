/**
 * Where a command writes and reads: streams, colours, width. Tests pass their own.
 * A reader that goes away (`switchyard ls | head`) ends the command quietly.
 */
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { createTerminalFilter, showable } from './terminal-filter.ts';

export type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan';

const CODES: Readonly<Record<Colour, number>> = {
  bold: 1,
  dim: 2,
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
};

export interface Terminal {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly stdin: Readable;
  readonly stdinIsTTY: boolean;
  readonly stdoutIsTTY: boolean;
  /** Columns; null when the output is not a terminal and lines may be as long as they are. */
  readonly width: number | null;
  /** Data, to stdout, with a line end. Like notes and questions, a terminal gets it without control sequences but colours. */
  print(text: string): void;
  /** What a program printed, to stdout: a terminal gets what terminal-filter.ts lets pass. Waits while the reader is slower than we are. */
  write(bytes: Uint8Array): Promise<void>;
  /** Notes to a person, to stderr. */
  note(text: string): void;
  /** @returns text in colour where stdout shows it, else as it is */
  paint(text: string, colour: Colour): string;
  paintError(text: string, colour: Colour): string;
  /** One line typed by the user; null at the end of input. */
  ask(question: string): Promise<string | null>;
}

/** Read when they are used, not before: opening one takes a while. */
export interface TerminalStreams {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

function wantsColour(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false;
  if (env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '' && env['FORCE_COLOR'] !== '0') return true;
  return stream.isTTY === true && env['TERM'] !== 'dumb';
}

export function createTerminal(streams: TerminalStreams): Terminal {
  const { env, cwd } = streams;
  const painter =
    (stream: 'stdout' | 'stderr') =>
    (text: string, colour: Colour): string =>
      wantsColour(streams[stream], env) && text !== '' ? `\u001B[${CODES[colour]}m${text}\u001B[0m` : text;
  const filter = createTerminalFilter();
  // A name or a reason comes from outside too; a file or a program gets what there is.
  const line = (text: string, stream: { readonly isTTY?: boolean }): string =>
    `${stream.isTTY === true ? showable(text) : text}\n`;
  return {
    env,
    cwd,
    get stdin() {
      return streams.stdin;
    },
    get stdinIsTTY() {
      return streams.stdin.isTTY === true;
    },
    get stdoutIsTTY() {
      return streams.stdout.isTTY === true;
    },
    get width() {
      const { isTTY, columns = 80 } = streams.stdout;
      return isTTY === true ? columns : null;
    },
    print: (text) => void streams.stdout.write(line(text, streams.stdout)),
    write: async (bytes) => {
      const { stdout } = streams;
      if (!stdout.write(stdout.isTTY === true ? filter(bytes) : bytes)) await once(stdout, 'drain');
    },
    note: (text) => void streams.stderr.write(line(text, streams.stderr)),
    paint: painter('stdout'),
    paintError: painter('stderr'),
    ask: async (question) => {
      const { createInterface } = await import('node:readline/promises');
      const lines = createInterface({ input: streams.stdin, output: streams.stderr });
      try {
        return await Promise.race([
          lines.question(streams.stderr.isTTY === true ? showable(question) : question),
          once(lines, 'close').then(() => null),
        ]);
      } finally {
        lines.close();
      }
    },
  };
}

/** @returns all of standard input as text; refuses what cannot be a list or a file a person wrote */
export async function readStdin(stdin: Readable, maxBytes = 16 * 1024 * 1024): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin as AsyncIterable<Buffer | string>) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    size += bytes.length;
    if (size > maxBytes) throw new RangeError(`more than ${maxBytes} bytes came through the pipe`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
