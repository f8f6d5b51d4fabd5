/** A line of a log without what only a terminal reads. Pure. */

// eslint-disable-next-line no-control-regex -- control characters are what it takes out
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;
// eslint-disable-next-line no-control-regex -- as above
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

/** @returns the text without colours, cursor movements and control characters; tabs and line ends stay */
export function plainLine(text: string): string {
  return text.replace(ESCAPES, '').replace(CONTROLS, '');
}
