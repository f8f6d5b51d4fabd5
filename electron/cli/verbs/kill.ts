/** `switchyard kill` */
import { buildActionVerb } from '../act-on-trials.ts';
import type { BuildVerb } from '../command-context.ts';

export const build: BuildVerb = (context) =>
  buildActionVerb(
    {
      name: 'kill',
      description: 'Stop trials at once, without a grace period. Asks first where work would be lost.',
      examples: ['kill 14'],
      action: { action: 'kill' },
      stopping: 'kill',
    },
    context,
  );
