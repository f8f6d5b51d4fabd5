/** The decisions of the process runtime that start nothing. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LaunchSpec } from '../../../../electron/ports/trial-runtime.ts';
import { explainExitCode, signalOfExitCode } from '../../../../native/exit-codes.ts';
import { describeExit } from '../../../../native/process/describe-exit.ts';
import { markOf, readMark } from '../../../../native/process/attempt-mark.ts';
import { membersOf, readMarks } from '../../../../native/process/process-table.ts';
import type { ProcessEntry } from '../../../../native/process/process-table.ts';
import { parsePs } from '../../../../native/process/ps-table.ts';
import { findProgram, resolveCommand } from '../../../../native/process/resolve-command.ts';
import { exitCodeOfName, parseClaim, parseStat } from '../../../../native/process/supervisor.ts';
import { buildTrialEnv, passedOn } from '../../../../native/process/trial-env.ts';

describe("the supervisor's traces", () => {
  it('reads a process line whose name is hostile', () => {
    const rest = Array.from({ length: 40 }, (_, i) => i).join(' ');
    fc.assert(
      fc.property(
        fc.string({ maxLength: 15 }).filter((name) => !name.includes('\n')),
        (name) => {
          expect(parseStat(`77 (${name}) S 1 70 60 ${rest}`)).toMatchObject({
            pid: 77,
            state: 'S',
            parent: 1,
            group: 70,
            session: 60,
            startTime: '15',
          });
        },
      ),
    );
    for (const text of ['', 'x', '0 (a) S', ') (', '1 (a)']) expect(parseStat(text)).toBeNull();
  });
  it('reads a claim only when it is whole', () => {
    const line = `boot-1 77 (sh) S 1 77 77 ${Array.from({ length: 40 }, (_, i) => i).join(' ')}\n`;
    expect(parseClaim(line)).toEqual({ kind: 'supervisor', pid: 77, bootId: 'boot-1', startTime: '15' });
    expect(parseClaim('absent\n')).toEqual({ kind: 'absent' });
    for (let end = 0; end < line.length; end++) expect(parseClaim(line.slice(0, end))).toBeNull();
  });
  it('reads the claim of macOS, where ps gives the start', () => {
    expect(parseClaim('boot-1 77 () S Fri Nov 20 23:00:01 2026\n')).toEqual({
      kind: 'supervisor',
      pid: 77,
      bootId: 'boot-1',
      startTime: 'Fri Nov 20 23:00:01 2026',
    });
  });
  it('finds the exit code in a file name', () => {
    expect(['exit-0', 'exit-255', 'exit-', 'exit-1.tmp', 'exit-1000', 'claim'].map(exitCodeOfName)).toEqual([
      0,
      255,
      null,
      null,
      null,
      null,
    ]);
  });
});

describe('members of an attempt', () => {
  const entry = (pid: number, more: Partial<ProcessEntry> = {}): ProcessEntry => ({
    pid,
    state: 'S',
    parent: 1,
    group: pid,
    session: pid,
    startTime: '5',
    attemptId: null,
    engineId: null,
    mark: null,
    ...more,
  });
  const supervisor = { pid: 10, startTime: '5' };

  it('are found by mark, by group, and by descent', () => {
    const table = [
      entry(10, { attemptId: 'a' }),
      entry(11, { group: 10, session: 10 }),
      entry(12, { attemptId: 'a', session: 12 }),
      entry(13, { parent: 12 }),
      entry(14, { parent: 13 }),
      entry(20, { attemptId: 'b', parent: 12 }),
      entry(21, { parent: 20 }),
      entry(30),
    ];
    expect(
      membersOf(table, 'a', supervisor)
        .map(({ pid }) => pid)
        .sort(),
    ).toEqual([10, 11, 12, 13, 14]);
  });
  it('carry a mark that stays where the environment is cleared, and no other attempt has', () => {
    const table = [entry(40, { mark: markOf('a') }), entry(41, { mark: markOf('b') }), entry(42)];
    expect(membersOf(table, 'a', supervisor).map(({ pid }) => pid)).toEqual([40]);
    const limits = (hard: string): string =>
      `Max open files  1024  4096  files\nMax file locks            77     ${hard}     locks\n`;
    expect(readMark(limits(markOf('a')))).toBe(markOf('a'));
    expect([limits('unlimited'), limits('4096'), ''].map(readMark)).toEqual([null, null, null]);
    expect(new Set(Array.from({ length: 1_000 }, (_, i) => markOf(`e-t${i}-a1`))).size).toBe(1_000);
  });
  it('are not the group of somebody who has the pid now', () => {
    expect(membersOf([entry(10, { startTime: '900' }), entry(11, { group: 10 })], 'a', supervisor)).toEqual([]);
    expect(membersOf([entry(11, { group: 10 })], 'a', supervisor).map(({ pid }) => pid)).toEqual([11]);
  });
  it('carry their mark in the environment, wherever it stands', () => {
    expect(readMarks('A=1\0SWITCHYARD_ATTEMPT_ID=e-t1-a1\0SWITCHYARD_ENGINE_ID=e\0')).toEqual({
      attemptId: 'e-t1-a1',
      engineId: 'e',
    });
    expect(readMarks('SWITCHYARD_ATTEMPT_ID=x')).toEqual({ attemptId: 'x', engineId: null });
    expect(readMarks('NOT_SWITCHYARD_ATTEMPT_ID=x\0B=SWITCHYARD_ATTEMPT_ID=y\0')).toEqual({
      attemptId: null,
      engineId: null,
    });
  });
  it('are read from ps where there is no /proc', () => {
    const output = [
      '  501     1   501 Ss   Fri Nov 20 09:00:01 2026     /bin/sh -c x PATH=/bin SWITCHYARD_ATTEMPT_ID=e-t1-a1 SWITCHYARD_ENGINE_ID=e HOME=/',
      '  502   501   501 Z    Fri Nov 20 09:00:02 2026     (dead)',
      '  503     1   503 S+   Fri Nov  6 09:00:02 2026     vim',
      'garbage',
    ].join('\n');
    expect(parsePs(output)).toEqual([
      expect.objectContaining({
        pid: 501,
        parent: 1,
        group: 501,
        state: 'S',
        startTime: 'Fri Nov 20 09:00:01 2026',
        attemptId: 'e-t1-a1',
        engineId: 'e',
      }),
      expect.objectContaining({ pid: 503, startTime: 'Fri Nov 6 09:00:02 2026', attemptId: null }),
    ]);
  });
});

describe('finding the program', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-command-'));
    mkdirSync(path.join(dir, 'bin'));
    mkdirSync(path.join(dir, 'sub'));
    writeFileSync(path.join(dir, 'bin', 'tool'), '', { mode: 0o755 });
    writeFileSync(path.join(dir, 'train.py'), '');
  });
  afterEach(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  it('looks along PATH, relative to the working directory', () => {
    expect(resolveCommand('tool', dir, `/nowhere:${dir}/bin`)).toBe(path.join(dir, 'bin', 'tool'));
    expect(resolveCommand('tool', dir, 'bin')).toBe(path.join(dir, 'bin', 'tool'));
    expect(resolveCommand('./bin/tool', dir, '')).toBe('./bin/tool');
  });
  it('is looked up before a launch too, with the name that is there instead', () => {
    writeFileSync(path.join(dir, 'bin', 'python3'), '', { mode: 0o755 });
    const searchPath = `/nowhere:${dir}/bin`;
    expect(findProgram('tool', searchPath)).toEqual({ path: path.join(dir, 'bin', 'tool') });
    expect(findProgram('python', searchPath)).toEqual({ path: null, nearby: 'python3', searched: searchPath });
    expect(findProgram('nope', `bin:${searchPath}`)).toEqual({
      path: null,
      nearby: null,
      searched: `bin:${searchPath}`,
    });
  });
  it('says what is wrong and what to do', () => {
    chmodSync(path.join(dir, 'train.py'), 0o644);
    const refusal = (command: string): unknown => {
      try {
        return resolveCommand(command, dir, path.join(dir, 'bin'));
      } catch (error) {
        return error;
      }
    };
    expect(refusal('')).toMatchObject({ code: 'command_missing' });
    expect(refusal('nope')).toMatchObject({
      code: 'command_missing',
      message: 'There is no program "nope".',
      remedy: expect.stringContaining(path.join(dir, 'bin')) as string,
    });
    expect(refusal('train.py')).toMatchObject({ remedy: expect.stringContaining('./train.py') as string });
    expect(refusal('./train.py')).toMatchObject({ remedy: expect.stringContaining('chmod +x') as string });
    expect(refusal('./sub')).toMatchObject({ message: expect.stringContaining('directory') as string });
    expect(refusal('./gone')).toMatchObject({ message: expect.stringContaining('does not exist') as string });
  });
});

describe('the environment of a trial', () => {
  const spec = (more: Partial<LaunchSpec>): LaunchSpec => ({
    attemptId: 'e-t1-a1',
    engineId: 'e',
    trialId: 1,
    attempt: 1,
    argv: [],
    image: null,
    workDir: '/',
    env: {},
    slotUuids: [],
    mounts: [],
    limits: { cpus: null, memoryMiB: null, shmMiB: 64 },
    logPath: '',
    stateDir: '',
    user: { uid: 0, gid: 0 },
    ...more,
  });
  it('passes what programs need and no secrets', () => {
    const passed = passedOn({
      PATH: '/bin',
      HOME: '/h',
      LC_ALL: 'C',
      CONDA_PREFIX: '/c',
      SWITCHYARD_TOKEN: 's',
      AWS_SECRET_ACCESS_KEY: 's',
      GITHUB_TOKEN: 's',
      LD_PRELOAD: 'x',
    });
    expect(passed).toEqual({ PATH: '/bin', HOME: '/h', LC_ALL: 'C', CONDA_PREFIX: '/c' });
    expect(passedOn({})['PATH']).toContain('/usr/bin');
    expect(passedOn({ PATH: '/p/node_modules/.bin:/n/node-gyp-bin:/usr/bin:/bin' })['PATH']).toBe('/usr/bin:/bin');
  });
  it('lets the lease win over the user, and the user over the engine', () => {
    const env = buildTrialEnv(
      { PATH: '/bin', HOME: '/h' },
      spec({
        env: { HOME: '/mine', CUDA_VISIBLE_DEVICES: '0,1,2', SWITCHYARD_ATTEMPT_ID: 'other' },
        slotUuids: ['GPU-a', 'GPU-b'],
      }),
    );
    expect(env).toEqual({
      PATH: '/bin',
      HOME: '/mine',
      CUDA_VISIBLE_DEVICES: 'GPU-a,GPU-b',
      NVIDIA_VISIBLE_DEVICES: 'GPU-a,GPU-b',
      CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
      SWITCHYARD_ATTEMPT_ID: 'e-t1-a1',
      SWITCHYARD_ENGINE_ID: 'e',
    });
    const activated = { PATH: '/bin', HOME: '/h', VIRTUAL_ENV: '/v', CONDA_PREFIX: '/c', LD_LIBRARY_PATH: '/l' };
    expect(Object.keys(buildTrialEnv(activated, spec({ env: { PATH: '/mine' } })))).not.toEqual(
      expect.arrayContaining(['VIRTUAL_ENV', 'CONDA_PREFIX', 'LD_LIBRARY_PATH']),
    );
    expect(buildTrialEnv(activated, spec({}))).toMatchObject(activated);
    // A shell that has no HF_HOME gets none from the engine.
    const whole = buildTrialEnv({ ...activated, HF_HOME: '/e' }, { ...spec({ env: { A: '1' } }), envIsWhole: true });
    expect(whole).toMatchObject({ A: '1', PATH: '/bin' });
    for (const name of ['HF_HOME', 'HOME', 'VIRTUAL_ENV']) expect(whole).not.toHaveProperty(name);
    expect(buildTrialEnv({}, spec({}))).toMatchObject({ CUDA_VISIBLE_DEVICES: '-1', NVIDIA_VISIBLE_DEVICES: 'void' });
  });
});

describe('exits', () => {
  const seen = { endedAtMs: 1, logPath: path.join(os.tmpdir(), 'log'), rebooted: false, oomSeen: false };
  it('name their signal', () => {
    expect([0, 1, 128, 137, 143, 255].map(signalOfExitCode)).toEqual([null, null, null, 'SIGKILL', 'SIGTERM', null]);
    expect(explainExitCode(127)).toContain('not found');
  });
  it('by a shutdown are lost, by an own error not', async () => {
    expect(await describeExit({ ...seen, exitCode: 143, rebooted: true })).toMatchObject({
      lost: true,
      signal: 'SIGTERM',
    });
    expect(await describeExit({ ...seen, exitCode: 1, rebooted: true })).toMatchObject({ lost: false });
    // A program that crashed before the machine went down crashed by itself.
    expect(await describeExit({ ...seen, exitCode: 139, rebooted: true })).toMatchObject({
      lost: false,
      signal: 'SIGSEGV',
    });
    expect(await describeExit({ ...seen, exitCode: 143 })).toMatchObject({ lost: false });
    expect(await describeExit({ ...seen, exitCode: 137, oomSeen: true })).toMatchObject({ oomKilled: true });
    expect(await describeExit({ ...seen, exitCode: 1, oomSeen: true })).toMatchObject({ oomKilled: false });
  });
});
