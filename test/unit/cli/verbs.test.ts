/** Verbs against a stand-in engine: what they send, what they print, how they end. */
import fs from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { afterEach, describe, expect, it } from 'vitest';
import { describeForwarding } from '../../../electron/cli/verbs/open.ts';
import { DEFAULT_SETTINGS } from '../../../electron/contract/settings.ts';
import { makeTrial } from '../../fakes/trial.ts';
import { cli, startFakeEngine } from './fake-engine.ts';
import type { FakeEngine, Routes } from './fake-engine.ts';

let engine: FakeEngine | null = null;
const start = async (routes: Routes): Promise<FakeEngine> => {
  engine = await startFakeEngine(routes);
  return engine;
};
afterEach(async () => {
  await engine?.close();
  engine = null;
});

const done = { trialIds: [14], undoId: 3, message: 'Done.' };
const noneRuns = { json: { trials: [], total: 0 } };
const queued = { status: 201, json: { experimentId: 1, trialIds: [7], notes: ['Runs with the process runtime.'] } };

describe('submit', () => {
  it('sends the command, the flags and the current directory', async () => {
    const { home, seen } = await start({ 'POST /experiments': queued });
    const argv = [
      'submit',
      '--name',
      'n',
      '-S',
      'lr=0.1',
      '-S',
      'model.kind=resnet',
      '-S',
      'on=[1, 2]',
      '--slots',
      '2',
      '--priority',
      '7',
      '--time-limit',
      '2h',
      '--grace',
      '5s',
      '--mount',
      'data:/data:rw',
      '--env',
      'A=1',
      '-l',
      'x',
      '--min-gpu-memory',
      '20 GiB',
      '--',
      'python',
      'train.py',
      '--slots',
      '9',
    ];
    const result = await cli(home, argv);
    expect(result).toEqual({
      exitCode: 0,
      out: 'Queued #7.\n',
      err: expect.stringMatching(/^Runs with the process runtime.\n/) as string,
    });
    expect(seen[0]?.body).toEqual({
      config: {
        entrypoint: ['python', 'train.py', '--slots', '9'],
        name: 'n',
        labels: ['x'],
        mounts: [{ host_path: path.join(home, 'data'), container_path: '/data', read_only: false }],
        time_limit_s: 7200,
        grace_period_s: 5,
        environment: { environment_variables: { A: '1' } },
        resources: { slots: 2, priority: 7, min_gpu_memory: '20 GiB' },
        hyperparameters: { lr: 0.1, model: { kind: 'resnet' }, on: [1, 2] },
      },
      source: { kind: 'directory', path: home },
      idempotencyKey: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      paused: false,
      shellEnvironment: expect.any(Object) as object,
    });
  });
  it('takes the shell along, and says once what stays behind and how it comes along', async () => {
    const { home, seen } = await start({ 'POST /experiments': queued });
    const env = { PATH: '/bin', WANDB_MODE: 'offline', HF_TOKEN: 'hunter2', DISPLAY: ':1', CUDA_VISIBLE_DEVICES: '3' };
    const first = await cli(home, ['submit', '--', 'x'], { env });
    expect(seen[0]?.body).toHaveProperty('shellEnvironment', { PATH: '/bin', WANDB_MODE: 'offline' });
    expect(first.err).toMatch(/HF_TOKEN .*credential.*DISPLAY .*--env NAME/);
    expect(first.err).toContain('CUDA_VISIBLE_DEVICES of this shell has no effect');
    const second = await cli(home, ['submit', '--json', '--env', 'HF_TOKEN', '--', 'x'], { env });
    expect(JSON.parse(second.out)).toMatchObject({
      notes: expect.arrayContaining([expect.stringMatching(/^Not taken over from this shell: DISPLAY /)]) as unknown,
    });
    expect(first.out + first.err + second.out + second.err).not.toContain('hunter2');
    await cli(home, ['submit', '--clean-env', '--', 'x'], { env });
    expect(seen[2]?.body).not.toHaveProperty('shellEnvironment');
  });
  it('takes the configuration here when nothing is named', async () => {
    const { home, seen } = await start({ 'POST /experiments': queued });
    fs.writeFileSync(path.join(home, 'switchyard.yaml'), 'entrypoint: python a.py\n');
    expect(await cli(home, ['submit'])).toMatchObject({ exitCode: 0 });
    expect(seen[0]?.body).toMatchObject({
      config: { entrypoint: 'python a.py' },
      source: { kind: 'directory', path: home },
    });
  });
  it('takes the configuration of the directory, and flags over it', async () => {
    const { home, seen } = await start({ 'POST /experiments': queued });
    const dir = path.join(home, 'project');
    fs.mkdirSync(dir);
    fs.writeFileSync(
      path.join(dir, 'switchyard.yaml'),
      'entrypoint: python a.py\nresources: {slots: 4, pool: night}\nlabels: [a]\n',
    );
    const result = await cli(home, ['submit', 'project', '--slots', '1', '-l', 'b', '--json', '--paused']);
    expect(result.exitCode).toBe(0);
    expect(JSON.parse(result.out)).toMatchObject({ trialIds: [7] });
    expect(seen[0]?.body).toMatchObject({
      config: { entrypoint: 'python a.py', resources: { slots: 1, pool: 'night' }, labels: ['a', 'b'] },
      source: { path: dir },
      paused: true,
    });
  });
  it('reads a quoted line as one for the shell, and takes no snapshot when told', async () => {
    const { home, seen } = await start({ 'POST /experiments': queued });
    await cli(home, ['submit', '--no-snapshot', '--', 'python a.py | tee b']);
    expect(seen[0]?.body).toMatchObject({ config: { entrypoint: 'python a.py | tee b' }, source: { kind: 'none' } });
  });
  it('prints the configuration it would send as YAML that means the same, and sends nothing', async () => {
    const { home, seen } = await start({});
    const result = await cli(
      home,
      [
        'submit',
        '--print-config',
        '-S',
        'lr=0.1',
        '--slots',
        '0',
        '--name',
        'a: b',
        '--',
        'python',
        'train.py',
        '--n',
        '1',
      ],
      { env: { PATH: '/bin' } },
    );
    expect([result.exitCode, seen]).toEqual([0, []]);
    expect(result.out).toContain('# GPUs (or MIG instances)');
    expect(parse(result.out)).toEqual({
      entrypoint: ['python', 'train.py', '--n', '1'],
      name: 'a: b',
      resources: { slots: 0 },
      hyperparameters: { lr: 0.1 },
    });
    expect(await cli(home, ['submit', '--print-config', '--share', 'much', '--', 'x'])).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('memory') as string,
    });
  });
  it("keeps what is asked for of the image, with a command for its entrypoint or with the image's own", async () => {
    const { home, seen } = await start({ 'POST /experiments': queued });
    const of = ['submit', '--image', 'a', '--entrypoint', 'image'];
    await cli(home, [...of, '--user', 'image', '--workdir', 'image', '--', '--epochs', '3']);
    await cli(home, of);
    const image = { image: 'a', entrypoint: 'image' };
    expect(seen[0]?.body).toMatchObject({
      config: { entrypoint: ['--epochs', '3'], environment: { ...image, user: 'image', workdir: 'image' } },
    });
    expect(seen[1]?.body).toMatchObject({ config: { entrypoint: [], environment: image } });
    expect(await cli(home, ['submit', '--image', 'a'])).toMatchObject({ exitCode: 2 });
  });
  it('takes --gpus for --slots', async () => {
    const { home, seen } = await start({ 'POST /experiments': queued });
    await cli(home, ['submit', '--gpus', '3', '--', 'x']);
    expect(seen[0]?.body).toMatchObject({ config: { resources: { slots: 3 } } });
  });
  it('names the file whose YAML cannot be read', async () => {
    const { home } = await start({});
    fs.writeFileSync(path.join(home, 'c.yaml'), 'entrypoint: [x\na: 1\n');
    expect(await cli(home, ['submit', '-c', 'c.yaml'])).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining(`${path.join(home, 'c.yaml')}: Line 2`) as string,
    });
  });
  it('says how hyperparameters reach the program', async () => {
    const { home } = await start({ 'POST /experiments': queued });
    expect((await cli(home, ['submit', '-S', 'lr=0.1', '--', 'x'])).err).toContain('switchyard.hparams()');
  });
  it('runs in the directory itself, not both there and in an empty one', async () => {
    const { home, seen } = await start({ 'POST /experiments': queued });
    await cli(home, ['submit', '--in-place', '--', 'x']);
    expect(seen[0]?.body).toMatchObject({ source: { kind: 'in_place', path: home } });
    expect(await cli(home, ['submit', '--in-place', '--no-snapshot', '--', 'x'])).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('exclude') as string,
    });
  });
  it('names the line of the configuration the engine refuses', async () => {
    const { home } = await start({
      'POST /experiments': {
        status: 400,
        json: {
          code: 'unknown_key',
          detail: 'Unknown key "slotz".',
          remedy: 'Did you mean "slots"?',
          path: 'resources.slotz',
          status: 400,
        },
      },
    });
    const file = path.join(home, 'c.yaml');
    fs.writeFileSync(file, 'entrypoint: python a.py\nresources:\n  slotz: 4\n');
    const result = await cli(home, ['submit', '--config', file]);
    expect(result).toEqual({ exitCode: 2, out: '', err: `${file}:3: Unknown key "slotz".\nDid you mean "slots"?\n` });
  });
  it.each([
    [['submit'], 'nothing to submit: no command was given, and there is no switchyard.yaml here'],
    [['submit', '--'], 'no command after "--"'],
    [['submit', 'nowhere'], 'no directory'],
    [['submit', 'engine.lock'], 'is a file'],
    [['submit', '.'], 'has no switchyard.yaml'],
    [['submit', '--time-limit', '2', '--', 'x'], '2 what? Write 2h, 2m or 2s.'],
    [['submit', '--gpus', '1', '--slots', '2', '--', 'x'], 'cannot be used with'],
    [['submit', '/nonexist', '--', 'a'], 'There is no directory /nonexist.\nCheck the path'],
    [['submit', 'python3', 'train.py'], 'switchyard submit -- python3 train.py\n'],
    [['submit', '-n', 'a', 'python3', 't.py'], 'Write a command after "--": switchyard submit -- python train.py\n'],
    [['submit', 'python3', 'train.py', '--lr', '0.1'], 'switchyard submit -- python3 train.py --lr 0.1\n'],
    [['submit', '--slots', '-1', '--', 'x'], '--slots'],
    [['submit', '--priority', '100', '--', 'x'], '--priority'],
    [['submit', '--slotz', '1', '--', 'x'], 'Did you mean --slots?'],
    [['submit', '.', 'train.py', '--', 'x'], 'too many arguments'],
  ])('%j is wrong usage: %s', async (argv, part) => {
    const { home, seen } = await start({});
    const result = await cli(home, argv);
    expect(result.exitCode).toBe(2);
    expect(result.err.toLowerCase()).toContain(part.toLowerCase());
    expect(seen).toEqual([]);
  });
});

