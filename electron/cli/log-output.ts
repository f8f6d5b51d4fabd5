/** Where logs are printed: a terminal gets them as they came, a file or a program the lines as they looked in the end. */
import { createLineCollapser } from './collapse-lines.ts';
import type { CommandContext } from './command-context.ts';
import type { Terminal } from './terminal.ts';

export interface LogOutput {
  /** The same, but for what is written with `terminal.write`. */
  readonly context: CommandContext;
  /** A log is over: the rest of its last line goes out. */
  end(): Promise<void>;
}

/** @param isRaw byte for byte, wherever it goes */
export function openLogOutput(context: CommandContext, isRaw: boolean): LogOutput {
  const { terminal } = context;
  if (isRaw || terminal.stdoutIsTTY) return { context, end: () => Promise.resolve() };
  const lines = createLineCollapser();
  const write = async (bytes: Uint8Array): Promise<void> => {
    if (bytes.length > 0) await terminal.write(bytes);
  };
  // What it reads lazily stays lazy: a copy would open its streams.
  const collapsing = Object.create(terminal, {
    write: { value: (bytes: Uint8Array) => write(lines.take(bytes)) },
  }) as Terminal;
  return { context: { ...context, terminal: collapsing }, end: () => write(lines.end()) };
}
