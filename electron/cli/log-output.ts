/** Where logs are printed: a terminal gets them as they came, a file or a program the lines as they looked in the end. */
import { createLineCollapser } from './collapse-lines.ts';
import type { CommandContext } from './command-context.ts';
import type { Terminal } from './terminal.ts';

export interface LogOutput {
  /** The same, but for what is written with `terminal.write`. */
  readonly context: CommandContext;
  /**
   * A log is over: the rest of its last line goes out.
   * @param isFollowed whether something else follows, which then begins on a line of its own
   */
  end(isFollowed: boolean): Promise<void>;
}

const NEWLINE = 0x0a;

/** @param isRaw byte for byte, wherever it goes */
export function openLogOutput(context: CommandContext, isRaw: boolean): LogOutput {
  const { terminal } = context;
  if (isRaw) return { context, end: () => Promise.resolve() };
  const lines = terminal.stdoutIsTTY ? null : createLineCollapser();
  let isLineOpen = false;
  const write = async (bytes: Uint8Array): Promise<void> => {
    if (bytes.length === 0) return;
    isLineOpen = bytes.at(-1) !== NEWLINE;
    await terminal.write(bytes);
  };
  // What it reads lazily stays lazy: a copy would open its streams.
  const shown = Object.create(terminal, {
    write: { value: (bytes: Uint8Array) => write(lines === null ? bytes : lines.take(bytes)) },
  }) as Terminal;
  return {
    context: { ...context, terminal: shown },
    end: async (isFollowed) => {
      if (lines !== null) await write(lines.end());
      // A program that was stopped leaves its last line open: the first one of the next attempt is no part of it.
      if (isFollowed && isLineOpen) await write(Buffer.of(NEWLINE));
    },
  };
}
