/** The decisions of the Docker runtime that need no engine. */
import type Dockerode from 'dockerode';
import { describe, expect, it } from 'vitest';
import type { LaunchSpec } from '../../../../electron/ports/trial-runtime.ts';
import { containerOptions, NO_IMAGE_FACTS, plainUserId } from '../../../../native/docker/container-options.ts';
import { readState } from '../../../../native/docker/container-state.ts';
import { EngineDown } from '../../../../native/docker/engine-error.ts';
import { judgeGpuSupport, readFacts } from '../../../../native/docker/engine-status.ts';
import { parseImageReference } from '../../../../native/docker/image-reference.ts';
import { toLaunchError } from '../../../../native/docker/launch-errors.ts';
import { createPullProgress } from '../../../../native/docker/pull-image.ts';

describe('image references', () => {
  it.each([
    ['python', 'python:latest', 'index.docker.io'],
    ['python:3.13-slim', 'python:3.13-slim', 'index.docker.io'],
    ['nvcr.io/nvidia/pytorch:25.01-py3', 'nvcr.io/nvidia/pytorch:25.01-py3', 'nvcr.io'],
    ['localhost:5000/team/a__b', 'localhost:5000/team/a__b:latest', 'localhost:5000'],
    ['team/image', 'team/image:latest', 'index.docker.io'],
    [`a@sha256:${'0'.repeat(64)}`, `a@sha256:${'0'.repeat(64)}`, 'index.docker.io'],
  ])('%s', (text, name, registry) => {
    expect(parseImageReference(text)).toMatchObject({ name, registry, isId: false });
  });
  it.each([
    '',
    ' ',
    'Python',
    'a b',
    '-a',
    'a:',
    'a:b:c',
    'a@b',
    '../a',
    'a/../b',
    'a;b',
    `${'a/'.repeat(300)}a`,
    '$(id)',
    'http://a/b',
  ])('refuses %j', (text) => {
    expect(parseImageReference(text)).toBeNull();
  });
});

describe('launch errors', () => {
  const refused = (message: string, statusCode = 500): Error =>
    Object.assign(new Error(`(HTTP code ${statusCode}) server error - ${message} `), { statusCode, json: { message } });
  it.each([
    ['could not select device driver "" with capabilities: [[gpu]]', 'no_gpu_runtime', 'nvidia-ctk runtime configure'],
    ['could not select device driver "cdi" with capabilities: []', 'no_gpu_runtime', 'nvidia-ctk cdi generate'],
    [
      'CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=all',
      'no_gpu_runtime',
      'nvidia-ctk cdi generate',
    ],
    [
      'OCI runtime create failed: nvidia-container-cli: initialization error: nvml error: driver/library version mismatch: unknown',
      'no_gpu_runtime',
      'reboot',
    ],
    [
      'OCI runtime create failed: nvidia-container-cli: device error: GPU-1234: unknown device: unknown',
      'gpu_gone',
      'nvidia-smi -L',
    ],
    [
      'failed to create shim task: OCI runtime create failed: bpf_prog_query(BPF_CGROUP_DEVICE) failed: operation not permitted',
      'no_gpu_runtime',
      'no-cgroups',
    ],
    ['write /var/lib/docker/tmp/x: no space left on device', 'disk_full', 'prune'],
    ['invalid mount config for type "bind": bind source path does not exist: /data', 'mount_failed', 'Create'],
    [
      'OCI runtime create failed: runc create failed: unable to start container process: exec: "nope": executable file not found in $PATH: unknown',
      'command_missing',
      'image',
    ],
    ['OCI runtime create failed: exec: "./run.sh": permission denied: unknown', 'command_missing', 'chmod'],
    [
      "pull access denied for nope, repository does not exist or may require 'docker login'",
      'image_missing',
      'docker login',
    ],
    ['manifest for python:nope not found: manifest unknown: manifest unknown', 'image_missing', 'tag'],
    [
      'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host',
      'registry_unreachable',
      'docker pull',
    ],
    ['toomanyrequests: You have reached your pull rate limit.', 'registry_unreachable', 'docker login'],
  ])('%s', (message, code, remedy) => {
    const error = toLaunchError(refused(message), 'python', 'nope');
    expect(error.code).toBe(code);
    expect(error.remedy).toContain(remedy);
  });
  it('puts a trial back when only the daemon is away', () => {
    expect(toLaunchError(new EngineDown('gone', 'start it'), '', '')).toMatchObject({
      code: 'runtime_down',
      remedy: 'start it',
      transient: true,
    });
    expect(toLaunchError(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }), '', '')).toMatchObject({
      code: 'runtime_down',
      transient: true,
    });
  });
  it('keeps an unknown refusal readable', () => {
    expect(toLaunchError(refused('something\nnew'.padEnd(1000, '!')), '', '')).toMatchObject({
      code: 'launch_failed',
      transient: false,
    });
    expect(toLaunchError(refused('x'.repeat(1000)), '', '').message.length).toBeLessThan(400);
  });
});

