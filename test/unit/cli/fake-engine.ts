/** A stand-in for the engine on a unix socket, and a terminal that keeps what was printed. */
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { runCli } from '../../../electron/cli/run-cli.ts';
import { createTerminal } from '../../../electron/cli/terminal.ts';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

export type Answer = {
  readonly status?: number;
  readonly json?: unknown;
  readonly bytes?: Buffer;
  readonly headers?: Record<string, string>;
  readonly stream?: (response: http.ServerResponse) => void;
};

/** "GET /trials/14" -> what to answer; a query string is not part of the key. */
export type Routes = Readonly<Record<string, Answer | ((request: SeenRequest, query: URLSearchParams) => Answer)>>;

export interface FakeEngine {
  readonly home: string;
  readonly seen: SeenRequest[];
  close(): Promise<void>;
}

/** @param engineVersion the command line of the tests is 0.0.0 */
export async function startFakeEngine(routes: Routes, engineVersion = '0.0.0'): Promise<FakeEngine> {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'sy-cli-'));
  const socket = path.join(home, 'engine.sock');
  const seen: SeenRequest[] = [];
  const server = http.createServer(
    (request, response) =>
      void (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
        const text = Buffer.concat(chunks).toString('utf8');
        const url = new URL(request.url ?? '/', 'http://localhost');
        const one: SeenRequest = {
          method: request.method ?? '',
          path: url.pathname.replace('/api/v1', ''),
          body: text === '' ? null : JSON.parse(text),
        };
        seen.push(one);
        const route = routes[`${one.method} ${one.path}`];
        const answer: Answer =
          route === undefined
            ? { status: 404, json: { code: 'not_found', detail: `There is no ${one.path}.`, status: 404 } }
            : typeof route === 'function'
              ? route(one, url.searchParams)
              : route;
        response.writeHead(answer.status ?? 200, {
          'content-type': answer.stream === undefined ? 'application/json' : 'text/event-stream',
          ...answer.headers,
        });
        if (answer.stream === undefined) response.end(answer.bytes ?? JSON.stringify(answer.json ?? null));
        else answer.stream(response);
      })(),
  );
  await new Promise<void>((resolve) => void server.listen(socket, resolve));
  fs.writeFileSync(
    path.join(home, 'engine.lock'),
    JSON.stringify({ pid: process.pid, startedAtMs: 0, socket, version: engineVersion }),
  );
  return {
    home,
    seen,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
      fs.rmSync(home, { recursive: true, force: true });
    },
  };
}

export interface CliResult {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

export interface CliOptions {
  readonly stdin?: string;
  readonly stdinIsTTY?: boolean;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

/** Runs one command in this process, with the fake engine's data directory. */
export async function cli(home: string, argv: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const stdin = Object.assign(Readable.from(options.stdin === undefined ? [] : [Buffer.from(options.stdin)]), {
    isTTY: options.stdinIsTTY ?? options.stdin === undefined,
  });
  const terminal = createTerminal({
    stdin,
    stdout: out,
    stderr: err,
    env: { SWITCHYARD_HOME: home, ...options.env },
    cwd: options.cwd ?? home,
  });
  const [exitCode, outText, errText] = await Promise.all([
    runCli(argv, terminal, '0.0.0', options.signal ?? new AbortController().signal).finally(() => {
      out.end();
      err.end();
    }),
    out.toArray(),
    err.toArray(),
  ]);
  return {
    exitCode,
    out: Buffer.concat(outText as Buffer[]).toString('utf8'),
    err: Buffer.concat(errText as Buffer[]).toString('utf8'),
  };
}
