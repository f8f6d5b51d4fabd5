/** `switchyard unfreeze` */
import { buildActionVerb } from '../act-on-trials.ts';
import type { BuildVerb } from '../command-context.ts';

export const build: BuildVerb = (context) =>
  buildActionVerb(
    {
      name: 'unfreeze',
      description: 'Let frozen trials go on.',
      examples: ['unfreeze 14'],
      action: { action: 'unfreeze' },
    },
    context,
  );