describe('actions', () => {
  it.each([
    [['pause', '14'], { action: 'pause', trialIds: [14] }],
    [['kill', '3-5', '3'], { action: 'kill', trialIds: [3, 4, 5] }],
    [['mv', '#14', 'behind', '9'], { action: 'move', trialIds: [14], to: { place: 'behind', anchorId: 9 } }],
    [['priority', '14', '10'], { action: 'priority', trialIds: [14], priority: 10 }],
    [['retry', '14', '--copy'], { action: 'retry', trialIds: [14], mode: 'copy' }],
    [['label', '14', '+a', '-b', '--json'], { action: 'label', trialIds: [14], add: ['a'], remove: ['b'] }],
    [['rename', '14', 'new name'], { action: 'rename', trialIds: [14], name: 'new name' }],
    [['pool', 'move', '14', 'night'], { action: 'pool', trialIds: [14], poolId: 'night' }],
  ])('%j', async (argv, body) => {
    const { home, seen } = await start({ 'GET /trials': noneRuns, 'POST /trials/actions': { json: done } });
    const result = await cli(home, argv);
    expect(result.exitCode).toBe(0);
    expect(seen.at(-1)?.body).toEqual(body);
  });
  it('says how to undo it, on stderr', async () => {
    const { home } = await start({ 'GET /trials': noneRuns, 'POST /trials/actions': { json: done } });
    expect(await cli(home, ['cancel', '14'])).toEqual({
      exitCode: 0,
      out: 'Done.\n',
      err: 'Undo: switchyard undo 3\n',
    });
  });
  it('takes ids from a pipe when none are named', async () => {
    const { home, seen } = await start({ 'GET /trials': noneRuns, 'POST /trials/actions': { json: done } });
    await cli(home, ['pause'], { stdin: '{"trials":[{"id":4},{"id":5}]}' });
    await cli(home, ['mv', '-', 'top'], { stdin: '8\n9\n' });
    const acted = seen.filter((one) => one.method === 'POST');
    expect(acted.map((one) => (one.body as { trialIds: number[] }).trialIds)).toEqual([
      [4, 5],
      [8, 9],
    ]);
  });
  it('wants ids from a person', async () => {
    const { home } = await start({});
    expect(await cli(home, ['pause'])).toMatchObject({ exitCode: 2, out: '' });
  });
  it('moves one place up by naming the neighbour', async () => {
    const trials = [
      makeTrial({ id: 1, rank: 'a1' }),
      makeTrial({ id: 2, rank: 'a0' }),
      makeTrial({ id: 3, rank: 'a2', state: 'paused' }),
      makeTrial({ id: 4, state: 'running' }),
    ];
    const { home, seen } = await start({
      'GET /trials/1': { json: { trial: trials[0] } },
      'GET /trials/2': { json: { trial: trials[1] } },
      'GET /trials/4': { json: { trial: trials[3] } },
      'GET /trials': { json: { trials, total: 4 } },
      'POST /trials/actions': { json: done },
    });
    await cli(home, ['mv', '1', 'up']);
    expect(seen.at(-1)?.body).toEqual({ action: 'move', trialIds: [1], to: { place: 'ahead', anchorId: 2 } });
    expect(await cli(home, ['mv', '2', 'up'])).toMatchObject({ exitCode: 0, out: 'Already at the top.\n' });
    expect((await cli(home, ['mv', '4', 'up'])).exitCode).toBe(4);
  });
});

