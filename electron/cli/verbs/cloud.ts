/** `switchyard cloud ...`: places elsewhere where trials can run. One file for each kind of place. */
import { addMachineVerbs } from '../cloud-machines.ts';
import { addAccountVerbs } from '../cloud-accounts.ts';
import { addRentVerbs } from '../cloud-rent.ts';
import { createVerb } from '../command-context.ts';
import type { BuildVerb } from '../command-context.ts';
import { usageError } from '../exit-codes.ts';

export const build: BuildVerb = (context) => {
  const cloud = createVerb(
    'cloud',
    'Places elsewhere where trials can run: machines that you reach over SSH, and such as are rented for each attempt.',
    [
      'cloud check gpu-box',
      'cloud add-machine gpu-box',
      'cloud ls',
      'move 14 --pool gpu-box',
      'cloud accounts',
      'cloud scan',
    ],
    context,
  );
  cloud
    .usage('VERB [ARGUMENT...]')
    .argument('[words...]')
    .action((words: string[]) => {
      const [word] = words;
      throw usageError(
        word === undefined ? 'cloud needs to know what to do.' : `cloud does not know "${word}".`,
        `It knows ${cloud.commands.map((one) => one.name()).join(', ')}; see "switchyard cloud --help".`,
      );
    });
  addMachineVerbs(cloud, context);
  addAccountVerbs(cloud, context);
  addRentVerbs(cloud, context);
  return cloud;
};
