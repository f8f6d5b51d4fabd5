/** What the preload and the main process know of each other: names of messages and flags. */
export const PICK_FOLDER = 'switchyard:pick-folder';
/** Among the arguments of a page's process: the application is installed, not run from its sources. */
export const INSTALLED_FLAG = '--switchyard-installed';