describe('errors', () => {
  it.each([
    [404, 'not_found', 3],
    [409, 'stale_revision', 4],
    [400, 'invalid_place', 2],
    [500, 'internal', 1],
    [503, 'shutting_down', 5],
  ])('%d %s ends with %d', async (status, code, exitCode) => {
    const { home } = await start({
      'GET /trials': noneRuns,
      'POST /trials/actions': { status, json: { code, detail: 'What happened.', remedy: 'What to do.', status } },
    });
    expect(await cli(home, ['pause', '14'])).toEqual({ exitCode, out: '', err: 'What happened.\nWhat to do.\n' });
  });
  it('lists what was refused in a batch, and gives the problem itself with --json', async () => {
    const problem = {
      code: 'batch_refused',
      detail: 'Nothing was changed.',
      status: 409,
      items: [{ id: 3, code: 'illegal_state', message: 'is done' }],
    };
    const { home } = await start({ 'GET /trials': noneRuns, 'POST /trials/actions': { status: 409, json: problem } });
    expect((await cli(home, ['pause', '3-4'])).err).toBe('Nothing was changed.\n  #3: is done\n');
    const asJson = await cli(home, ['pause', '3-4', '--json']);
    expect([asJson.exitCode, asJson.out, JSON.parse(asJson.err)]).toEqual([4, '', problem]);
  });
  it('survives an answer that is no JSON', async () => {
    const { home } = await start({ 'GET /gpus': { status: 502, bytes: Buffer.from('<html>') } });
    expect(await cli(home, ['gpus'])).toMatchObject({ exitCode: 1, err: expect.stringContaining('502') as string });
  });
  it.each([
    [['lst'], 'Did you mean "ls"'],
    [['status'], 'Did you mean "ls"'],
    [['ls', '--jsno'], 'Did you mean --json'],
    [['pool', 'creat'], 'create'],
    [['ls', '--state', 'runing'], 'running'],
  ])('%j suggests', async (argv, part) => {
    const { home } = await start({});
    const result = await cli(home, argv);
    expect([result.exitCode, result.err]).toEqual([2, expect.stringContaining(part)]);
  });
});

