/** Submit, undo, lists and logs as scripts and people use them all day. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Trial } from '../../../electron/contract/trials.ts';
import { makeTrial } from '../../fakes/trial.ts';
import { cli, startFakeEngine } from './fake-engine.ts';
import type { FakeEngine, Routes } from './fake-engine.ts';

let engine: FakeEngine | null = null;
const start = async (routes: Routes, engineVersion?: string): Promise<FakeEngine> => {
  engine = await startFakeEngine(routes, engineVersion);
  return engine;
};
afterEach(async () => {
  await engine?.close();
  engine = null;
});

const queued = {
  status: 201,
  json: { experimentId: 1, trialIds: [7], name: 'resnet\u001B[2J', notes: ['Runs with the process runtime.'] },
};
const ended = (kind: 'completed' | 'failed', attempt = 1): Trial =>
  makeTrial({
    id: 7,
    state: 'done',
    attempt,
    outcome: { kind, exitCode: 0, code: 'exit', message: 'It ended.', remedy: 'Look at it.' },
  });
const event = (name: string, data: unknown): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
const logOf = (text: string): Routes[string] => ({
  bytes: Buffer.from(text),
  headers: { 'content-type': 'application/octet-stream', 'x-log-offset': '0', 'x-log-next': String(text.length) },
});
const followed = (text: string): Routes[string] => ({
  stream: (response) => {
    const chunk = { offset: 0, next: text.length, text: Buffer.from(text).toString('base64') };
    response.end(event('chunk', chunk) + event('end', { totalBytes: text.length }));
  },
});

describe('submit', () => {
  it('says the name of what it queued, or only the number', async () => {
    const { home } = await start({ 'POST /experiments': queued });
    expect((await cli(home, ['submit', '--no-snapshot', '--', 'true'])).out).toBe('Queued #7 resnet [2J.\n');
    expect(await cli(home, ['submit', '-q', '--no-snapshot', '--', 'true'])).toEqual({
      exitCode: 0,
      out: '7\n',
      err: '',
    });
  });
  it('says a note once in a batch', async () => {
    const { home } = await start({ 'POST /experiments': queued });
    const argv = ['submit', '--no-snapshot', '--', 'true'];
    expect((await cli(home, argv)).err).toBe('Runs with the process runtime.\n');
    expect((await cli(home, argv)).err).toBe('');
    expect((await cli(home, [...argv.slice(0, 2), '-S', 'lr=1', '--', 'true'])).err).toMatch(/^The hyperparameters/);
  });
  it('follows the log through all attempts, and fails when the trial did', async () => {
    let asked = 0;
    const { home } = await start({
      'POST /experiments': queued,
      'GET /trials/7': () => {
        asked += 1;
        // Started; told at the end of the first attempt; queued again; started again; done.
        const trial =
          asked < 4 ? makeTrial({ id: 7, state: 'running', attempt: asked < 3 ? 1 : 2 }) : ended('failed', 2);
        return { json: { trial: asked === 3 ? { ...trial, state: 'queued', attempt: 1 } : trial } };
      },
      'GET /events': {
        stream: (response) =>
          void response.write(event('changes', { trials: [makeTrial({ id: 7, state: 'running', attempt: 2 })] })),
      },
      'GET /trials/7/attempts/1/log/follow': followed('10%\r20%\n'),
      'GET /trials/7/attempts/2/log/follow': followed('20%\r100%\n'),
    });
    const result = await cli(home, ['submit', '--no-snapshot', '--follow', '--', 'true']);
    expect(result.out).toBe('Queued #7 resnet [2J.\n20%\n100%\n');
    expect(result.exitCode).toBe(1);
    expect(result.err).toContain('#7 did not complete.');
  });
});

describe('undo', () => {
  it('takes back the latest step, or the one that is named', async () => {
    const answer = { json: { trialIds: [14], undoId: null, message: 'Undone: move of #14' } };
    const { home, seen } = await start({ 'POST /undo': answer, 'POST /undo/31': answer });
    expect((await cli(home, ['undo'])).out).toBe('Undone: move of #14\n');
    await cli(home, ['undo', '31']);
    expect(seen.map(({ path }) => path)).toEqual(['/undo', '/undo/31']);
  });
});

describe('ls', () => {
  const trials = [
    makeTrial({ id: 1, state: 'running', name: 'a', command: 'python t.py --lr 1' }),
    makeTrial({ id: 2, name: 'b', command: 'python t.py --lr 2' }),
    makeTrial({ id: 3, name: 'c', poolId: 'night', state: 'paused', command: 'python t.py --lr 2' }),
    makeTrial({ id: 4, name: 'd', state: 'paused', command: 'python t.py --lr 3' }),
  ];
  const plan = {
    madeAtMs: 0,
    waiting: [{ trialId: 2, reason: { code: 'slots_busy', text: 'GPU 0 runs #1', blockers: [] } }],
    forecast: [{ trialId: 2, poolId: 'workstation', startAtMs: 5, endAtMs: 9, slots: [], basis: 'history' }],
    clearAtMs: {},
  };
  const routes: Routes = {
    'GET /trials': { json: { trials, total: 4, next: null } },
    'GET /events': { stream: (response) => void response.write(event('plan', plan) + event('gpus', { slots: [] })) },
  };
  it('shows places in each line, and in what runs differ', async () => {
    const { home } = await start(routes);
    const lines = (await cli(home, ['ls'])).out.split('\n');
    expect(lines[0]).toMatch(/^ID  PLACE  NAME  PARAMS  STATE/);
    expect(lines.slice(1, 5).map((line) => line.trim().split(/\s+/).slice(0, 4))).toEqual([
      ['1', 'a', 'lr=1', 'running'],
      ['2', '1', 'b', 'lr=2'],
      ['3', '1', 'c', 'lr=2'],
      ['4', '2', 'd', 'lr=3'],
    ]);
    // Of a part of the line nobody can say the places.
    expect((await cli(home, ['ls', '--state', 'queued'])).out).not.toContain('PLACE');
  });
  it('--json says why and when', async () => {
    const { home } = await start({ ...routes, 'GET /trials/2': { json: { trial: trials[1], metricNames: [] } } });
    const list = JSON.parse((await cli(home, ['ls', '--json'])).out) as { trials: unknown[] };
    expect(list.trials[1]).toMatchObject({
      id: 2,
      place: 1,
      waiting: { code: 'slots_busy' },
      forecast: { startAtMs: 5 },
    });
    expect(list.trials[0]).toMatchObject({ id: 1, place: null, waiting: null, forecast: null });
    expect(JSON.parse((await cli(home, ['show', '2', '--json'])).out)).toMatchObject({
      waiting: { text: 'GPU 0 runs #1' },
      forecast: { endAtMs: 9 },
    });
  });
});

describe('logs', () => {
  const routes: Routes = {
    'GET /trials/7': { json: { trial: ended('completed', 2) } },
    'GET /trials/7/attempts/1/log': logOf('10%\r20%\nstopped'),
    'GET /trials/7/attempts/2/log': logOf('30%\r100%\n'),
  };
  it('into a pipe are lines as they looked in the end, or the bytes', async () => {
    const { home } = await start(routes);
    expect((await cli(home, ['logs', '7'])).out).toBe('100%\n');
    expect((await cli(home, ['logs', '7', '--raw'])).out).toBe('30%\r100%\n');
  });
  it('are joined over all attempts', async () => {
    const { home } = await start(routes);
    const result = await cli(home, ['logs', '7', '--all-attempts']);
    // The last line of the first has no end; the next attempt begins on its own.
    expect(result.out).toBe('20%\nstopped\n100%\n');
    expect((await cli(home, ['logs', '7', '--all-attempts', '--raw'])).out).toBe('10%\r20%\nstopped30%\r100%\n');
    expect(result.err).toBe('Attempt 1 of #7:\nAttempt 2 of #7:\n');
    expect((await cli(home, ['logs', '7', '--all-attempts', '--tail', '3'])).exitCode).toBe(2);
  });
});

it('says once that command line and engine are of two versions', async () => {
  const routes: Routes = { 'POST /undo': { json: { trialIds: [1], undoId: null, message: 'Undone.' } } };
  const { home } = await start(routes, '0.9.0');
  expect((await cli(home, ['undo'])).err).toMatch(
    /command line of Switchyard 0\.0\.0, the engine that runs is of 0\.9\.0/,
  );
  expect((await cli(home, ['undo'])).err).toBe('');
});
