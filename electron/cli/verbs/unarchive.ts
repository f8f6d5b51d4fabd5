/** `switchyard unarchive` */
import { buildActionVerb } from '../act-on-trials.ts';
import type { BuildVerb } from '../command-context.ts';

export const build: BuildVerb = (context) =>
  buildActionVerb(
    {
      name: 'unarchive',
      description: 'Show archived trials again.',
      examples: ['unarchive 3-7'],
      action: { action: 'unarchive' },
      meant: 'ended',
    },
    context,
  );