describe('container options', () => {
  const spec: LaunchSpec = {
    attemptId: 'e-t1-a1',
    engineId: 'e',
    trialId: 1,
    attempt: 1,
    argv: ['python', 'train.py'],
    image: 'python',
    workDir: '/workspace',
    env: {},
    slotUuids: [],
    mounts: [],
    limits: { cpus: null, memoryMiB: null, shmMiB: 8192 },
    logPath: '/l',
    stateDir: '/s',
    user: { uid: 1000, gid: 1000 },
  };
  const PLAIN = { rootless: false, remapsUsers: false };
  const NO_MOUNTS = { mounts: [], covered: [] };
  const envOf = (options: Dockerode.ContainerCreateOptions): Record<string, string> =>
    Object.fromEntries(
      (options.Env ?? []).map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
    );

  it('replaces the entrypoint, asks for no GPU and hides those of the image', () => {
    const options = containerOptions(spec, 'python:latest', PLAIN, NO_MOUNTS, null);
    expect(options).toMatchObject({
      Entrypoint: ['python', 'train.py'],
      Cmd: [],
      User: '1000:1000',
      HostConfig: { CapDrop: ['ALL'], ShmSize: 8192 * 2 ** 20 },
    });
    expect(options.HostConfig).not.toHaveProperty('DeviceRequests');
    expect(options.HostConfig).not.toHaveProperty('Memory');
    expect(envOf(options)).toMatchObject({
      NVIDIA_VISIBLE_DEVICES: 'void',
      CUDA_VISIBLE_DEVICES: '-1',
      HOME: '/tmp',
    });
  });
  it('lets what a trial writes belong to its user, however the engine maps users', () => {
    expect(containerOptions(spec, 'python', { ...PLAIN, rootless: true }, NO_MOUNTS, null)).toMatchObject({
      User: '0:0',
      HostConfig: { CapDrop: expect.not.arrayContaining(['ALL']) as string[] },
    });
    expect(containerOptions(spec, 'python', { ...PLAIN, remapsUsers: true }, NO_MOUNTS, null)).toMatchObject({
      User: '1000:1000',
      HostConfig: { UsernsMode: 'host' },
    });
  });
  it("adds the helper to the image's modules, and takes the user's further groups along", () => {
    const own = { image: { ...NO_IMAGE_FACTS, env: ['PYTHONPATH=/opt/lib'] }, groups: [44, 107] };
    const pathOf = (asked: string): string | undefined =>
      envOf(containerOptions({ ...spec, env: { PYTHONPATH: asked } }, 'a', PLAIN, NO_MOUNTS, null, own))['PYTHONPATH'];
    expect(pathOf('/switchyard/python')).toBe('/switchyard/python:/opt/lib');
    expect(pathOf('/switchyard/python:/mine')).toBe('/switchyard/python:/mine');
    expect(containerOptions(spec, 'a', PLAIN, NO_MOUNTS, null, own).HostConfig?.GroupAdd).toEqual(['44', '107']);
    const rootless = containerOptions(spec, 'a', { ...PLAIN, rootless: true }, NO_MOUNTS, null, own);
    expect(rootless.HostConfig).not.toHaveProperty('GroupAdd');
  });
  it("keeps the image's entrypoint, user and working directory where that is asked for", () => {
    const image = { env: [], entrypoint: ['/nv/entry.sh'], command: ['serve', '--all'], user: 'app' };
    const own = { image, groups: [44] };
    const made = (ofImage: LaunchSpec['ofImage'], argv: string[]): Dockerode.ContainerCreateOptions =>
      containerOptions({ ...spec, ofImage, argv } as LaunchSpec, 'a', PLAIN, NO_MOUNTS, null, own);
    expect(made(['entrypoint'], ['train', '-x'])).toMatchObject({
      Entrypoint: ['/nv/entry.sh', 'train', '-x'],
      Cmd: [],
      User: '1000:1000',
      WorkingDir: '/workspace',
    });
    expect(made(['entrypoint'], []).Entrypoint).toEqual(['/nv/entry.sh', 'serve', '--all']);
    expect(made(['user'], ['x']).Entrypoint).toEqual(['x']);
    const asUser = made(['user', 'workdir'], ['x']);
    expect(asUser).not.toHaveProperty('User');
    expect(asUser).not.toHaveProperty('WorkingDir');
    expect(asUser.HostConfig).toMatchObject({ CapDrop: ['ALL'] });
    expect(asUser.HostConfig).not.toHaveProperty('GroupAdd');
    expect(envOf(asUser)).not.toHaveProperty('HOME');
    const asRoot = containerOptions({ ...spec, ofImage: ['user'] }, 'a', PLAIN, NO_MOUNTS, null);
    expect(asRoot.HostConfig?.CapDrop).not.toContain('ALL');
    const ids = ['', '0', 'root:root', '0:5', 'app', '12', '12:5', '1a'].map((user) => plainUserId(user));
    expect(ids).toEqual([null, null, null, null, null, 12, 12, null]);
  });
  it('gives nobody privileges, root less than Docker would, and no more shared memory than memory', () => {
    const of = (more: Partial<LaunchSpec>): Dockerode.HostConfig | undefined =>
      containerOptions({ ...spec, ...more }, 'a', PLAIN, NO_MOUNTS, null).HostConfig;
    const root = of({ user: { uid: 0, gid: 0 } });
    expect(root?.CapDrop).toEqual(expect.arrayContaining(['MKNOD', 'NET_RAW', 'SETPCAP', 'SYS_CHROOT']) as string[]);
    for (const made of [root, of({})]) {
      expect(made).toMatchObject({ Privileged: false, SecurityOpt: ['no-new-privileges'] });
      expect(made).not.toHaveProperty('CapAdd');
    }
    const limits = { cpus: null, memoryMiB: 100, shmMiB: 8192 };
    expect(of({ limits })).toMatchObject({ Memory: 100 * 2 ** 20, MemorySwap: 100 * 2 ** 20, ShmSize: 100 * 2 ** 20 });
    expect(of({ limits: { ...limits, shmMiB: 64 } })?.ShmSize).toBe(64 * 2 ** 20);
  });
  it('lets no trial take more GPUs than its lease', () => {
    const options = containerOptions(
      {
        ...spec,
        slotUuids: ['GPU-a'],
        env: { NVIDIA_VISIBLE_DEVICES: 'all', HOME: '/home/me', NVIDIA_DRIVER_CAPABILITIES: 'compute,graphics,evil' },
      },
      'python:latest',
      PLAIN,
      NO_MOUNTS,
      null,
    );
    expect(envOf(options)).toMatchObject({ NVIDIA_VISIBLE_DEVICES: 'GPU-a', HOME: '/home/me' });
    expect(options.HostConfig?.DeviceRequests).toEqual([
      { Driver: '', DeviceIDs: ['GPU-a'], Capabilities: [['gpu', 'compute', 'graphics']] },
    ]);
  });
});

