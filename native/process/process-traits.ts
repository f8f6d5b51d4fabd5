/** What decides whether a process is asked to end, and how it is read. Pure. */

export interface ProcessTraits {
  /** Runs another program and neither passes SIGTERM on nor has work of its own to save: a shell, `time`, ... */
  readonly isWrapper: boolean;
  readonly handlesTerm: boolean;
  /** With its arguments; '' when unknown. */
  readonly commandLine: string;
  /** Names of the pipes it reads from as its input and writes to as its output. */
  readonly readsPipe: string | null;
  readonly writesPipes: readonly string[];
}

/** Programs that run another one and die of SIGTERM without passing it on. Those that replace themselves (env, nice) are none. */
const WRAPPERS: ReadonlySet<string> = new Set(
  'sh dash bash zsh ksh mksh fish busybox time conda accelerate'.split(' '),
);

/**
 * @param names of the program: the file that runs, and what the process calls itself (a script's own name)
 */
export function isWrapperName(names: readonly string[]): boolean {
  return names.some((name) => WRAPPERS.has(name));
}

const SIGTERM_BIT = 1n << 14n;

/** @param status text of /proc/<pid>/status */
export function handlesTerm(status: string): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return caught !== undefined && (BigInt(`0x${caught}`) & SIGTERM_BIT) !== 0n;
}
