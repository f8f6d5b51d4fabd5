/** `switchyard archive` */
import { buildActionVerb } from '../act-on-trials.ts';
import type { BuildVerb } from '../command-context.ts';

export const build: BuildVerb = (context) =>
  buildActionVerb(
    {
      name: 'archive',
      description: 'Hide finished trials from the lists. Nothing is deleted.',
      examples: ['archive 3-7', 'ls --state completed --json | switchyard archive'],
      action: { action: 'archive' },
      meant: 'ended',
    },
    context,
  );
