/** What the preload and the main process know of each other: names of messages and flags. */
export const PICK_FOLDER = 'switchyard:pick-folder';
export const CHECK_FOR_UPDATES = 'switchyard:check-for-updates';
export const SHOW_IN_FILES = 'switchyard:show-in-files';
/** From the main process to the page. */
export const TELL_PAGE = 'switchyard:tell-page';
/** Among the arguments of a page's process: the application is installed, not run from its sources. */
export const INSTALLED_FLAG = '--switchyard-installed';

export type PageNews =
  /** A notification of it was clicked. */
  | { readonly kind: 'open-trial'; readonly trialId: number }
  /** The machine slept: what is shown may be of yesterday. */
  | { readonly kind: 'resumed' };