describe('container states', () => {
  const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
  const inspect = (state: Partial<Dockerode.ContainerInspectInfo['State']>): Dockerode.ContainerInspectInfo =>
    ({
      State: {
        Status: 'exited',
        Running: false,
        Paused: false,
        Restarting: false,
        OOMKilled: false,
        ExitCode: 0,
        StartedAt: at(10),
        FinishedAt: at(20),
        ...state,
      },
      HostConfig: { Memory: 64 * 2 ** 20 },
    }) as unknown as Dockerode.ContainerInspectInfo;
  const lostOf = (
    state: Parameters<typeof inspect>[0],
    rebooted: boolean,
    outage: Parameters<typeof readState>[2],
  ): boolean | null => {
    const read = readState(inspect(state), rebooted, outage);
    return read.kind === 'exited' ? read.exit.lost : null;
  };

  it('tells running, frozen and never started', () => {
    expect(readState(inspect({ Status: 'running', Running: true }), false, null)).toEqual({
      kind: 'running',
      frozen: false,
    });
    expect(readState(inspect({ Status: 'paused', Running: true, Paused: true }), false, null)).toEqual({
      kind: 'running',
      frozen: true,
    });
    expect(readState(inspect({ Status: 'created', StartedAt: '0001-01-01T00:00:00Z' }), false, null)).toEqual({
      kind: 'created',
    });
  });
  it('calls lost what a shutdown or the daemon ended, and nothing else', () => {
    const outage = { fromMs: Date.parse(at(19)), untilMs: Date.parse(at(40)), containersGoOn: false };
    expect(lostOf({ ExitCode: 143 }, false, null)).toBe(false);
    expect(lostOf({ ExitCode: 143 }, true, null)).toBe(true);
    expect(lostOf({ ExitCode: 255 }, true, null)).toBe(true);
    expect(lostOf({ ExitCode: 1 }, true, null)).toBe(false);
    expect(lostOf({ ExitCode: 0 }, false, outage)).toBe(true);
    expect(lostOf({ ExitCode: 0, FinishedAt: at(12) }, false, outage)).toBe(false);
    expect(lostOf({ ExitCode: 0 }, false, { ...outage, containersGoOn: true })).toBe(false);
    expect(lostOf({ ExitCode: 137, OOMKilled: true }, true, outage)).toBe(false);
  });
  it('names the memory limit of an out-of-memory kill', () => {
    expect(readState(inspect({ ExitCode: 137, OOMKilled: true }), false, null)).toMatchObject({
      exit: { oomKilled: true, signal: 'SIGKILL', message: expect.stringContaining('64 MiB') as string },
    });
  });
});

