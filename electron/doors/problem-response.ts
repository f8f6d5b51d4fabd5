/** Problem details (RFC 9457) as a Response, for refusals made by a door before the engine is asked. */
import type { Problem } from '../contract/errors.ts';
import { SwitchyardError, type ErrorCode, type SwitchyardErrorFields } from '../contract/errors.ts';

/**
 * @param code stable code; gives the HTTP status unless `status` says otherwise
 * @param detail one sentence for a person
 */
export function problemResponse(
  code: ErrorCode,
  detail: string,
  fields: SwitchyardErrorFields & {
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Response {
  const problem = new SwitchyardError(code, detail, fields).toProblem();
  const body: Problem = fields.status === undefined ? problem : { ...problem, status: fields.status };
  return new Response(JSON.stringify(body), {
    status: body.status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...fields.headers },
  });
}
