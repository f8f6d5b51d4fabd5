import { describe, expect, it } from 'vitest';
import { createTrialApp } from '../../../electron/api/trial-app.ts';

const TOKEN = 'a'.repeat(64);

function open(): {
  readonly app: ReturnType<typeof createTrialApp>;
  readonly asked: unknown[];
  readonly taken: unknown[];
} {
  const asked: unknown[] = [];
  const taken: unknown[] = [];
  const app = createTrialApp({
    authenticate: (trialId, token) => {
      asked.push([trialId, token]);
      return trialId === 7 && token === TOKEN ? { trialId, attempt: 2 } : null;
    },
    takeReports: async (_attempt, records) => {
      taken.push(...records);
    },
    shouldStop: () => true,
    reportBug: (error) => {
      throw error;
    },
  });
  return { app, asked, taken };
}
const ask = (path: string, authorization?: string, init: RequestInit = {}): Request =>
  new Request(`http://127.0.0.1:1${path}`, {
    ...init,
    headers: authorization === undefined ? {} : { authorization },
  });

describe('what a trial may do over HTTP', () => {
  it('is for the bearer of its own token, and who that is can be told from the headers', async () => {
    const { app } = open();
    const good = `Bearer ${TOKEN}`;
    for (const [path, authorization, isGood] of [
      ['/trial/7/should-stop', good, true],
      ['/trial/8/should-stop', good, false],
      ['/trial/7/should-stop', undefined, false],
      ['/trial/7/should-stop', `Bearer ${'b'.repeat(64)}`, false],
      ['/trial/7/should-stop', TOKEN, false],
      ['/other/7/should-stop', good, false],
      ['/', good, false],
    ] as const) {
      expect(app.admits(ask(path, authorization)), path).toBe(isGood);
      expect((await app.fetch(ask(path, authorization))).ok, path).toBe(isGood);
    }
  });

  it('is not asked of the database for what cannot be a token', () => {
    const { app, asked } = open();
    for (const authorization of ['', 'Bearer ', `Bearer ${TOKEN}0`, `Bearer ${'A'.repeat(64)}`, 'x'.repeat(10_000)])
      expect(app.admits(ask('/trial/7/reports', authorization, { method: 'POST', body: '{}' }))).toBe(false);
    expect(app.admits(ask(`/trial/${'9'.repeat(16)}/reports`, `Bearer ${TOKEN}`))).toBe(false);
    expect(asked).toEqual([]);
  });

  it("takes DVCLive's posts with its kind of header, and answers 200 even to what it does not understand", async () => {
    const { app, taken } = open();
    const post = async (authorization: string, body: string): Promise<number> =>
      (await app.fetch(ask('/trial/7/api/live', authorization, { method: 'POST', body }))).status;
    const data = { type: 'data', step: 3, metrics: { 'dvclive/metrics.json': { data: { loss: 0.5 } } } };
    expect(app.admits(ask('/trial/7/api/live', `token ${TOKEN}`))).toBe(true);
    expect(await post(`token ${TOKEN}`, JSON.stringify(data))).toBe(200);
    expect(taken).toMatchObject([{ t: 'metrics', step: 3, values: { loss: 0.5 } }]);
    expect(await post(`token ${TOKEN}`, 'no JSON')).toBe(200);
    expect(await post(`token ${'b'.repeat(64)}`, JSON.stringify(data))).toBe(401);
    expect(taken).toHaveLength(1);
  });

  it('takes reports by the line, and only so many at once', async () => {
    const { app } = open();
    const send = async (lines: number): Promise<number> =>
      (
        await app.fetch(
          ask('/trial/7/reports', `Bearer ${TOKEN}`, { method: 'POST', body: '{"t":"x"}\n'.repeat(lines) }),
        )
      ).status;
    expect(await send(10_000)).toBe(200);
    expect(await send(10_001)).toBe(400);
  });
});