describe('GPU support', () => {
  const facts = (version: object, info: object): ReturnType<typeof readFacts> =>
    readFacts({ Version: '28.0', ...version }, info);
  it('knows engines that cannot, and those that surely can', () => {
    const podman = facts({ Components: [{ Name: 'Podman Engine' }] }, {});
    expect(judgeGpuSupport(podman, 'linux', true, null)).toMatchObject({
      supported: false,
      problem: expect.stringContaining('Podman') as string,
    });
    const desktop = facts({}, { OperatingSystem: 'Docker Desktop' });
    expect(judgeGpuSupport(desktop, 'linux', true, null)).toMatchObject({
      supported: false,
      remedy: expect.stringContaining('docker context use default') as string,
    });
    expect(judgeGpuSupport(facts({}, { Runtimes: { nvidia: {} } }), 'linux', false, null).supported).toBe(true);
    expect(
      judgeGpuSupport(facts({}, { DiscoveredDevices: [{ ID: 'nvidia.com/gpu=0' }] }), 'linux', false, null).supported,
    ).toBe(true);
    expect(judgeGpuSupport(facts({}, {}), 'linux', false, null)).toEqual({
      supported: null,
      problem: null,
      remedy: null,
    });
    expect(judgeGpuSupport(facts({}, {}), 'linux', true, false)).toMatchObject({
      supported: false,
      remedy: expect.stringContaining('nvidia-ctk') as string,
    });
  });
});

describe('pull progress', () => {
  it("sums the layers and passes the engine's error on", () => {
    const progress = createPullProgress('python:3.13');
    expect(progress.text()).toBe('pulling its image python:3.13');
    const tell = (id: string, status: string, current?: number, total?: number): void => {
      progress.read(JSON.stringify({ id, status, progressDetail: current === undefined ? {} : { current, total } }));
    };
    tell('a', 'Downloading', 25 * 2 ** 20, 100 * 2 ** 20);
    tell('b', 'Downloading', 0, 100 * 2 ** 20);
    progress.read('not json');
    expect(progress.text()).toBe('pulling its image python:3.13 (12 % of 200 MiB)');
    tell('a', 'Download complete');
    tell('b', 'Pull complete');
    tell('b', 'Extracting', 1, 2);
    expect(progress.text()).toBe('unpacking its image python:3.13');
    expect(() => {
      progress.read('{"error":"no space left on device"}');
    }).toThrow('no space left');
  });
});
