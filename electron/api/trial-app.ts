/**
 * What a trial may do over HTTP: report metrics, progress and checkpoints, and ask whether it should stop. It proves itself with the
 * bearer token of its attempt; the token is good for this trial, while this attempt runs, and for nothing else.
 */
import { Hono } from 'hono';
import { SwitchyardError } from '../contract/errors.ts';
import { readLivePost } from '../trials/reports/live-posts.ts';
import type { ReportRecord } from '../trials/reports/report-lines.ts';
import { parseReportLine } from '../trials/reports/report-lines.ts';
import { errorResponse } from './problems.ts';

export interface TrialAppDeps {
  /** @returns the running attempt the token belongs to, or null. Compares hashes, in constant time per token */
  readonly authenticate: (
    trialId: number,
    token: string,
  ) => { readonly trialId: number; readonly attempt: number } | null;
  readonly takeReports: (
    attempt: { readonly trialId: number; readonly attempt: number },
    records: readonly ReportRecord[],
  ) => Promise<void>;
  readonly shouldStop: (trialId: number) => boolean;
  readonly reportBug: (error: unknown, where: string) => string;
}

export interface TrialApp {
  fetch(request: Request): Promise<Response>;
  /** @returns whether the request carries a good token for the trial it names; nothing of its body is read */
  admits(request: Request): boolean;
}

const MAX_LINES = 10_000;

/**
 * POST /trial/{id}/reports — JSON lines as in trials/report-lines.ts; answers {"accepted": n, "skipped": n, "should_stop": bool}.
 * POST /trial/{id}/api/live — DVCLive's live protocol (trials/reports/live-posts.ts); answers 200 to whatever it is sent.
 * GET /trial/{id}/should-stop — {"should_stop": bool}.
 */
export function createTrialApp(deps: TrialAppDeps): TrialApp {
  const app = new Hono();
  const find = (id: string, authorization: string | null | undefined): ReturnType<TrialAppDeps['authenticate']> => {
    // DVCLive writes "token" where others write "Bearer".
    const token = /^(?:Bearer|token) ([0-9a-f]{64})$/.exec(authorization ?? '')?.[1];
    return token === undefined || !/^\d{1,15}$/.test(id) ? null : deps.authenticate(Number(id), token);
  };
  const whoIs = (id: string, authorization: string | undefined): { trialId: number; attempt: number } => {
    const found = find(id, authorization);
    if (found === null)
      throw new SwitchyardError('unauthenticated', 'This token does not belong to a running attempt of this trial.', {
        remedy: "Use SWITCHYARD_API and SWITCHYARD_TOKEN from the trial's environment.",
      });
    return found;
  };
  app.post('/trial/:id/reports', async (c) => {
    const attempt = whoIs(c.req.param('id'), c.req.header('authorization'));
    const lines = (await c.req.text()).split('\n').filter((line) => line.trim() !== '');
    if (lines.length > MAX_LINES) throw new SwitchyardError('invalid_request', `At most ${MAX_LINES} lines a request.`);
    const records = lines.map(parseReportLine).filter((record) => record !== null);
    if (records.length > 0) await deps.takeReports(attempt, records);
    return c.json({
      accepted: records.length,
      skipped: lines.length - records.length,
      should_stop: deps.shouldStop(attempt.trialId),
    });
  });
  app.post('/trial/:id/api/live', async (c) => {
    const attempt = whoIs(c.req.param('id'), c.req.header('authorization'));
    // A client that is refused once sends nothing any more: what is not understood is left out.
    const records = readLivePost(await c.req.json<unknown>().catch(() => null)).slice(0, MAX_LINES);
    if (records.length > 0) await deps.takeReports(attempt, records);
    return c.json({});
  });
  app.get('/trial/:id/should-stop', (c) => {
    const { trialId } = whoIs(c.req.param('id'), c.req.header('authorization'));
    return c.json({ should_stop: deps.shouldStop(trialId) });
  });
  app.onError((error, c) => errorResponse(error, `trial door ${c.req.method}`, deps.reportBug));
  app.notFound(() => errorResponse(new SwitchyardError('not_found', 'Nothing here.'), '', deps.reportBug));
  return {
    fetch: async (request) => app.fetch(request),
    admits: (request) => {
      const id = /^\/trial\/(\d+)\//.exec(new URL(request.url).pathname)?.[1];
      return id !== undefined && find(id, request.headers.get('authorization')) !== null;
    },
  };
}
