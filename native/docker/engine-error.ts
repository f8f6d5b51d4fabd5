/** What a failed call to a container engine means. Pure. */

/** Errors of a connection that was never made: the engine has not seen the request. */
const NOT_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'EACCES',
  'EPERM',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
/** Errors of a connection that broke: the engine may or may not have acted. */
const BROKEN: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ECONNABORTED',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ENGINE_TIMEOUT',
  'ABORT_ERR',
]);

/** A call the engine did not answer in time. */
export class EngineTimeout extends Error {
  readonly code = 'ENGINE_TIMEOUT';
}

/** No engine can be reached: the sentences say why and what to do. */
export class EngineDown extends Error {
  readonly remedy: string;
  constructor(problem: string, remedy: string) {
    super(problem);
    this.name = 'EngineDown';
    this.remedy = remedy;
  }
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** HTTP status of an engine's refusal; null when it was no answer at all. */
export function statusOf(error: unknown): number | null {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : null;
}

/** The engine's own sentence, without what the client library puts around it. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (
    'json' in error &&
    typeof error.json === 'object' &&
    error.json !== null &&
    'message' in error.json &&
    typeof error.json.message === 'string'
  ) {
    return error.json.message;
  }
  return error.message.replace(/^\(HTTP code \d+\) [^-]* - /, '').trim();
}

/** The request was surely not carried out, because there was nobody to take it. */
export function wasNotSent(error: unknown): boolean {
  return error instanceof EngineDown || NOT_SENT.has(codeOf(error));
}

/** The engine is away or went away; whether it acted is unknown unless wasNotSent(). */
export function isConnectionError(error: unknown): boolean {
  return (
    statusOf(error) === null &&
    (wasNotSent(error) || BROKEN.has(codeOf(error)) || (error instanceof Error && error.message === 'socket hang up'))
  );
}