describe('rm', () => {
  const routes: Routes = {
    'POST /trials/delete-preview': { json: { freesBytes: 2048, checkpoints: 1, trials: 2 } },
    'POST /trials/actions': { json: { ...done, undoId: null, freedBytes: 2048 } },
  };
  it('asks, and deletes nothing without a yes', async () => {
    const { home, seen } = await start(routes);
    const result = await cli(home, ['rm', '3-4'], { stdin: 'n\n', stdinIsTTY: true });
    expect(result.err).toContain('Delete 2 trials with 1 checkpoint, 2 KiB?');
    expect([result.exitCode, seen.map((one) => one.path)]).toEqual([1, ['/trials/delete-preview']]);
  });
  it('deletes after a yes, or with --yes', async () => {
    const { home, seen } = await start(routes);
    expect((await cli(home, ['rm', '3-4'], { stdin: 'y\n', stdinIsTTY: true })).exitCode).toBe(0);
    expect((await cli(home, ['rm', '-', '--yes'], { stdin: '3 4' })).exitCode).toBe(0);
    expect(seen.filter((one) => one.path === '/trials/actions').map((one) => one.body)).toEqual([
      { action: 'delete', trialIds: [3, 4] },
      { action: 'delete', trialIds: [3, 4] },
    ]);
  });
  it('does not guess a yes where nobody can be asked', async () => {
    const { home, seen } = await start(routes);
    expect((await cli(home, ['rm', '-'], { stdin: '3' })).exitCode).toBe(2);
    expect(seen.some((one) => one.path === '/trials/actions')).toBe(false);
  });
});

