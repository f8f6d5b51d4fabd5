/** Errors as the UI sees them: what the engine's problem details say, or that it could not be reached. */
import type { ItemError, Problem } from '../../electron/contract/errors.ts';

/** An answer of 400 or more, or no answer at all (`status` 0, `code` "unreachable"). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly remedy: string | undefined;
  /** Where in the input the fault is, for example "resources.slots". */
  readonly path: string | undefined;
  readonly items: readonly ItemError[];

  constructor(problem: Pick<Problem, 'status' | 'code' | 'detail'> & Partial<Problem>) {
    super(problem.detail);
    this.name = 'ApiError';
    this.status = problem.status;
    this.code = problem.code;
    this.remedy =
      problem.remedy ?? (problem.errorId === undefined ? undefined : `Look for ${problem.errorId} in the engine log.`);
    this.path = problem.path;
    this.items = problem.items ?? [];
  }
}

/** @returns the error for an answer that is not 2xx, whatever its body looks like. */
export async function readProblem(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  try {
    const body = JSON.parse(text) as Partial<Problem>;
    if (typeof body.detail === 'string') {
      return new ApiError({ ...body, status: response.status, code: body.code ?? 'internal', detail: body.detail });
    }
  } catch {
    // Not JSON: an older engine or something in between answered.
  }
  return new ApiError({
    status: response.status,
    code: response.status === 401 ? 'unauthenticated' : 'internal',
    detail: `The engine answered ${response.status} ${response.statusText}.`,
  });
}

/** @returns any thrown value as an ApiError, so that every toast can show a remedy. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new ApiError({ status: 0, code: 'internal', detail });
}
