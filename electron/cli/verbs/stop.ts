/** `switchyard stop` */
import { createVerb, show } from '../command-context.ts';
import type { BuildVerb } from '../command-context.ts';
import { stopEngine } from '../stop-engine.ts';

export const build: BuildVerb = (context) =>
  createVerb(
    'stop',
    'Stop the engine. Running trials go on and are found again at the next start.',
    ['stop'],
    context,
  ).action(async (flags: { json?: boolean }) => {
    const stopped = await stopEngine(context);
    show(context, flags.json, { stopped }, () =>
      stopped ? 'The engine has stopped. Running trials go on.' : 'No engine runs.',
    );
  });
