/**
 * Finds the program before the launch, so that a missing one is a clear error and not exit code 127.
 * Synchronous: a handful of look-ups of a few microseconds each, which a free slot should not wait for any longer.
 */
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { LaunchError } from '../../electron/ports/trial-runtime.ts';
import type { FoundProgram } from '../../electron/ports/trial-runtime.ts';

/**
 * @param command argv[0] as given
 * @param workDir where the program will run; relative paths and relative PATH entries start here
 * @returns the program as a path with a slash (what was given, if it had one)
 * @throws LaunchError command_missing
 */
export function resolveCommand(command: string, workDir: string, searchPath: string): string {
  if (command === '') {
    throw new LaunchError(
      'command_missing',
      'The command is empty.',
      'Give the program to run, for example: python train.py',
    );
  }
  if (command.includes('/')) {
    const found = inspect(path.resolve(workDir, command));
    if (found === 'executable') return command;
    throw found === 'missing'
      ? new LaunchError(
          'command_missing',
          `The program ${command} does not exist in ${workDir}.`,
          'Check the path; it is relative to the submitted directory. Files ignored by .gitignore are not part of a submit.',
        )
      : notExecutable(command, found);
  }
  let blocked: 'directory' | 'not executable' | null = null;
  for (const entry of searchPath.split(':')) {
    const candidate = path.resolve(workDir, entry === '' ? '.' : entry, command);
    const found = inspect(candidate);
    if (found === 'executable') return candidate;
    if (found === 'not executable') blocked = found;
  }
  if (blocked !== null) throw notExecutable(command, blocked);
  const inWorkDir = inspect(path.resolve(workDir, command));
  throw new LaunchError(
    'command_missing',
    `There is no program "${command}".`,
    inWorkDir === 'missing' || inWorkDir === 'directory'
      ? `Install it, give its full path, or set PATH in environment_variables. Looked in ${searchPath}`
      : `There is a file of that name in the submitted directory: write ./${command}`,
  );
}

/** Names that often stand for the same thing. */
const ALIKE: Readonly<Record<string, readonly string[]>> = {
  python: ['python3'],
  python3: ['python'],
  pip: ['pip3'],
  pip3: ['pip'],
};

/** @param name without a slash; relative entries of PATH are those of a directory not known yet, so they do not count */
export function findProgram(name: string, searchPath: string): FoundProgram {
  const look = (program: string): string | null => {
    for (const entry of searchPath.split(':')) {
      const candidate = path.join(entry, program);
      if (path.isAbsolute(entry) && inspect(candidate) === 'executable') return candidate;
    }
    return null;
  };
  const found = look(name);
  if (found !== null) return { path: found };
  return {
    path: null,
    nearby: (ALIKE[name] ?? []).find((other) => look(other) !== null) ?? null,
    searched: searchPath,
  };
}

function notExecutable(command: string, why: 'directory' | 'not executable'): LaunchError {
  return why === 'directory'
    ? new LaunchError(
        'command_missing',
        `${command} is a directory, not a program.`,
        'Give the program to run, for example: python train.py',
      )
    : new LaunchError(
        'command_missing',
        `The file ${command} is not executable.`,
        `Run chmod +x ${command}, or name its interpreter: python ${command}, sh ${command}`,
      );
}

function inspect(file: string): 'executable' | 'missing' | 'directory' | 'not executable' {
  try {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found === undefined) return 'missing';
    if (found.isDirectory()) return 'directory';
  } catch {
    return 'missing';
  }
  try {
    accessSync(file, constants.X_OK);
    return 'executable';
  } catch {
    return 'not executable';
  }
}
