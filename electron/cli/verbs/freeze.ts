/** `switchyard freeze` */
import { buildActionVerb } from '../act-on-trials.ts';
import type { BuildVerb } from '../command-context.ts';

export const build: BuildVerb = (context) =>
  buildActionVerb(
    {
      name: 'freeze',
      description: 'Stop trials at once where they stand. They keep their GPU memory.',
      examples: ['freeze 14'],
      action: { action: 'freeze' },
    },
    context,
  );
