/** The command line with a real engine that it starts itself, as processes of their own. */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const CLI = path.resolve(import.meta.dirname, '../../electron/cli.ts');
const home = fs.mkdtempSync(path.join(os.tmpdir(), 'sy-cli-real-'));
const project = path.join(home, 'project');
const env = {
  ...process.env,
  SWITCHYARD_HOME: path.join(home, 'data'),
  DOCKER_HOST: 'unix:///nonexistent/docker.sock',
  SWITCHYARD_NVIDIA_SMI: '/nonexistent/nvidia-smi',
};

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function sw(...argv: string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, ...argv], { cwd: project, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ code, out: Buffer.concat(out).toString('utf8'), err: Buffer.concat(err).toString('utf8') }),
    );
  });
}

beforeAll(() => {
  fs.mkdirSync(project, { recursive: true });
  fs.writeFileSync(path.join(project, 'hello.sh'), 'echo hello from "$SWITCHYARD_TRIAL_ID"\n');
});
afterAll(async () => {
  await sw('stop');
  fs.rmSync(home, { recursive: true, force: true });
});

describe('without an engine', () => {
  it('plans a scenario and understands a capture without starting one', async () => {
    const file = path.join(home, 'scenario.json');
    fs.writeFileSync(
      file,
      JSON.stringify({
        policy: 'priority',
        preemption: false,
        backfill: 'greedy',
        slots: 1,
        maxCpuTrials: 0,
        trials: [
          { id: 'a', slots: 1 },
          { id: 'b', slots: 1 },
        ],
      }),
    );
    const planned = await sw('plan', file);
    expect([planned.code, JSON.parse(planned.out)]).toMatchObject([
      0,
      { start: ['a'], preempt: [], waiting: [{ id: 'b' }] },
    ]);
    expect((await sw('gpus', '--json')).code).toBe(0);
    expect((await sw('stop')).out).toBe('No engine runs.\n');
    expect(fs.existsSync(env.SWITCHYARD_HOME)).toBe(false);
  });
  it('says so when the data directory cannot be used', async () => {
    const broken = spawnSync(process.execPath, [CLI, 'ls'], {
      env: { ...env, SWITCHYARD_HOME: path.join(project, 'hello.sh') },
      encoding: 'utf8',
    });
    expect([broken.status, broken.stderr]).toEqual([5, expect.stringContaining('SWITCHYARD_HOME')]);
  });
});

