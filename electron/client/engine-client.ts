/** Requests to the engine's API through its socket: JSON in, JSON out, refusals as errors, streams as they come. */
import http from 'node:http';
import { API_PREFIX } from '../contract/api-prefix.ts';
import type { Problem } from '../contract/errors.ts';
import { ConnectionError, RefusedError } from './client-errors.ts';
import { requestThroughSocket } from './socket-request.ts';

/** Most answers come within milliseconds; a snapshot of a large directory or a stop of many trials may take a while. */
const QUESTION_TIMEOUT_MS = 60_000;
const CHANGE_TIMEOUT_MS = 10 * 60_000;

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';
export type Query = Readonly<Record<string, string | number | undefined>>;

/** Every function throws ConnectionError when the connection breaks, and RefusedError for an answer of 400 and above. */
export interface EngineClient {
  readonly socketPath: string;
  /** @returns the JSON answer. The type is the caller's word: it names the schema of the route in contract/routes.ts. */
  request<T>(method: Method, path: string, body?: unknown, query?: Query): Promise<T>;
  /** @returns the answer with its body unread; it may be silent for as long as it likes. */
  open(
    path: string,
    query?: Query,
    signal?: AbortSignal,
    headers?: Readonly<Record<string, string>>,
  ): Promise<http.IncomingMessage>;
  close(): void;
}

/** @param socketPath absolute path of the engine's socket */
export function createEngineClient(socketPath: string): EngineClient {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });

  async function send(
    method: Method,
    path: string,
    query: Query,
    more: {
      readonly body?: unknown;
      readonly signal?: AbortSignal | undefined;
      readonly headers?: Readonly<Record<string, string>>;
    },
  ): Promise<http.IncomingMessage> {
    const params = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined) params.set(name, String(value));
    const search = params.size === 0 ? '' : `?${params.toString()}`;
    const hasBody = more.body !== undefined;
    const answer = await requestThroughSocket({
      socketPath,
      method,
      path: `${API_PREFIX}${path}${search}`,
      headers: {
        accept: 'application/json',
        ...(hasBody ? { 'content-type': 'application/json' } : {}),
        ...more.headers,
      },
      body: hasBody ? Buffer.from(JSON.stringify(more.body)) : null,
      agent,
      timeoutMs: method === 'GET' ? QUESTION_TIMEOUT_MS : CHANGE_TIMEOUT_MS,
      ...(more.signal === undefined ? {} : { signal: more.signal }),
    }).catch((error: unknown) => {
      throw new ConnectionError(error as NodeJS.ErrnoException);
    });
    const status = answer.statusCode ?? 0;
    if (status >= 400) throw refusal(status, await readText(answer));
    return answer;
  }

  return {
    socketPath,
    async request<T>(method: Method, path: string, body?: unknown, query: Query = {}): Promise<T> {
      const answer = await send(method, path, query, { body });
      const text = await readText(answer);
      try {
        return (text === '' ? undefined : JSON.parse(text)) as T;
      } catch {
        throw new RefusedError(answer.statusCode ?? 0, {
          detail: 'The engine answered something that is not JSON.',
          remedy: 'Restart it: switchyard stop',
        });
      }
    },
    async open(path, query = {}, signal, headers = {}) {
      const answer = await send('GET', path, query, { signal, headers });
      answer.socket.setTimeout(0);
      return answer;
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

function refusal(status: number, text: string): RefusedError {
  try {
    const problem: unknown = JSON.parse(text);
    return new RefusedError(status, typeof problem === 'object' ? (problem as Partial<Problem> | null) : null);
  } catch {
    // Not the engine's own answer; the status is all there is.
    return new RefusedError(status, null);
  }
}