describe('looking', () => {
  const series = [
    {
      name: 'loss',
      points: [
        [1, 0.5],
        [2, 0.25],
      ],
      last: 0.25,
      min: 0.25,
      max: 0.5,
    },
    { name: 'acc,top', points: [[2, 0.9]], last: 0.9, min: 0.9, max: 0.9 },
  ];
  it('finds a trial by its name when only one has it', async () => {
    const trials = [
      makeTrial({ id: 3, name: 'base' }),
      makeTrial({ id: 4, name: 'base two' }),
      makeTrial({ id: 5, name: 'other', command: 'base' }),
    ];
    const { home, seen } = await start({
      'GET /trials': { json: { trials, total: 3 } },
      'GET /trials/3/metrics': { json: { series } },
    });
    expect((await cli(home, ['metrics', 'base', '--csv'])).out).toBe('step,loss,"acc,top"\n1,0.5,\n2,0.25,0.9\n');
    expect((await cli(home, ['metrics', 'BASE'])).err).toContain(
      '2 trials are called "BASE":\n  #3 base, queued\n  #4 base two, queued\n',
    );
    expect((await cli(home, ['logs', 'nothing'])).exitCode).toBe(3);
    expect(seen.every((one) => one.path.startsWith('/trials'))).toBe(true);
  });
  it('sums metrics up', async () => {
    const { home } = await start({ 'GET /trials/3/metrics': { json: { series } } });
    expect((await cli(home, ['metrics', '3'])).out).toBe(
      'NAME     LAST   MIN  MAX  STEP\nloss     0.25  0.25  0.5     2\nacc,top   0.9   0.9  0.9     2\n',
    );
  });
  it('explains the settings, and refuses a value that none takes before the engine sees it', async () => {
    const { home, seen } = await start({
      'GET /settings': { json: DEFAULT_SETTINGS },
      'PATCH /settings': { json: { ...DEFAULT_SETTINGS, logCapMiB: 9 } },
    });
    const all = (await cli(home, ['settings'])).out;
    for (const name of Object.keys(DEFAULT_SETTINGS)) expect(all).toContain(name);
    expect(await cli(home, ['settings', 'log-cap-mib', '0'])).toMatchObject({
      exitCode: 2,
      err: 'logCapMiB is a whole number of MiB from 1 to 1048576, not "0".\n',
    });
    expect((await cli(home, ['settings', 'theme', 'pink'])).err).toBe('theme is system, light or dark, not "pink".\n');
    expect((await cli(home, ['settings', 'keepAwake', 'maybe'])).err).toBe('keepAwake is on or off, not "maybe".\n');
    expect((await cli(home, ['settings', 'updatesFrom', 'http://updates.lab'])).err).toContain(
      'updatesFrom needs https',
    );
    expect(seen.some((one) => one.method === 'PATCH')).toBe(false);
    expect((await cli(home, ['settings', 'logCapMiB', '9'])).out).toBe('logCapMiB is 9.\n');
    expect(seen.at(-1)?.body).toEqual({ logCapMiB: 9 });
  });
  it('says how to reach the page over SSH, with the port there is', () => {
    expect(describeForwarding('http://127.0.0.1:45123/#token=x', 'box')).toContain(
      'ssh -L 45123:127.0.0.1:45123 box\n',
    );
  });
});

