/** What only the Docker runtime can show: images, mounts, limits, GPU requests, ownership, and daemons that come and go. */
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LaunchError, LaunchSpec, TrialRuntime } from '../../electron/ports/trial-runtime.ts';
import { showLinks } from '../../electron/trials/attempts/show-links.ts';
import { createDockerRuntime } from '../../native/docker/docker-runtime.ts';
import { dockerdObstacle, startDockerd } from '../support/dockerd.ts';
import type { TestDockerd } from '../support/dockerd.ts';
import { busyboxTar } from '../support/image-tars.ts';
import { waitUntil } from '../support/processes.ts';
import { openRegistry } from '../support/registry.ts';
import { createLab, ENTRY_DIR, systemClock } from '../support/runtime-lab.ts';
import type { Lab, TrialPlan } from '../support/runtime-lab.ts';

const obstacle = dockerdObstacle();
const NOBODY = { uid: 4321, gid: 4322 };

async function refusalOf(work: Promise<unknown>): Promise<LaunchError> {
  return work.then(
    () => {
      throw new Error('it was not refused');
    },
    (error: unknown) => error as LaunchError,
  );
}

describe.skipIf(obstacle !== null)(`docker runtime alone${obstacle === null ? '' : ` (${obstacle})`}`, () => {
  let dockerd: TestDockerd;
  let image: string;
  let lab: Lab;
  let runtime: TrialRuntime;
  const opened: TrialRuntime[] = [];
  beforeAll(async () => {
    dockerd = await startDockerd({ gpuHook: true });
    image = await dockerd.busyboxImage();
  });
  afterAll(async () => {
    await dockerd.stop();
  });
  beforeEach(() => {
    lab = createLab(image);
    runtime = engine();
  });
  afterEach(async () => {
    await runtime.sweep(lab.engineId, new Set());
    for (const one of opened.splice(0)) await one.close();
    lab.close();
  });
  /** @param entryDir null = the output comes from Docker's log, as on machines without an entry */
  function engine(entryDir: string | null = ENTRY_DIR): TrialRuntime {
    const made = createDockerRuntime({
      clock: systemClock,
      engineId: lab.engineId,
      dockerHost: dockerd.dockerHost,
      entryDir,
    });
    opened.push(made);
    return made;
  }
  const shell = (script: string, plan: Partial<TrialPlan> = {}): LaunchSpec =>
    lab.plan({ argv: ['sh', '-c', script], ...plan });
  const fetchImage = async (
    name: string,
    onActivity: (text: string) => void = () => undefined,
    by = runtime,
    signal = new AbortController().signal,
  ): Promise<void> => by.images?.fetch(name, onActivity, signal);
  const inspect = async (spec: LaunchSpec) => dockerd.api.getContainer(spec.attemptId).inspect();

  it('says which image is missing, which is malformed, and when a registry is out of reach', async () => {
    const registry = http.createServer((request, response) => {
      const isCheck = request.url === '/v2/';
      response.writeHead(isCheck ? 200 : 404, {
        'content-type': 'application/json',
        'docker-distribution-api-version': 'registry/2.0',
      });
      response.end(isCheck ? '{}' : '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
    });
    await new Promise<void>((resolve) => {
      registry.listen(0, '127.0.0.1', resolve);
    });
    const { port } = registry.address() as AddressInfo;
    try {
      const said: string[] = [];
      const missing = await refusalOf(fetchImage(`127.0.0.1:${port}/team/nothing:1`, (text) => said.push(text)));
      expect(missing).toMatchObject({ code: 'image_missing', transient: false });
      expect(missing.message).toContain('team/nothing:1');
      expect(said[0]).toContain('pulling');
    } finally {
      registry.close();
    }
    expect(await refusalOf(lab.launch(runtime, lab.plan({ argv: ['true'], image: 'Not An Image' })))).toMatchObject({
      code: 'image_invalid',
    });
    expect(await refusalOf(fetchImage('Not An Image'))).toMatchObject({ code: 'image_invalid' });
    expect(await refusalOf(fetchImage(`sha256:${'0'.repeat(64)}`))).toMatchObject({ code: 'image_missing' });
    const unreachable = await refusalOf(fetchImage(`127.0.0.1:${port}/team/nothing:1`));
    expect(unreachable).toMatchObject({ code: 'registry_unreachable', holds: 'image' });
    expect(unreachable.remedy).toContain('docker pull');
  });

  it('fetches an image although its registry breaks off, and a launch fetches none', async () => {
    const registry = await openRegistry(await busyboxTar());
    try {
      expect(await runtime.images?.has(registry.image)).toBe(false);
      expect(await refusalOf(lab.launch(runtime, lab.plan({ argv: ['true'], image: registry.image })))).toMatchObject({
        code: 'image_gone',
        transient: true,
      });
      expect(registry.requests).toEqual([]);
      registry.breakLayers(1);
      await fetchImage(registry.image);
      expect(await runtime.images?.has(registry.image)).toBe(true);
      expect(await lab.run(runtime, lab.plan({ argv: ['true'], image: registry.image }))).toMatchObject({
        exitCode: 0,
      });
      const asked = registry.requests.length;
      await fetchImage(registry.image);
      expect(registry.requests.length).toBe(asked);
    } finally {
      await registry.close();
    }
  });

  it('pulls with the stored login, says when it is wrong, and knows images by a short id', async () => {
    const registry = await openRegistry(await busyboxTar(), { login: { username: 'me', password: 'right' } });
    const home = lab.workOf(lab.plan({ argv: ['true'] }));
    mkdirSync(path.join(home, '.docker'));
    const launchAs = async (entry: object | null): Promise<LaunchSpec> => {
      const auths = entry === null ? {} : { [`http://127.0.0.1:${registry.port}/v2/`]: entry };
      writeFileSync(path.join(home, '.docker', 'config.json'), JSON.stringify({ auths }));
      const made = createDockerRuntime({
        clock: systemClock,
        engineId: lab.engineId,
        dockerHost: dockerd.dockerHost,
        env: { ...process.env, HOME: home },
      });
      opened.push(made);
      await fetchImage(registry.image, () => undefined, made);
      const spec = lab.plan({ argv: ['true'], image: registry.image });
      await lab.launch(made, spec);
      return spec;
    };
    try {
      expect(await refusalOf(launchAs(null))).toMatchObject({
        code: 'image_missing',
        remedy: expect.stringContaining(`docker login 127.0.0.1:${registry.port}`) as string,
      });
      expect(await refusalOf(launchAs({ username: 'me', password: 'wrong' }))).toMatchObject({
        message: expect.stringContaining('refuses the stored login of me') as string,
      });
      const spec = await launchAs({ username: 'me', password: 'right' });
      const { Image: id } = await inspect(spec);
      expect(await lab.run(runtime, lab.plan({ argv: ['true'], image: id.slice(7, 19) }))).toMatchObject({
        exitCode: 0,
      });
    } finally {
      await registry.close();
    }
  });

  it('gives up a pull that is cancelled', async () => {
    const asked = Promise.withResolvers<void>();
    const silent = http.createServer(() => {
      asked.resolve();
    });
    await new Promise<void>((resolve) => {
      silent.listen(0, '127.0.0.1', resolve);
    });
    try {
      const cancel = new AbortController();
      const image = `127.0.0.1:${(silent.address() as AddressInfo).port}/a/b:1`;
      const fetching = fetchImage(image, () => undefined, runtime, cancel.signal);
      await asked.promise;
      cancel.abort();
      expect(await refusalOf(fetching)).toMatchObject({ code: 'launch_failed', transient: true });
    } finally {
      silent.closeAllConnections();
      silent.close();
    }
  });

  it('names a missing command in the exit', async () => {
    expect(await lab.run(runtime, lab.plan({ argv: ['no-such-program'] }))).toMatchObject({
      exitCode: 127,
      message: expect.stringContaining('not found') as string,
    });
  });

  it('refuses mounts that do not exist or hand out the engine', async () => {
    const mountOf = (hostPath: string): LaunchSpec =>
      shell('true', { mounts: [{ hostPath, containerPath: '/data', readOnly: true }] });
    const missing = await refusalOf(lab.launch(runtime, mountOf('/no/such/directory')));
    expect(missing).toMatchObject({ code: 'mount_failed' });
    expect(missing.message).toContain('/no/such/directory');
    const alias = path.join(lab.workOf(shell('true')), 'alias');
    symlinkSync(path.dirname(dockerd.socketPath), alias);
    for (const hostPath of [dockerd.socketPath, path.dirname(dockerd.socketPath), alias, '/']) {
      expect(await refusalOf(lab.launch(runtime, mountOf(hostPath)))).toMatchObject({ code: 'mount_failed' });
    }
  });

  it('shows what of the original is linked, at its place in the working copy and no more open than asked', async () => {
    const original = mkdtempSync(path.join(os.tmpdir(), 'switchyard-original-'));
    try {
      writeFileSync(path.join(original, 'x'), 'precious');
      const links = ['deep/data', 'open'].map((at) => ({ hostPath: original, at, readOnly: at !== 'open' }));
      const spec = shell('cat deep/data/x; touch deep/data/y || echo kept; touch open/z', {
        mounts: links.map(({ hostPath, at, readOnly }) => ({
          hostPath,
          containerPath: `/workspace/${at}`,
          readOnly,
          role: 'link' as const,
        })),
      });
      await showLinks(lab.workOf(spec), links, 'docker', true);
      expect(await lab.run(runtime, spec)).toMatchObject({ exitCode: 0 });
      expect(lab.log(spec)).toMatch(/^precious.*kept\n$/s);
      expect(readdirSync(original).toSorted()).toEqual(['x', 'z']);
      // The copy holds empty places of its user, nothing of the original.
      expect(readdirSync(lab.workOf(spec), { recursive: true }).toSorted()).toEqual(['deep', 'deep/data', 'open']);
    } finally {
      rmSync(original, { recursive: true, force: true });
    }
  });

  it('tells an out-of-memory kill from others', async () => {
    const spec = shell('x=0123456789abcdef; while :; do x=$x$x; done', {
      limits: { cpus: null, memoryMiB: 24, shmMiB: 64 },
    });
    const exit = await lab.run(runtime, spec);
    expect(exit).toMatchObject({ exitCode: 137, oomKilled: true, lost: false });
    expect(exit.message).toContain('24 MiB');
  });

  it("runs as the submitting user, without privileges, and its files are that user's", async () => {
    const spec = shell(
      'id -u; id -g; echo $HOME; grep -E "CapEff|NoNewPrivs" /proc/self/status; touch /workspace/mine; touch /nope',
      { user: NOBODY },
    );
    chownSync(lab.workOf(spec), NOBODY.uid, NOBODY.gid);
    await lab.run(runtime, spec);
    const lines = lab
      .log(spec)
      .split('\n')
      .map((line) => line.replace(/\s+/g, ' '));
    expect(lines).toEqual(
      expect.arrayContaining([
        String(NOBODY.uid),
        String(NOBODY.gid),
        '/tmp',
        'CapEff: 0000000000000000',
        'NoNewPrivs: 1',
      ]),
    );
    const mine = statSync(path.join(lab.workOf(spec), 'mine'));
    expect([mine.uid, mine.gid]).toEqual([NOBODY.uid, NOBODY.gid]);
  });

  it("keeps the image's entrypoint, command, user and directory where that is asked for", async () => {
    const container = await dockerd.api.createContainer({ Image: image, Cmd: ['true'] });
    const changes = ['ENTRYPOINT ["echo","by","entry"]', 'CMD ["own"]', 'WORKDIR /var', 'USER 4321'].join('\n');
    await container.commit({ repo: 'switchyard-parts', tag: 'test', changes });
    await container.remove();
    const of = (argv: string[], ofImage: LaunchSpec['ofImage'] = [], plan: Partial<TrialPlan> = {}): LaunchSpec =>
      lab.plan({ argv, image: 'switchyard-parts:test', ofImage, ...plan });
    const said = async (spec: LaunchSpec): Promise<string> => {
      chownSync(lab.workOf(spec), spec.user.uid, spec.user.gid);
      expect(await lab.run(runtime, spec)).toMatchObject({ exitCode: 0 });
      return lab.log(spec);
    };
    expect(await said(of(['sh', '-c', 'id -u; pwd']))).toBe('0\n/workspace\n');
    expect(await said(of(['a', 'b'], ['entrypoint']))).toBe('by entry a b\n');
    expect(await said(of([], ['entrypoint']))).toBe('by entry own\n');
    const asNobody = of(['sh', '-c', 'id -u; pwd'], ['user', 'workdir'], { user: NOBODY });
    expect(await said(asNobody)).toBe(`${NOBODY.uid}\n/var\n`);
    expect(await refusalOf(lab.launch(runtime, of(['true'], ['user'])))).toMatchObject({
      code: 'launch_failed',
      message: expect.stringContaining('user 4321') as string,
    });
    expect(await refusalOf(lab.launch(runtime, lab.plan({ argv: [], ofImage: ['entrypoint'] })))).toMatchObject({
      code: 'command_missing',
    });
  });

  it('asks the engine for exactly what was leased and allowed', async () => {
    const spec = shell('sleep 600', {
      slotUuids: ['GPU-a', 'MIG-b'],
      limits: { cpus: 1.5, memoryMiB: 64, shmMiB: 8192 },
    });
    await lab.launch(runtime, spec);
    const { HostConfig: host, Config: config } = await inspect(spec);
    expect(host.DeviceRequests).toEqual([
      expect.objectContaining({ DeviceIDs: ['GPU-a', 'MIG-b'], Capabilities: [['gpu', 'compute', 'utility']] }),
    ]);
    expect(host).toMatchObject({
      Init: false,
      Privileged: false,
      AutoRemove: false,
      Memory: 64 * 2 ** 20,
      MemorySwap: 64 * 2 ** 20,
      NanoCpus: 1.5e9,
      ShmSize: 64 * 2 ** 20,
      SecurityOpt: ['no-new-privileges'],
      RestartPolicy: { Name: 'no' },
    });
    expect(host.LogConfig).toMatchObject({
      Type: 'json-file',
      Config: { 'max-size': expect.any(String) as string, 'max-file': expect.any(String) as string },
    });
    expect(config.Labels).toMatchObject({
      'switchyard.engine': lab.engineId,
      'switchyard.trial': String(spec.trialId),
      'switchyard.attempt': spec.attemptId,
    });
    await runtime.kill(lab.handleOf(spec));
  });

  it('touches no container that only has the right name', async () => {
    const spec = shell('true');
    const foreign = await dockerd.api.createContainer({ name: spec.attemptId, Image: image, Cmd: ['sleep', '600'] });
    await foreign.start();
    try {
      expect(await refusalOf(lab.launch(runtime, spec))).toMatchObject({ code: 'launch_failed' });
      await runtime.kill(lab.handleOf(spec));
      await runtime.remove(lab.handleOf(spec));
      expect((await foreign.inspect()).State.Running).toBe(true);
    } finally {
      await foreign.remove({ force: true });
    }
  });

  it('clears a container that was created but never started', async () => {
    const spec = shell('touch /workspace/ran');
    const labels = { 'switchyard.engine': lab.engineId, 'switchyard.trial': '1', 'switchyard.attempt': spec.attemptId };
    const leftover = await dockerd.api.createContainer({
      name: spec.attemptId,
      Image: image,
      Cmd: ['true'],
      Labels: labels,
    });
    expect(await runtime.recover(lab.handleOf(spec))).toEqual({ kind: 'absent' });
    await expect(leftover.inspect()).rejects.toMatchObject({ statusCode: 404 });
    await dockerd.api.createContainer({ name: spec.attemptId, Image: image, Cmd: ['true'], Labels: labels });
    expect(await runtime.sweep(lab.engineId, new Set())).toEqual([spec.attemptId]);
  });

  it('without an entry: goes on with the log exactly where a killed engine was, whatever it left in the file', async () => {
    const spec = shell(
      'i=0; while [ $i -lt 3000 ]; do echo "out $i"; echo "err $i" >&2; i=$((i+1)); [ $((i % 1000)) -ne 0 ] || while [ ! -e go$i ]; do sleep 0.02; done; done',
    );
    runtime = engine(null);
    const handle = await lab.launch(runtime, spec);
    for (const stop of [1000, 2000, 3000]) {
      const next = engine(null);
      const attachment = next.attach(handle);
      await lab.logged(spec, `out ${stop - 1}\n`);
      await attachment.detach();
      // An engine that is killed between writing the log and its position leaves the file ahead of the position.
      appendFileSync(spec.logPath, `err ${stop}\nout`);
      writeFileSync(path.join(lab.workOf(spec), `go${stop}`), '');
    }
    expect(await engine(null).attach(handle).exit).toMatchObject({ exitCode: 0 });
    const lines = lab.log(spec).split('\n').slice(0, -1);
    const numbers = Array.from({ length: 3000 }, (_, i) => i);
    expect(lines.filter((line) => line.startsWith('out '))).toEqual(numbers.map((i) => `out ${i}`));
    expect(lines.filter((line) => line.startsWith('err '))).toEqual(numbers.map((i) => `err ${i}`));
    expect(lines).toHaveLength(6000);
  });

  it('without an entry: follows 50,000 lines a second', async () => {
    const spec = shell(
      'yes "a line of output of about eighty characters, as a training script would print it" | head -n 250000; echo end; sleep 600',
    );
    runtime = engine(null);
    const handle = await lab.launch(runtime, spec);
    const attachment = runtime.attach(handle);
    const cpu = process.cpuUsage();
    await lab.logged(spec, '\nend\n');
    const { user, system } = process.cpuUsage(cpu);
    await runtime.kill(handle);
    await attachment.exit;
    // Elapsed time is the daemon's and the machine's; what we need of a core for five seconds' worth of lines is ours: about two
    // seconds, and more where programs share the core.
    expect((user + system) / 1e6).toBeLessThan(10);
  });

  it.each([
    ['with', ENTRY_DIR],
    ['without', null],
  ])('%s an entry: goes on when the disk of the log is full, and says so', async (_, entryDir) => {
    runtime = engine(entryDir);
    const spec = shell('yes 0123456789 | head -n 300000; exit 3');
    const disk = path.dirname(spec.logPath) + '/disk';
    mkdirSync(disk);
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
    try {
      const full = { ...spec, logPath: path.join(disk, 'log') };
      const exit = await lab.run(runtime, full);
      expect(exit).toMatchObject({
        exitCode: 3,
        lost: false,
        message: expect.stringContaining('no space left') as string,
      });
      expect(lab.log(full).startsWith('0123456789\n')).toBe(true);
    } finally {
      await execa('umount', [disk]);
    }
  });

  it.each([
    ['with', ENTRY_DIR],
    ['without', null],
  ])(
    '%s an entry: survives a restart of the daemon: what it stopped is lost, what ended before is not, and the log is whole',
    async (_, entryDir) => {
      runtime = engine(entryDir);
      const changes: boolean[] = [];
      runtime.onStatusChange(() => void runtime.status().then((status) => changes.push(status.available)));
      const finished = shell('echo done; exit 7');
      expect(await lab.run(runtime, finished)).toMatchObject({ exitCode: 7 });
      // Saves its work and ends with 0 on SIGTERM: without the daemon's stop it would have gone on.
      const stopped = shell(
        'exec 2>/dev/null; trap "echo saved; exit 0" TERM; echo ready; while :; do sleep 0.05; done',
      );
      const handle = await lab.launch(runtime, stopped);
      const { exit } = runtime.attach(handle);
      await lab.logged(stopped, 'ready');
      await dockerd.end('SIGTERM');
      expect(await refusalOf(lab.launch(runtime, shell('true')))).toMatchObject({
        code: 'runtime_down',
        transient: true,
      });
      if (entryDir === null) await expect(engine().recover(handle)).rejects.toMatchObject({ code: 'runtime_down' });
      else expect(await engine().recover(handle)).toMatchObject({ kind: 'exited', exit: { exitCode: 0, lost: true } });
      expect(await runtime.status()).toMatchObject({
        available: false,
        problem: expect.stringMatching(/socket|not running/) as string,
      });
      await dockerd.start();
      expect(await exit).toMatchObject({ lost: true });
      expect(lab.log(stopped)).toBe('ready\nsaved\n');
      expect(await engine().recover(lab.handleOf(finished))).toMatchObject({
        kind: 'exited',
        exit: { exitCode: 7, lost: false },
      });
      expect(await lab.run(runtime, shell('exit 8'))).toMatchObject({ exitCode: 8, lost: false });
      await waitUntil('the return was told', () => changes.includes(true));
    },
  );

  it('survives a crash of the daemon', async () => {
    const spec = shell('exec 2>/dev/null; echo ready; while :; do sleep 0.05; done');
    const handle = await lab.launch(runtime, spec);
    const { exit } = runtime.attach(handle);
    await lab.logged(spec, 'ready');
    await dockerd.end('SIGKILL');
    await dockerd.start();
    expect(await exit).toMatchObject({ lost: true });
    expect(lab.log(spec)).toBe('ready\n');
  });

  it('reads an exit that nobody but the entry has seen', async () => {
    const spec = shell('echo ready; while [ ! -e go ]; do sleep 0.02; done; exit 9');
    const handle = await lab.launch(runtime, spec);
    const { exit } = runtime.attach(handle);
    await lab.logged(spec, 'ready');
    await dockerd.end('SIGKILL');
    writeFileSync(path.join(lab.workOf(spec), 'go'), '');
    expect(await exit).toMatchObject({ exitCode: 9, lost: false });
    await dockerd.start();
    expect(await engine().recover(handle)).toMatchObject({ kind: 'exited', exit: { exitCode: 9, lost: false } });
  });

  it.each(['stop', 'restart', 'kill'] as const)(
    'a docker %s by somebody else: lost, not completed, and the program does not run twice',
    async (verb) => {
      const spec = shell('exec 2>/dev/null; trap "echo saved; exit 0" TERM; echo ready; while :; do sleep 0.02; done');
      const handle = await lab.launch(runtime, spec);
      const { exit } = runtime.attach(handle);
      await lab.logged(spec, 'ready');
      await dockerd.api.getContainer(spec.attemptId)[verb]();
      expect(await exit).toMatchObject({ lost: true, message: expect.stringContaining('from outside') as string });
      await dockerd.api
        .getContainer(spec.attemptId)
        .start()
        .catch(() => undefined);
      await dockerd.api.getContainer(spec.attemptId).wait();
      expect(lab.log(spec)).toBe(verb === 'kill' ? 'ready\n' : 'ready\nsaved\n');
      expect(await engine().recover(handle)).toMatchObject({ kind: 'exited', exit: { lost: true } });
    },
  );

  it('a renamed container is ours: it is stopped, its end is told, it is removed', async () => {
    const spec = shell('trap "exit 5" TERM; echo ready; while :; do sleep 0.02; done');
    const handle = { ...(await lab.launch(runtime, spec)), ref: null };
    const container = dockerd.api.getContainer(spec.attemptId);
    await lab.logged(spec, 'ready');
    await container.rename({ name: `renamed-${spec.attemptId}` });
    const foreign = await dockerd.api.createContainer({ name: spec.attemptId, Image: image, Cmd: ['sleep', '600'] });
    await foreign.start();
    try {
      const { exit } = runtime.attach(handle);
      await runtime.terminate(handle);
      expect(await exit).toMatchObject({ exitCode: 5, lost: false });
      await runtime.remove(handle);
      await expect(dockerd.api.getContainer(`renamed-${spec.attemptId}`).inspect()).rejects.toThrow();
      expect((await foreign.inspect()).State.Running).toBe(true);
    } finally {
      await foreign.remove({ force: true });
    }
  });

  it('asks the program to stop and not its workers, also behind shells', async () => {
    const program = [
      'import multiprocessing, signal, sys, time',
      'def work(pipe):',
      '    while True:',
      '        time.sleep(0.02)',
      '        pipe.send(1)',
      'if __name__ == "__main__":',
      '    mine, theirs = multiprocessing.Pipe()',
      '    worker = multiprocessing.get_context("fork").Process(target=work, args=(theirs,))',
      '    worker.start()',
      '    asked = []',
      '    signal.signal(signal.SIGTERM, lambda *_: asked.append(1))',
      '    print("ready", flush=True)',
      '    while not asked: time.sleep(0.02)',
      '    for _ in range(20): mine.recv()',
      '    assert worker.is_alive()',
      '    print("saved", flush=True)',
      '    worker.kill()',
    ].join('\n');
    const python = await dockerd.pythonImage();
    for (const argv of [
      ['python3', 'train.py'],
      ['sh', '-c', "trap 'exit 143' TERM\npython3 train.py"],
      ['sh', '-c', 'sh -c "python3 train.py; echo next" ; echo next'],
    ]) {
      const spec = lab.plan({ argv, image: python });
      writeFileSync(path.join(lab.workOf(spec), 'train.py'), program);
      const handle = await lab.launch(runtime, spec);
      const { exit } = runtime.attach(handle);
      await lab.logged(spec, 'ready');
      await runtime.terminate(handle);
      await exit;
      expect(lab.log(spec), argv.join(' ')).toMatch(/^ready\nsaved\n/);
    }
  });

  it('keeps every byte, whatever it is, and says how much found no space where', async () => {
    const odd = shell("printf '\\377\\376\\000\\r\\n'; echo err >/dev/stderr; echo out >/dev/stdout");
    await lab.run(runtime, odd);
    expect(readFileSync(odd.logPath)).toEqual(Buffer.from('fffe000d0a6572720a6f75740a', 'hex'));
    const spec = shell('head -c 3000000 /dev/zero; touch written; while [ ! -e go ]; do sleep 0.02; done; echo after');
    const disk = `${path.dirname(spec.logPath)}/disk`;
    mkdirSync(disk);
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
    try {
      const full = { ...spec, logPath: path.join(disk, 'log') };
      writeFileSync(path.join(disk, 'other'), Buffer.alloc(64 * 1024));
      const handle = await lab.launch(runtime, full);
      const { exit } = runtime.attach(handle);
      await waitUntil('the program has written', () => existsSync(path.join(lab.workOf(spec), 'written')));
      rmSync(path.join(disk, 'other'));
      writeFileSync(path.join(lab.workOf(spec), 'go'), '');
      expect(await exit).toMatchObject({ exitCode: 0, message: expect.stringContaining('no space left') as string });
      const log = lab.log(full);
      const gaps = [...log.matchAll(/\n\[switchyard\] (\d+) bytes of output are missing here[^\n]*\n/g)];
      const missing = gaps.reduce((sum, gap) => sum + Number(gap[1]), 0);
      const told = gaps.reduce((sum, gap) => sum + gap[0].length, 0);
      expect(log.length - told - 'after\n'.length + missing).toBe(3_000_000);
      expect(log.endsWith('\nafter\n')).toBe(true);
    } finally {
      await execa('umount', [disk]);
    }
  });

  it('notices a container that somebody removed', async () => {
    const spec = shell('echo ready; sleep 600');
    const handle = await lab.launch(runtime, spec);
    const { exit } = runtime.attach(handle);
    await lab.logged(spec, 'ready');
    await dockerd.api.getContainer(spec.attemptId).remove({ force: true });
    expect(await exit).toMatchObject({ lost: true });
    expect(await runtime.recover(handle)).toEqual({ kind: 'absent' });
  });

  it("finds host pids of the container's processes", async () => {
    const spec = shell('sleep 601 & sleep 601 & echo ready; wait');
    const handle = await lab.launch(runtime, spec);
    await waitUntil('three processes', async () => (await runtime.pids(handle)).length >= 3);
    const commands = (await runtime.pids(handle)).map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    expect(commands.filter((command) => command.includes('601'))).not.toHaveLength(0);
  });
});

describe.skipIf(process.platform !== 'linux')('an engine that cannot be used', () => {
  let lab: Lab;
  beforeEach(() => {
    lab = createLab(null);
  });
  afterEach(() => {
    lab.close();
  });
  const at = (dockerHost: string): TrialRuntime =>
    createDockerRuntime({ clock: systemClock, engineId: 'x', dockerHost });

  it('explains a socket that is missing, dead, or an engine elsewhere', async () => {
    const dir = lab.workOf(lab.plan({ argv: ['true'] }));
    expect(await at(`unix://${dir}/none.sock`).status()).toMatchObject({
      available: false,
      problem: expect.stringContaining('no Docker socket') as string,
      remedy: expect.stringContaining('systemctl start docker') as string,
    });
    const server = http.createServer().listen(path.join(dir, 'dead.sock'));
    await new Promise((resolve) => {
      server.once('listening', resolve);
    });
    // Renamed away, so that closing the server does not remove it.
    const { renameSync } = await import('node:fs');
    renameSync(path.join(dir, 'dead.sock'), path.join(dir, 'kept.sock'));
    await new Promise((resolve) => {
      server.close(resolve);
    });
    expect(existsSync(path.join(dir, 'kept.sock'))).toBe(true);
    expect(await at(`unix://${dir}/kept.sock`).status()).toMatchObject({
      available: false,
      problem: expect.stringContaining('not running') as string,
    });
    expect(await at('ssh://me@gpu.example.org').status()).toMatchObject({
      available: false,
      problem: expect.stringContaining('another machine') as string,
    });
    const [check] = await at(`unix://${dir}/none.sock`).diagnose();
    expect(check).toMatchObject({ id: 'docker', status: 'warning', remedy: expect.any(String) as string });
  });

  it('searches contexts and the usual sockets', async () => {
    const dir = lab.workOf(lab.plan({ argv: ['true'] }));
    const run = path.join(dir, 'run');
    mkdirSync(run);
    const daemon = http.createServer((request, response) => {
      response.setHeader('content-type', 'application/json');
      const body =
        request.url?.endsWith('/version') === true
          ? { Version: '5.4', Components: [{ Name: 'Podman Engine' }] }
          : request.url?.endsWith('/info') === true
            ? {}
            : 'OK';
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
    await new Promise<void>((resolve) => {
      daemon.listen(path.join(run, 'docker.sock'), resolve);
    });
    chmodSync(path.join(run, 'docker.sock'), 0o666);
    try {
      const env = { HOME: dir, XDG_RUNTIME_DIR: run, DOCKER_HOST: `unix://${run}/docker.sock` };
      const status = await createDockerRuntime({ clock: systemClock, engineId: 'x', env }).status();
      expect(status).toMatchObject({
        available: true,
        version: '5.4',
        gpuSupport: false,
        problem: expect.stringContaining('Podman') as string,
      });
      const refusal = await refusalOf(
        createDockerRuntime({ clock: systemClock, engineId: 'x', env }).launch(
          { ...lab.plan({ argv: ['true'] }), image: 'a', slotUuids: ['GPU-1'] },
          () => undefined,
          new AbortController().signal,
        ),
      );
      expect(refusal).toMatchObject({ code: 'no_gpu_runtime' });
      mkdirSync(path.join(dir, '.docker'));
      writeFileSync(path.join(dir, '.docker', 'config.json'), JSON.stringify({ currentContext: 'elsewhere' }));
      const lost = await createDockerRuntime({ clock: systemClock, engineId: 'x', env: { HOME: dir } }).status();
      expect(lost).toMatchObject({
        available: false,
        remedy: expect.stringContaining('docker context use default') as string,
      });
    } finally {
      daemon.closeAllConnections();
      daemon.close();
    }
  });
});
