/** `notify` and `metrics --from-log` against a stand-in engine. */
import { afterEach, expect, it } from 'vitest';
import { cli, startFakeEngine, type FakeEngine, type Routes } from './fake-engine.ts';

let engine: FakeEngine | null = null;
const start = async (routes: Routes): Promise<FakeEngine> => {
  engine = await startFakeEngine(routes);
  return engine;
};
afterEach(async () => {
  await engine?.close();
  engine = null;
});

const channel = {
  name: 'phone',
  kind: 'ntfy',
  shown: 'https://ntfy.example/…',
  events: 'failed',
  leastRanS: 600,
  waiting: 2,
  lastSentAtMs: null,
  lastError: { atMs: 1, message: 'ntfy could not be reached (ECONNREFUSED).' },
};

it('makes a channel, and lists what there is', async () => {
  const { home, seen } = await start({
    'POST /messages/channels/phone': { json: channel },
    'GET /messages/channels': { json: { channels: [channel] } },
  });
  const argv = [
    'notify',
    'phone',
    '--ntfy',
    'https://ntfy.example/t',
    '--token',
    'x',
    '--when',
    'failed',
    '--after',
    '10m',
  ];
  expect((await cli(home, argv)).out).toBe(
    'phone sends to https://ntfy.example/…. Try it: switchyard notify --test phone\n',
  );
  expect(seen.at(-1)?.body).toEqual({
    target: { kind: 'ntfy', url: 'https://ntfy.example/t', token: 'x' },
    events: 'failed',
    leastRanS: 600,
  });
  expect((await cli(home, ['notify'])).out).toContain('ECONNREFUSED');
  expect((await cli(home, ['notify', 'phone'])).err).toContain('It does not say where to.');
  expect((await cli(home, ['notify', 'phone', '--mail', 'a@b', '--webhook', 'https://x'])).exitCode).toBe(2);
  expect((await cli(home, ['notify', 'phone', '--mail', 'a@b', '--when', 'always'])).err).toContain(
    'done, failed, asked',
  );
});

it('tests all channels, and fails when one did not take it', async () => {
  const { home } = await start({
    'GET /messages/channels': { json: { channels: [channel, { ...channel, name: 'me' }] } },
    'POST /messages/channels/phone/test': {
      json: { ok: false, detail: 'ntfy refused it (403).', remedy: 'Check its token.' },
    },
    'POST /messages/channels/me/test': { json: { ok: true, detail: 'A test message was sent to me.', remedy: null } },
  });
  const all = await cli(home, ['notify', '--test']);
  expect(all).toMatchObject({
    exitCode: 1,
    out: 'phone: ntfy refused it (403). Check its token.\nA test message was sent to me.\n',
  });
  expect((await cli(home, ['notify', '--test', 'me'])).exitCode).toBe(0);
});

it('chooses the channels of trials', async () => {
  const { home, seen } = await start({
    'POST /trials/14/messages': { json: { channels: ['phone', 'me'] } },
    'GET /trials/14/messages': { json: { channels: null } },
  });
  expect((await cli(home, ['notify', '14', '--to', 'phone,me'])).out).toBe('#14 tells phone, me.\n');
  expect(seen.at(-1)?.body).toEqual({ channels: ['phone', 'me'] });
  await cli(home, ['notify', '14', '--to', 'none']);
  expect(seen.at(-1)?.body).toEqual({ channels: [] });
  expect((await cli(home, ['notify', '14'])).out).toContain('whose "when" says so');
});

it('metrics says what the log has, and takes it', async () => {
  const facts = { attempt: 1, metricNames: ['loss', 'acc'], takesMetrics: false, bar: null };
  const { home, seen } = await start({
    'GET /trials/3/metrics': { json: { series: [] } },
    'GET /trials/3/log-facts': { json: facts },
    'POST /trials/3/log-metrics': { json: { ...facts, takesMetrics: true } },
  });
  expect((await cli(home, ['metrics', '3'])).err).toContain(
    'its log has loss and acc. To take them: switchyard metrics 3 --from-log',
  );
  expect(seen.some(({ method }) => method === 'POST')).toBe(false);
  await cli(home, ['metrics', '3', '--from-log']);
  expect(seen.find(({ method }) => method === 'POST')?.body).toEqual({ takes: true });
  await cli(home, ['metrics', '3', '--no-from-log']);
  expect(seen.findLast(({ method }) => method === 'POST')?.body).toEqual({ takes: false });
});
