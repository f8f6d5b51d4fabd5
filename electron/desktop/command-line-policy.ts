/** What the user is asked about the command line of an AppImage. Pure. */

export interface CommandLineFacts {
  /** foreign: something that is not ours has the name. */
  readonly state: 'absent' | 'installed' | 'foreign';
  readonly link: string;
  /** A shell finds programs that lie where the link does. */
  readonly isOnPath: boolean;
}

export interface CommandLineBox {
  readonly type: 'question' | 'info';
  readonly message: string;
  readonly detail: string;
  /** The first one does it, where there is a choice. */
  readonly buttons: string[];
  readonly defaultId: number;
  readonly cancelId: number;
}

export function commandLineBox({ state, link, isOnPath }: CommandLineFacts): CommandLineBox {
  const choice = (button: string) => ({
    type: 'question' as const,
    buttons: [button, 'Cancel'],
    defaultId: 0,
    cancelId: 1,
  });
  const elsewhere = isOnPath ? '' : ` Your shell does not search that directory yet: add it to PATH.`;
  switch (state) {
    case 'absent':
      return {
        ...choice('Install'),
        message: 'Install the command line?',
        detail:
          `"switchyard" in a terminal: a link ${link} to a copy in the data directory (some 100 MB, with a Node of its own). ` +
          `The same menu item removes both.${elsewhere}`,
      };
    case 'installed':
      return {
        ...choice('Remove'),
        message: 'Remove the command line?',
        detail: `It is installed as ${link}. The link and its copy go; the queue and the trials stay.${elsewhere}`,
      };
    case 'foreign':
      return {
        type: 'info',
        buttons: ['OK'],
        defaultId: 0,
        cancelId: 0,
        message: 'Another "switchyard" is installed already',
        detail: `${link} is not a link of this program, so it is left alone. Move it away to install this one.`,
      };
  }
}
