/** `switchyard cancel` */
import { buildActionVerb } from '../act-on-trials.ts';
import type { BuildVerb } from '../command-context.ts';

export const build: BuildVerb = (context) =>
  buildActionVerb(
    {
      name: 'cancel',
      description:
        'Take trials out of the queue, or stop them after their grace period. Asks first where work would be lost.',
      examples: ['cancel 14', 'ls --state queued --json | switchyard cancel'],
      action: { action: 'cancel' },
      stopping: 'cancel',
    },
    context,
  );
