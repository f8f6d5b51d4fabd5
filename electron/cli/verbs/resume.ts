/** `switchyard resume` */
import { buildActionVerb } from '../act-on-trials.ts';
import type { BuildVerb } from '../command-context.ts';

export const build: BuildVerb = (context) =>
  buildActionVerb(
    {
      name: 'resume',
      description: 'Let paused trials start again.',
      examples: ['resume 14', 'ls --state paused --json | switchyard resume'],
      action: { action: 'resume' },
    },
    context,
  );
