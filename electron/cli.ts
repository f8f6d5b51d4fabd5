/**
 * The command line: a client of the running engine. `switchyard` (switchyard.mjs) runs this file under a fitting Node.
 * Imports are made late, because most of the time a command takes is the time to load it.
 */
import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';

enableCompileCache(path.join(os.homedir(), '.cache', 'switchyard', 'compiled'));

const { createTerminal } = await import('./cli/terminal.ts');
const { runCli } = await import('./cli/run-cli.ts');

const packageJson = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};
const interrupted = new AbortController();

/** The reader went away (`switchyard ls | head`): that is the end, not an error. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    process.exit(1);
  });
}
// The first Ctrl-C lets the verb say what goes on without it; the second ends at once.
process.once('SIGINT', () => {
  interrupted.abort();
  process.once('SIGINT', () => process.exit(130));
});

const terminal = createTerminal({
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
});
process.exitCode = await runCli(process.argv.slice(2), terminal, packageJson.version, interrupted.signal);
// Only an unread pipe or a kept-alive connection could keep the process; neither is worth waiting for.
process.stdin.destroy();
