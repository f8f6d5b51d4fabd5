/**
 * Who of an attempt's processes gets SIGTERM. Pure.
 *
 * The main process of the program is asked, never its workers: a program that loses its workers cannot save any more (PyTorch ends with
 * "DataLoader worker is killed by signal"), while one that is asked ends them itself. What the supervisor started is the main process,
 * unless it only runs another program for somebody: a shell dies of SIGTERM at once and takes the program behind it with it. Then the
 * program behind it is asked, the shell as well where it has a trap; otherwise it is held (stopped) until that program has ended and then
 * asked, so that it does not go on with its next line. Of a pipeline the head is asked: a `tee` that ends first would break the pipe the program prints into.
 */
import type { ProcessEntry } from './process-table.ts';
import type { ProcessTraits } from './process-traits.ts';

export interface Asking {
  readonly ask: readonly ProcessEntry[];
  /** To be stopped until they are asked. */
  readonly hold: readonly ProcessEntry[];
  /** Somebody remains to be asked when one of those asked is gone, or when the program has begun. */
  readonly again: boolean;
}

/**
 * @param members of the attempt, alive
 * @param askedBefore who was asked in earlier rounds
 */
export function whoIsAsked(
  members: readonly ProcessEntry[],
  supervisorPid: number,
  traitsOf: (pid: number) => ProcessTraits,
  askedBefore: readonly ProcessEntry[],
): Asking {
  const ask: ProcessEntry[] = [];
  const hold: ProcessEntry[] = [];
  let again = false;
  const childrenOf = (pid: number): ProcessEntry[] => members.filter((entry) => entry.parent === pid);
  const isAlive = (entry: ProcessEntry): boolean => members.some((member) => isSame(member, entry));
  const hasEndedChild = (pid: number): boolean => askedBefore.some((entry) => entry.parent === pid && !isAlive(entry));

  function visit(entry: ProcessEntry): void {
    const traits = traitsOf(entry.pid);
    const children = childrenOf(entry.pid);
    // A copy a shell has just made of itself: it would forget the signal on becoming the program.
    const isCopy =
      traits.isWrapper && traits.commandLine !== '' && traits.commandLine === traitsOf(entry.parent).commandLine;
    if (isCopy && children.length === 0) {
      again = true;
      return;
    }
    if (!traits.isWrapper || children.length === 0 || hasEndedChild(entry.pid)) {
      ask.push(entry);
      return;
    }
    if (traits.handlesTerm) ask.push(entry);
    else {
      hold.push(entry);
      again = true;
    }
    for (const head of headsOf(children, traitsOf)) visit(head);
  }

  const roots = childrenOf(supervisorPid);
  if (roots.length === 0) again = members.some((entry) => entry.pid === supervisorPid);
  for (const root of roots) visit(root);
  return { ask: ask.filter((entry) => !askedBefore.some((before) => isSame(before, entry))), hold, again };
}

/** Those that do not read what another one of them writes. */
function headsOf(siblings: readonly ProcessEntry[], traitsOf: (pid: number) => ProcessTraits): readonly ProcessEntry[] {
  const traits = new Map(siblings.map((entry) => [entry.pid, traitsOf(entry.pid)]));
  const heads = siblings.filter((entry) => {
    const pipe = traits.get(entry.pid)?.readsPipe ?? null;
    return (
      pipe === null ||
      !siblings.some((other) => other.pid !== entry.pid && traits.get(other.pid)?.writesPipes.includes(pipe) === true)
    );
  });
  return heads.length === 0 ? siblings : heads;
}

const isSame = (a: ProcessEntry, b: ProcessEntry): boolean => a.pid === b.pid && a.startTime === b.startTime;
