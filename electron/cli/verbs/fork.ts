/** `switchyard fork` */
import { buildCopyVerb } from '../copy-trial.ts';
import type { BuildVerb } from '../command-context.ts';

export const build: BuildVerb = (context) =>
  buildCopyVerb(
    {
      name: 'fork',
      description:
        'Queue a new trial that begins with the newest checkpoint of another one, on the same snapshot, with changes. Takes the flags of submit.',
      examples: ['fork 14 -S lr=0.001', 'fork 14 -S lr=0.1,0.01 --name "from epoch 20"'],
      fromCheckpoint: true,
    },
    context,
  );