describe('with the engine it starts', () => {
  it('starts one engine for three commands at once, and says so', async () => {
    const results = await Promise.all([sw('ls'), sw('pool', 'ls', '--json'), sw('settings')]);
    expect(
      results.map((one) => [one.code, one.err.replaceAll(/Started the engine.*\n|The queue is empty.*\n/g, '')]),
    ).toEqual([
      [0, ''],
      [0, ''],
      [0, ''],
    ]);
    const started = new Set(results.flatMap((one) => /\(pid (\d+)\)/.exec(one.err)?.[1] ?? []));
    const lock = JSON.parse(fs.readFileSync(path.join(env.SWITCHYARD_HOME, 'engine.lock'), 'utf8')) as {
      readonly pid: number;
    };
    expect(started).toContain(String(lock.pid));
    expect(fs.statSync(env.SWITCHYARD_HOME).mode & 0o777).toBe(0o700);
  });
  it('submits, waits, and reads the log', async () => {
    const submitted = await sw('submit', '--json', '--slots', '0', '--', 'sh', 'hello.sh');
    expect(submitted).toMatchObject({ code: 0 });
    const [id = 0] = (JSON.parse(submitted.out) as { readonly trialIds: readonly number[] }).trialIds;
    expect((await sw('wait', String(id))).code).toBe(0);
    expect((await sw('logs', `#${id}`)).out).toBe(`hello from ${id}\n`);
    expect((await sw('logs', String(id), '-f')).out).toBe(`hello from ${id}\n`);
    expect(JSON.parse((await sw('show', String(id), '--json')).out)).toMatchObject({
      trial: { id, state: 'done', outcome: { kind: 'completed' } },
    });
  });
  it('shows the code of a trial beside the directory now, and beside another trial', async () => {
    const submit = async (): Promise<string> =>
      String(
        (JSON.parse((await sw('submit', '--json', '--slots', '0', '--', 'true')).out) as { trialIds: number[] })
          .trialIds[0],
      );
    const file = path.join(project, 'model.py');
    fs.writeFileSync(file, 'lr = 1\n');
    const first = await submit();
    expect((await sw('diff', first)).out).toContain('No difference between the code of');
    fs.writeFileSync(file, 'lr = 2\n');
    const second = await submit();
    expect((await sw('diff', first)).out).toContain('changed  model.py  +1 -1\n@@ -1,1 +1,1 @@\n-lr = 1\n+lr = 2\n');
    expect((await sw('diff', second)).out).toContain('No difference');
    expect((await sw('diff', second, first, '--stat')).out).toContain('changed  model.py  +1 -1');
    expect((await sw('show', second)).out).toMatch(/code {2,}\d+ files, /);
    const none = JSON.parse((await sw('submit', '--json', '--no-snapshot', '--slots', '0', '--', 'true')).out) as {
      trialIds: number[];
    };
    expect((await sw('diff', String(none.trialIds[0]))).err).toContain('it has no code to compare');
    fs.rmSync(file);
  }, 60_000);

  it('runs in the directory itself when told, and leaves it alone when the trial is deleted', async () => {
    const submitted = await sw(
      'submit',
      '--json',
      '--in-place',
      '--slots',
      '0',
      '--',
      'sh',
      '-c',
      'pwd -P; echo mine >left-behind',
    );
    const [id = 0] = (JSON.parse(submitted.out) as { readonly trialIds: readonly number[] }).trialIds;
    expect((await sw('wait', String(id))).code).toBe(0);
    expect((await sw('logs', String(id))).out).toBe(`${fs.realpathSync(project)}\n`);
    expect((await sw('rm', String(id), '--yes')).code).toBe(0);
    expect(fs.readFileSync(path.join(project, 'left-behind'), 'utf8')).toBe('mine\n');
    expect(fs.existsSync(path.join(project, 'hello.sh'))).toBe(true);
  });
  it('refuses a program that is not there, and takes the one of the activated environment', async () => {
    expect(await sw('submit', '--', 'no-such-program-here')).toMatchObject({
      code: 2,
      err: expect.stringContaining('There is no program "no-such-program-here"') as string,
    });
    const bin = path.join(home, 'venv', 'bin');
    fs.mkdirSync(bin, { recursive: true });
    fs.writeFileSync(path.join(bin, 'only-here'), '#!/bin/sh\necho "$VIRTUAL_ENV"\n', { mode: 0o755 });
    const activated = spawnSync(process.execPath, [CLI, 'submit', '--slots', '0', '--wait', '--', 'only-here'], {
      cwd: project,
      env: { ...env, VIRTUAL_ENV: path.dirname(bin), PATH: `${bin}:${process.env['PATH'] ?? ''}` },
      encoding: 'utf8',
    });
    expect([activated.status, activated.stderr]).toEqual([
      0,
      expect.stringContaining(`Uses ${path.join(bin, 'only-here')}.`),
    ]);
    expect((await sw('logs', /#(\d+)/.exec(activated.stdout)?.[1] ?? '')).out).toBe(`${path.dirname(bin)}\n`);
  });
  it('reorders, pauses and undoes', async () => {
    expect((await sw('pool', 'pause')).code).toBe(0);
    const ids: number[] = [];
    for (const name of ['a', 'b', 'c']) {
      const { out } = await sw('submit', '--json', '--slots', '0', '--name', name, '--no-snapshot', '--', 'true');
      ids.push(...(JSON.parse(out) as { readonly trialIds: number[] }).trialIds);
    }
    const order = async (): Promise<string[]> =>
      (
        JSON.parse((await sw('ls', '--state', 'queued', '--json')).out) as {
          readonly trials: readonly { readonly name: string }[];
        }
      ).trials.map((trial) => trial.name);
    const moved = await sw('mv', 'c', 'top');
    expect([moved.code, await order()]).toEqual([0, ['c', 'a', 'b']]);
    expect([(await sw('undo')).code, await order()]).toEqual([0, ['a', 'b', 'c']]);
    await sw('mv', String(ids[2]), 'top');
    expect((await sw('mv', String(ids[2]), 'down')).code).toBe(0);
    expect(await order()).toEqual(['a', 'c', 'b']);
    const canceled = await sw('cancel', `${ids[0]}-${ids[2]}`);
    expect([canceled.code, await order()]).toEqual([0, []]);
    expect((await sw('undo', /undo (\d+)/.exec(canceled.err)?.[1] ?? '')).code).toBe(0);
    expect(await order()).toEqual(['a', 'c', 'b']);
    expect((await sw('cancel', `${ids[0]}-${ids[2]}`)).code).toBe(0);
    expect((await sw('mv', String(ids[0]), 'top')).code).toBe(4);
    expect((await sw('rm', `${ids[0]}-${ids[2]}`, '--yes')).code).toBe(0);
    expect((await sw('show', String(ids[0]))).code).toBe(3);
  });
  it('starts a trial after others, by name, and holds it when one failed until it is released', async () => {
    const submit = (...argv: string[]): Promise<Ended> => sw('submit', '--slots', '0', '--no-snapshot', ...argv);
    await sw('pool', 'resume');
    expect((await submit('--name', 'broken', '--', 'false')).out).toContain('broken');
    await submit('--name', 'after broken', '--after', 'broken', '--', 'true');
    const last = await submit('-q', '--after-any', 'broken', '--', 'true');
    expect((await sw('wait', last.out.trim())).code).toBe(0);
    expect((await sw('ls')).out).toContain('which failed: retry it (switchyard retry');
    expect((await sw('release', 'after broken')).code).toBe(0);
    expect((await sw('wait', 'after broken')).code).toBe(0);
  });
  it('ends quietly when the reader goes away', () => {
    const result = spawnSync('sh', ['-c', '"$0" "$1" ls --all --json | head -n 1', process.execPath, CLI], {
      env,
      encoding: 'utf8',
    });
    expect([result.status, result.stdout, result.stderr]).toEqual([0, '{\n', '']);
  });
  it('finds everything again after a stop', async () => {
    expect((await sw('stop')).out).toContain('has stopped');
    const list = await sw('ls', '--all');
    expect([list.code, list.err, list.out]).toEqual([
      0,
      expect.stringMatching(/^Started the engine/),
      expect.stringContaining('completed'),
    ]);
  });
});
