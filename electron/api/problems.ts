/** Any error as an RFC 9457 answer. Expected errors say what to do; unexpected ones show an id and nothing else. */
import { HTTPException } from 'hono/http-exception';
import { suggest } from '../text/nearest.ts';
import { fieldsKnownAt } from './known-fields.ts';
import { ERROR_STATUS, SwitchyardError, type Problem } from '../contract/errors.ts';

export function toResponse(problem: Problem): Response {
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
  });
}

/** @param reportBug logs what was not expected and returns its id */
export function errorResponse(
  error: unknown,
  where: string,
  reportBug: (error: unknown, where: string) => string,
): Response {
  if (error instanceof SwitchyardError) return toResponse(error.toProblem());
  if (error instanceof HTTPException) {
    const code =
      error.status === 415 ? 'unsupported_media_type' : error.status === 404 ? 'not_found' : 'invalid_request';
    const detail =
      error.status === 415
        ? 'Send the body as application/json.'
        : error.message === ''
          ? 'The request could not be understood.'
          : error.message;
    return toResponse({ ...new SwitchyardError(code, detail).toProblem(), status: error.status });
  }
  const errorId = reportBug(error, where);
  return toResponse({
    type: 'urn:switchyard:error:internal',
    title: 'internal',
    status: ERROR_STATUS.internal,
    code: 'internal',
    errorId,
    detail: `Something went wrong inside Switchyard (error ${errorId}). Nothing was lost.`,
    remedy: `Look for ${errorId} in engine.log in the data directory, and report it.`,
  });
}

interface Issue {
  readonly path: PropertyKey[];
  readonly message: string;
  readonly code?: string | undefined;
  readonly keys?: readonly string[] | undefined;
}

/** The first fault zod found in a request, as an error that names the place. */
export function validationError(issues: readonly Issue[]): SwitchyardError {
  const issue = issues[0];
  const path = issue?.path.map(String).join('.') ?? '';
  if (issue?.code === 'unrecognized_keys') {
    const key = issue.keys?.[0] ?? '';
    const where = path === '' ? key : `${path}.${key}`;
    const near = suggest(key, fieldsKnownAt(issue.path.map(String)));
    return new SwitchyardError(
      'unknown_key',
      `There is no field "${where}" here.${near === null ? '' : ` Did you mean "${near}"?`}`,
      { path: where, ...(near === null ? {} : { remedy: `Use ${near}.` }) },
    );
  }
  const code = path.endsWith('priority') ? 'invalid_priority' : 'invalid_request';
  const detail =
    issue === undefined
      ? 'The request is not valid.'
      : path === '' || issue.message.startsWith(String(issue.path.at(-1)))
        ? issue.message
        : `${path}: ${issue.message}`;
  return new SwitchyardError(code, detail, {
    path,
    ...(issues.length > 1
      ? {
          remedy: `${issues.length - 1} more: ${issues
            .slice(1, 4)
            .map((i) => `${i.path.map(String).join('.')}: ${i.message}`)
            .join('; ')}`,
        }
      : {}),
  });
}
