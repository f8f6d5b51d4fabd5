/** `switchyard release` */
import { buildActionVerb } from '../act-on-trials.ts';
import type { BuildVerb } from '../command-context.ts';

export const build: BuildVerb = (context) =>
  buildActionVerb(
    {
      name: 'release',
      description: 'Let trials that were to start after others (submit --after) start without waiting for them.',
      examples: ['release 15'],
      action: { action: 'release' },
    },
    context,
  );
