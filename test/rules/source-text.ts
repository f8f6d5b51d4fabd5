/** Facts about source files as text. Pure. */

/** The formatter wraps at 120 what it can; strings and comments are up to us. */
const MOST_COLUMNS = 160;

/** @returns the numbers, from 1, of the lines that are too long */
export function listLongLines(text: string): number[] {
  return text.split(/\r?\n/).flatMap((line, index) => (line.length > MOST_COLUMNS ? [index + 1] : []));
}

/** @returns the folder of what a unit test is about */
export function subjectFolder(testFile: string): string {
  const folder = testFile.split('/').slice(2, -1);
  if (folder.length === 0) return '.';
  const elsewhere = ['native', 'renderer', 'resources'].includes(folder[0] as string);
  return [...(elsewhere ? [] : ['electron']), ...folder].join('/');
}

/** Built into Node 22 and later; the types of Node 24 let them pass. */
const NEWER_THAN_20 =
  /\b(?:(?:Map|Object)\.groupBy|Promise\.(?:withResolvers|try)|Array\.fromAsync|Iterator\.from|RegExp\.escape|import\.meta\.main)\b/g;

/** @returns what of the text the oldest Node that runs the command line does not have */
export const listNewerThanNode20 = (text: string): string[] => text.match(NEWER_THAN_20) ?? [];
