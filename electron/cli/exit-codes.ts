/** Exit codes that scripts can rely on, and the error that carries one. */

export const ExitCode = {
  ok: 0,
  /** The operation failed, or a trial that was waited for did not complete. */
  failed: 1,
  /** Wrong usage: unknown flag, bad value, refused configuration. */
  usage: 2,
  notFound: 3,
  /** Refused: the trial is in another state, somebody else changed it, the pool is in use. */
  refused: 4,
  /** No engine could be reached or started. */
  unreachable: 5,
  /** Ctrl-C. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export const EXIT_CODE_HELP =
  'Exit codes: 0 done, 1 it failed (or a trial waited for did), 2 wrong usage or input, 3 not found, 4 ' +
  'refused, 5 engine not reachable.';

/** Ends the command with a message for a person: what happened, and what to do next. */
export class CliError extends Error {
  readonly exitCode: ExitCode;
  readonly remedy: string | null;
  /** The engine's problem details, printed as they are with --json. */
  readonly problem: unknown;

  constructor(exitCode: ExitCode, message: string, remedy: string | null = null, problem: unknown = null) {
    super(message);
    this.name = 'CliError';
    this.exitCode = exitCode;
    this.remedy = remedy;
    this.problem = problem;
  }
}

/** @returns an error about what was typed (exit code 2) */
export function usageError(message: string, remedy: string | null = null): CliError {
  return new CliError(ExitCode.usage, message, remedy);
}

/** @param status HTTP status of the engine's answer */
export function exitCodeOfStatus(status: number, code: string | undefined): ExitCode {
  if (code === 'shutting_down') return ExitCode.unreachable;
  if (status === 404) return ExitCode.notFound;
  if (status === 401 || status === 403 || status === 409) return ExitCode.refused;
  if (status >= 400 && status < 500) return ExitCode.usage;
  return ExitCode.failed;
}
