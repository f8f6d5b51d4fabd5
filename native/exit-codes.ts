/** What an exit code says beyond its number: the shell's convention 128 + signal, which Docker follows too. Pure. */
import { constants } from 'node:os';

const NAME_BY_NUMBER: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.signals).map(([name, number]) => [number, name]),
);

/** @returns the signal that code 128 + n stands for, or null. A program may also return such a code by itself. */
export function signalOfExitCode(exitCode: number): string | null {
  return exitCode > 128 ? (NAME_BY_NUMBER.get(exitCode - 128) ?? null) : null;
}

/** @returns a sentence for the codes a shell or a container engine uses when a command could not be run, else null. */
export function explainExitCode(exitCode: number): string | null {
  if (exitCode === 126)
    return 'Exit code 126: a command was found but could not be executed (not executable, or a directory).';
  if (exitCode === 127) return 'Exit code 127: a command was not found.';
  return null;
}
