/** A small client of the engine's API, for tests: JSON in, JSON out, problems as errors. */
import type { SubmitBodyInput, SubmitResult } from '../../electron/contract/config.ts';
import type { Problem } from '../../electron/contract/errors.ts';
import type { StateSnapshot } from '../../electron/contract/feed.ts';
import { API_PREFIX } from '../../electron/contract/api-prefix.ts';
import type { Trial, TrialActionInput, TrialActionResult, TrialDetail } from '../../electron/contract/trials.ts';

/** The engine answered with a problem (4xx or 5xx): nothing was acknowledged. */
export class ApiProblem extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(`${problem.code}: ${problem.detail}`);
    this.name = 'ApiProblem';
    this.problem = problem;
  }
}

/** The connection broke or there was none: whether the request took effect is unknown. */
export class EngineGone extends Error {
  constructor(cause: unknown) {
    super('the engine went away', { cause });
    this.name = 'EngineGone';
  }
}

/** No answer of a healthy engine takes longer, not even on a loaded machine. */
const ANSWER_DEADLINE_MS = 30_000;

export interface ApiClient {
  /**
   * @param path below /api/v1, for example /trials?limit=5
   * @throws ApiProblem, EngineGone
   */
  call<T>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T>;
  /** The answer as it comes, for streams and logs. @throws EngineGone */
  raw(path: string, signal?: AbortSignal): Promise<Response>;
  state(): Promise<StateSnapshot>;
  submit(body: SubmitBodyInput): Promise<SubmitResult>;
  act(action: TrialActionInput): Promise<TrialActionResult>;
  trial(id: number): Promise<TrialDetail>;
  /** Every trial, ended and archived ones too. */
  trials(): Promise<Trial[]>;
  log(id: number, attempt: number): Promise<string>;
}

/** @param deliver createSocketFetch(path of engine.sock), or the fetch of an engine in this process */
export function createApiClient(deliver: (request: Request) => Promise<Response>): ApiClient {
  const send = async (path: string, init: RequestInit): Promise<Response> => {
    try {
      return await deliver(new Request(`http://localhost${API_PREFIX}${path}`, init));
    } catch (error) {
      throw new EngineGone(error);
    }
  };

  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await send(path, {
      method,
      signal: AbortSignal.timeout(ANSWER_DEADLINE_MS),
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await answer.text().catch((error: unknown) => {
      throw new EngineGone(error);
    });
    if (!answer.ok) throw new ApiProblem(JSON.parse(text) as Problem);
    return (text === '' ? null : JSON.parse(text)) as T;
  }

  return {
    call,
    raw: (path, signal) => send(path, signal === undefined ? {} : { signal }),
    state: () => call('GET', '/state'),
    submit: (body) => call('POST', '/experiments', body),
    act: (action) => call('POST', '/trials/actions', action),
    trial: (id) => call('GET', `/trials/${id}`),
    async trials() {
      const all: Trial[] = [];
      for (let after: string | null = null; ;) {
        const path: string = `/trials?archived=all&limit=1000${after === null ? '' : `&after=${after}`}`;
        const page: { trials: Trial[]; next: string | null } = await call('GET', path);
        all.push(...page.trials);
        after = page.next;
        if (after === null) return all;
      }
    },
    log: async (id, attempt) => (await send(`/trials/${id}/attempts/${attempt}/log`, {})).text(),
  };
}
