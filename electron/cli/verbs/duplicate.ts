/** `switchyard duplicate` */
import { buildCopyVerb } from '../copy-trial.ts';
import type { BuildVerb } from '../command-context.ts';

export const build: BuildVerb = (context) =>
  buildCopyVerb(
    {
      name: 'duplicate',
      description: 'Queue a copy of a trial on the same snapshot, with changes. Takes the flags of submit.',
      examples: [
        'duplicate 14 -S lr=0.01',
        'duplicate 14 --slots 2 --name "two GPUs"',
        'duplicate 14 -- python train.py --resume',
      ],
      fromCheckpoint: false,
    },
    context,
  );
