/**
 * The command line's side of the unix socket door: requests, answers, streams of bytes and of server-sent events.
 * Plain node:http, because it starts faster than fetch and hands over log bytes with back-pressure.
 */
import http from 'node:http';
import { CliError, ExitCode, exitCodeOfStatus } from './exit-codes.ts';

const API_PREFIX = '/api/v1';
/** Most answers come within milliseconds; a snapshot of a large directory or a stop of many trials may take a while. */
const QUESTION_TIMEOUT_MS = 60_000;
const CHANGE_TIMEOUT_MS = 10 * 60_000;

/** Refused trials of a batch that are named one by one. */
const SHOWN_ITEMS = 20;

interface ProblemLike {
  readonly code?: string;
  readonly detail?: string;
  readonly remedy?: string;
  readonly path?: string;
  readonly items?: readonly { readonly id: number | string; readonly message: string }[];
  readonly errorId?: string;
}

export type Query = Readonly<Record<string, string | number | undefined>>;

export interface EngineClient {
  readonly socketPath: string;
  /** @returns the JSON answer. The type is the caller's word: it names the schema of the route in contract/routes.ts. */
  request<T>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown, query?: Query): Promise<T>;
  /** @returns the answer with its body unread. */
  open(
    path: string,
    query?: Query,
    signal?: AbortSignal,
    headers?: Readonly<Record<string, string>>,
  ): Promise<http.IncomingMessage>;
  close(): void;
}

/** A connection that broke. Separate from an answer, because a broken one may be tried again. */
export class ConnectionError extends Error {
  readonly code: string;
  constructor(cause: NodeJS.ErrnoException) {
    super(cause.message, { cause });
    this.name = 'ConnectionError';
    this.code = cause.code ?? '';
  }
}

export function createEngineClient(socketPath: string): EngineClient {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });

  function send(
    method: string,
    path: string,
    body: unknown,
    query: Query,
    signal: AbortSignal | undefined,
    extra: Readonly<Record<string, string>>,
  ): Promise<http.IncomingMessage> {
    const params = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined) params.set(name, String(value));
    const search = params.size === 0 ? '' : `?${params.toString()}`;
    const payload = body === undefined ? null : Buffer.from(JSON.stringify(body));
    const headers: Record<string, string | number> = { host: 'localhost', accept: 'application/json', ...extra };
    if (payload !== null)
      Object.assign(headers, { 'content-type': 'application/json', 'content-length': payload.length });
    return new Promise((resolve, reject) => {
      const options: http.RequestOptions = {
        socketPath,
        path: `${API_PREFIX}${path}${search}`,
        method,
        headers,
        agent,
      };
      const request = http.request(signal === undefined ? options : { ...options, signal }, resolve);
      request.setTimeout(method === 'GET' ? QUESTION_TIMEOUT_MS : CHANGE_TIMEOUT_MS, () =>
        request.destroy(new Error('the engine did not answer in time')),
      );
      request.on('error', (error) => reject(new ConnectionError(error)));
      request.end(payload ?? undefined);
    });
  }

  return {
    socketPath,
    async request<T>(
      method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
      path: string,
      body?: unknown,
      query: Query = {},
    ): Promise<T> {
      const response = await send(method, path, body, query, undefined, {});
      const text = await readText(response);
      const status = response.statusCode ?? 0;
      if (status >= 400) throw errorOfAnswer(status, text);
      if (text === '') return undefined as T;
      try {
        return JSON.parse(text) as T;
      } catch {
        throw new CliError(
          ExitCode.failed,
          'The engine answered something that is not JSON.',
          'Restart it: switchyard stop',
        );
      }
    },
    async open(path, query = {}, signal, headers = {}) {
      const response = await send('GET', path, undefined, query, signal, headers);
      // A stream may be silent for as long as it likes.
      response.socket.setTimeout(0);
      const status = response.statusCode ?? 0;
      if (status >= 400) throw errorOfAnswer(status, await readText(response));
      return response;
    },
    close: () => agent.destroy(),
  };
}

async function readText(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch (error) {
    throw new ConnectionError(error as NodeJS.ErrnoException);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** @returns the error for a person, from problem details or from whatever else came */
function errorOfAnswer(status: number, text: string): CliError {
  let problem: ProblemLike = {};
  try {
    problem = JSON.parse(text) as ProblemLike;
  } catch {
    // Not the engine's own answer; the status is all there is.
  }
  const detail = problem.detail ?? `The engine answered ${status}.`;
  const lines = [detail];
  // A batch of one says it all in its detail.
  const items = (problem.items ?? []).filter((item) => !detail.includes(item.message));
  for (const item of items.slice(0, SHOWN_ITEMS))
    lines.push(item.message.includes(`#${item.id}`) ? `  ${item.message}` : `  #${item.id}: ${item.message}`);
  if (items.length > SHOWN_ITEMS) lines.push(`  … and ${items.length - SHOWN_ITEMS} more`);
  if (problem.errorId !== undefined) lines.push(`  Error id ${problem.errorId} in the engine's log.`);
  return new CliError(
    exitCodeOfStatus(status, problem.code),
    lines.join('\n'),
    problem.remedy ?? null,
    text === '' ? null : problem,
  );
}
