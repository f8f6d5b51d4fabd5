/** What is said when a program of ours talks to an engine of another version. Pure. */

/**
 * @param part what talks to it: "the command line", "the window"
 * @param then what to do after the engine was stopped, as a sentence's second half
 */
export function sayOtherVersion(part: string, own: string, engine: string, then: string): string {
  return (
    `This is ${part} of Switchyard ${own}, the engine that runs is of ${engine}: what only one of them knows ` +
    `does not work. To have it run this version: switchyard stop; ${then}, and running trials go on.`
  );
}
