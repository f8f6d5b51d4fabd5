/**
 * The command line: a client of the running engine. `switchyard` (switchyard.cjs) runs it built into out/cli/, because most
 * of the time a command takes is the time to load it; tests run this file itself.
 */
import process from 'node:process';
import { runCli } from './cli/run-cli.ts';
import { createTerminal } from './cli/terminal.ts';
import { readVersion } from './client/program-root.ts';

const interrupted = new AbortController();
// The first Ctrl-C lets the verb say what goes on without it; the second ends at once.
process.once('SIGINT', () => {
  interrupted.abort();
  process.once('SIGINT', () => process.exit(130));
});

/** Opening a stream takes a while: those that a verb has no use for stay closed. */
const opened = new Set<NodeJS.ReadStream>();
const terminal = createTerminal({
  get stdin() {
    opened.add(process.stdin);
    return process.stdin;
  },
  get stdout() {
    return guarded(process.stdout);
  },
  get stderr() {
    return guarded(process.stderr);
  },
  env: process.env,
  cwd: process.cwd(),
});
void runCli(process.argv.slice(2), terminal, readVersion(), interrupted.signal).then((exitCode) => {
  process.exitCode = exitCode;
  // Only an unread pipe or a kept-alive connection could keep the process; neither is worth waiting for.
  for (const stream of opened) stream.destroy();
});

/** The reader went away (`switchyard ls | head`): that is the end, not an error. */
function guarded(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  if (stream.listenerCount('error', onStreamError) === 0) stream.on('error', onStreamError);
  return stream;
}

function onStreamError(error: NodeJS.ErrnoException): void {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
}
