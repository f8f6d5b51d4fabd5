/** `switchyard pause` */
import { buildActionVerb } from '../act-on-trials.ts';
import type { BuildVerb } from '../command-context.ts';

export const build: BuildVerb = (context) =>
  buildActionVerb(
    {
      name: 'pause',
      description:
        'Stop trials after their grace period, keep their place, and continue from the latest checkpoint on resume. ' +
        'Asks first where work would be lost.',
      examples: ['pause 14', 'pause 3-7'],
      action: { action: 'pause' },
      stopping: 'pause',
    },
    context,
  );
