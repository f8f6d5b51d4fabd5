/** `switchyard stop` */
import { setTimeout as delay } from 'node:timers/promises';
import { createVerb, show } from '../command-context.ts';
import type { BuildVerb } from '../command-context.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { findSocket } from '../find-engine.ts';

const DEADLINE_MS = 30_000;

export const build: BuildVerb = (context) => createVerb('stop', 'Stop the engine. Running trials go on and are found again at the next start.', ['stop'], context)
  .action(async (flags: { json?: boolean }) => {
    const client = await context.connectIfRunning();
    if (client === null) {
      show(context, flags.json, { stopped: false }, () => 'No engine runs.');
      return;
    }
    await client.request<{ ok: true }>('POST', '/engine/shutdown');
    client.close();
    const deadline = performance.now() + DEADLINE_MS;
    while (await findSocket(context.paths) !== null) {
      if (performance.now() > deadline) throw new CliError(ExitCode.failed, 'The engine was asked to stop but still answers.', 'Look into its log: engine.log in the data directory.');
      await delay(20);
    }
    show(context, flags.json, { stopped: true }, () => 'The engine has stopped. Running trials go on.');
  });
