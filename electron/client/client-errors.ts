/** What can go wrong between a program of ours and the engine. */
import type { Problem } from '../contract/errors.ts';

/** A connection that broke or never came about. Separate from an answer, because it may be tried again. */
export class ConnectionError extends Error {
  /** The system's code, for example ECONNREFUSED; empty when there is none. */
  readonly code: string;
  constructor(cause: NodeJS.ErrnoException) {
    super(cause.message, { cause });
    this.name = 'ConnectionError';
    this.code = cause.code ?? '';
  }
}

/** No engine runs and none could be started. */
export class EngineAwayError extends Error {
  readonly remedy: string;
  constructor(message: string, remedy: string) {
    super(message);
    this.name = 'EngineAwayError';
    this.remedy = remedy;
  }
}

/** This Node is too old for what a command needs of the engine's own code; the command has done nothing yet. */
export class OtherNodeNeeded extends Error {
  constructor() {
    super(`Node ${process.versions.node} cannot run the engine.`);
    this.name = 'OtherNodeNeeded';
  }
}

/** The engine answered that it will not or cannot. */
export class RefusedError extends Error {
  readonly status: number;
  /** Its problem details, as far as they came; null when the answer was something else. */
  readonly problem: Partial<Problem> | null;
  constructor(status: number, problem: Partial<Problem> | null) {
    super(problem?.detail ?? `The engine answered ${status}.`);
    this.name = 'RefusedError';
    this.status = status;
    this.problem = problem;
  }
}