describe('waiting and following', () => {
  const sse = (event: string, data: unknown): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
  const finished = (kind: 'completed' | 'failed') =>
    makeTrial({
      id: 7,
      state: 'done',
      attempt: 1,
      outcome: { kind, exitCode: 0, code: 'exit', message: 'It ended.', remedy: null },
    });

  it.each([
    ['completed', 0],
    ['failed', 1],
  ] as const)('wait ends with the trial: %s, exit code %d', async (kind, exitCode) => {
    const { home } = await start({
      'GET /trials/7': { json: { trial: makeTrial({ id: 7, state: 'running', attempt: 1 }) } },
      'GET /events': {
        stream: (response) =>
          void response.write(
            sse('changes', { seq: 2, trials: [finished(kind)], removedTrials: [], pools: [], removedPools: [] }),
          ),
      },
    });
    expect((await cli(home, ['wait', '7'])).exitCode).toBe(exitCode);
  });
  it('shows the last lines of a trial that failed, and repeats no state that the feed tells late', async () => {
    const late = [makeTrial({ id: 7, revision: 1 }), makeTrial({ id: 7, state: 'starting', revision: 2 })];
    const { home } = await start({
      'GET /trials/7': { json: { trial: makeTrial({ id: 7, state: 'running', attempt: 1, revision: 3 }) } },
      'GET /events': {
        stream: (response) =>
          void response.write(
            [...late, { ...finished('failed'), revision: 4 }]
              .map((trial) =>
                sse('changes', { seq: 2, trials: [trial], removedTrials: [], pools: [], removedPools: [] }),
              )
              .join(''),
          ),
      },
      'GET /trials/7/attempts/1/log': {
        bytes: Buffer.from(Array.from({ length: 12 }, (_, index) => `line ${index}\n`).join('')),
        headers: { 'x-log-offset': '0' },
      },
    });
    const { err } = await cli(home, ['wait', '7']);
    expect(err.split('\n').filter((line) => line.startsWith('#7 trial 7:'))).toEqual([
      '#7 trial 7: running',
      expect.stringMatching(/^#7 trial 7: failed/),
    ]);
    expect(err).toContain('Last lines of #7:\n  line 2\n');
  });
  it('sees a trial that ended before it listened', async () => {
    const { home } = await start({
      'GET /trials/7': { json: { trial: finished('completed') } },
      'GET /events': { stream: (response) => void response.write(': hello\n\n') },
    });
    expect((await cli(home, ['submit', '--wait', '--json', '--', 'x'])).exitCode).toBe(3);
    expect((await cli(home, ['wait', '7'])).exitCode).toBe(0);
  });
  it('says that the trial goes on when interrupted', async () => {
    const abort = new AbortController();
    const { home } = await start({
      'GET /trials/7': { json: { trial: makeTrial({ id: 7, state: 'running', attempt: 1 }) } },
      'GET /events': {
        stream: (response) => {
          response.write(': hello\n\n');
          setImmediate(() => abort.abort());
        },
      },
    });
    const result = await cli(home, ['wait', '7'], { signal: abort.signal });
    expect([result.exitCode, result.err]).toEqual([130, expect.stringContaining('#7 goes on')]);
  });
  it('follows a log across a broken connection without losing or repeating a byte', async () => {
    const asked: string[] = [];
    const chunk = (offset: number, text: string): string =>
      sse('chunk', { offset, next: offset + text.length, text: Buffer.from(text).toString('base64') });
    const { home } = await start({
      'GET /trials/7': { json: { trial: finished('completed') } },
      'GET /trials/7/attempts/1/log/follow': (_request, query) => {
        asked.push(query.get('offset') ?? '');
        return {
          stream: (response) =>
            void (asked.length === 1
              ? response.write(chunk(0, 'one\n'), () => response.destroy())
              : response.end(chunk(4, 'two\n') + sse('end', { totalBytes: 8 }))),
        };
      },
    });
    const result = await cli(home, ['logs', '7', '-f']);
    expect([result.exitCode, result.out, asked]).toEqual([0, 'one\ntwo\n', ['0', '4']]);
  });
  it('ends when the engine refuses to go on with a log: the trial was deleted meanwhile', async () => {
    let asked = 0;
    const { home } = await start({
      'GET /trials/7': { json: { trial: finished('completed') } },
      'GET /trials/7/attempts/1/log/follow': () => {
        asked++;
        if (asked === 1) return { stream: (response) => void response.write(': here\n\n', () => response.destroy()) };
        return asked === 2
          ? { status: 404, json: { code: 'not_found', detail: 'There is no trial #7.', status: 404 } }
          : { stream: (response) => void response.end(sse('end', { totalBytes: 0 })) };
      },
    });
    expect(await cli(home, ['logs', '7', '-f'])).toMatchObject({
      exitCode: 3,
      err: expect.stringContaining('There is no trial #7') as string,
    });
    expect(asked).toBe(2);
  });
  it('prints the last lines', async () => {
    const { home } = await start({
      'GET /trials/7': { json: { trial: finished('completed') } },
      'GET /trials/7/attempts/1/log': {
        bytes: Buffer.from('a\nb\nc\n'),
        headers: { 'content-type': 'application/octet-stream', 'x-log-offset': '0', 'x-log-next': '6' },
      },
    });
    expect((await cli(home, ['logs', '7', '--tail', '2'])).out).toBe('b\nc\n');
    expect((await cli(home, ['logs', '7'])).out).toBe('a\nb\nc\n');
  });
  it('says that there is no log yet', async () => {
    const { home } = await start({ 'GET /trials/7': { json: { trial: makeTrial({ id: 7 }) } } });
    expect(await cli(home, ['logs', '7'])).toMatchObject({
      exitCode: 4,
      err: expect.stringContaining('has not started') as string,
    });
  });
});

it('lists with reasons from the feed', async () => {
  const plan = {
    madeAtMs: 0,
    waiting: [{ trialId: 2, reason: { code: 'slots_busy', text: 'GPU 0 runs #1', blockers: [] } }],
    forecast: [],
    clearAtMs: {},
  };
  const { home } = await start({
    'GET /trials': {
      json: {
        trials: [
          makeTrial({ id: 1, state: 'running', progress: 0.5, leaseSlots: ['GPU-a'] }),
          makeTrial({ id: 2, name: 'evil\u001B[2J' }),
        ],
        total: 2,
      },
    },
    'GET /events': {
      stream: (response) =>
        void response.write(
          `event: plan\ndata: ${JSON.stringify(plan)}\n\nevent: gpus\ndata: ${JSON.stringify({ slots: [{ uuid: 'GPU-a', label: 'GPU 0' }] })}\n\n`,
        ),
    },
  });
  expect((await cli(home, ['ls'])).out).toBe(
    'ID  PLACE  NAME      STATE    GPUS\n 1         trial 1   running     1  50 %, on GPU 0\n 2      1  evil [2J  queued      1  GPU 0 runs #1\n',
  );
});

describe('diff', () => {
  const files = [
    {
      path: 'train.py',
      change: 'changed',
      shown: 'lines',
      added: 1,
      removed: 1,
      patch: '@@ -1,1 +1,1 @@\n-lr = 1\n+lr = \u001B]0;evil\u0007 2\n',
    },
    { path: 'w.bin', change: 'added', shown: 'binary', added: null, removed: null, patch: null },
  ];

  it('shows what changed from one trial to another, and nothing of it reaches the terminal but text', async () => {
    const diff = { from: '#3', to: '#5', files, moreFiles: 2 };
    const asked: (string | null)[] = [];
    const { home } = await start({
      'GET /trials/3/diff': (_, query) => {
        asked.push(query.get('to'));
        return { json: diff };
      },
    });
    const result = await cli(home, ['diff', '3', '5']);
    expect(asked).toEqual(['5']);
    expect(result.out).toContain('From #3 to #5');
    expect(result.out).toContain('changed  train.py  +1 -1\n@@ -1,1 +1,1 @@\n-lr = 1\n+lr =  ]0;evil  2\n');
    expect(result.out).toContain('added    w.bin  binary');
    expect(result.out).toContain('2 more files changed');
    expect((await cli(home, ['diff', '3', '5', '--stat'])).out).not.toContain('@@');
    expect(JSON.parse((await cli(home, ['diff', '3', '5', '--json'])).out)).toEqual(diff);
  });

  it('compares with the directory as it is now', async () => {
    const { home } = await start({
      'GET /trials/3/diff': (_, query) => ({
        json: { from: '#3', to: query.has('to') ? 'another' : '/p now', files: [], moreFiles: 0 },
      }),
    });
    expect((await cli(home, ['diff', '#3'])).out).toBe('No difference between the code of #3 and /p now.\n');
  });
});
