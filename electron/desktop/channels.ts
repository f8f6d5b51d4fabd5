/** Names of the messages between the page's preload and the main process. */
export const PICK_FOLDER = 'switchyard:pick-folder';
